"""Asking a snapshot for values: what it holds is read, everything else is computed, and both say the same."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from kpi_pipeline.catalogue.metrics.definition import definition_hash
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.query import query_metrics
from kpi_pipeline.catalogue.metrics.values import GRAINS, refresh_values
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, metric, week

METRICS = {
    "ctr": metric("ad_clicks / ad_impressions", unit="percent"),
    "cost": metric("ad_cost", unit="currency", grains=("week", "month")),
    "spend_of_two_weeks": metric("ad_cost / ad_clicks", unit="currency", trailing_weeks=2),
    "roas": metric("ad_cost / ad_clicks", has_total=False, dimensions=("platform",)),
}
CONFIG = configuration(METRICS)
LAST_DAY = week(6) + timedelta(days=2)


def ad(day: date, number: int, platform: str) -> dict[str, Any]:
    members = {"platform": platform, "campaign": "brand", "device": "mobile" if number % 2 else "desktop"}
    figures = {"ad_clicks": 3 + number % 5, "ad_impressions": 100 + number, "ad_cost": Decimal(10 + number % 7)}
    return {"day": day, "country": "DE", **members, **figures}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory, project: SqlProject) -> Iterator[duckdb.DuckDBPyConnection]:
    """What a published internal file holds of these metrics: measures, values, definitions."""
    engine = DuckDbEngine(tmp_path_factory.mktemp("query") / "warehouse.duckdb", threads=1)
    prepare_meta(engine)
    warehouse = Warehouse(engine)
    warehouse.calendar()
    warehouse.as_of(LAST_DAY)
    days = [week(0) + timedelta(days=number) for number in range((LAST_DAY - week(0)).days)]
    platforms = ("google_ads", "meta_ads")
    warehouse.measures("ads", [ad(day, at, platforms[at % 2]) for at, day in enumerate(days)])
    warehouse.cover({"ad_performance": (days[0], days[-1])})
    with engine.transaction():
        refresh_values(engine, CONFIG, project, LAST_DAY)
    engine.run("create table kpi.snapshot as select 'internal' as audience")
    engine.run("create table kpi.catalogue (metric_id varchar, definition_hash varchar)")
    for name in METRICS:
        known = {"name": name, "hash": definition_hash(plan_metric(name, CONFIG, project), project)}
        engine.run("insert into kpi.catalogue values ($name, $hash)", known)
    yield engine.connection
    engine.close()


@pytest.fixture
def untold(snapshot: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same snapshot, of which nothing says by which definition its values were made."""
    snapshot.execute("alter table kpi.catalogue rename to hidden").fetchall()
    snapshot.execute("create table kpi.catalogue as select * from kpi.hidden where false").fetchall()
    yield snapshot
    snapshot.execute("drop table kpi.catalogue").fetchall()
    snapshot.execute("alter table kpi.hidden rename to catalogue").fetchall()


ASKED: list[dict[str, Any]] = [
    *({"metric": name, "grain": grain} for name in ("ctr", "spend_of_two_weeks") for grain in GRAINS),
    *({"metric": "ctr", "grain": "week", "dimension": name} for name in ("platform", "device", "country")),
    {"metric": "roas", "grain": "month", "dimension": "platform"},
    {"metric": "cost", "grain": "week", "since": week(2) + timedelta(days=3), "until": week(4) + timedelta(days=1)},
    {"metric": "cost", "grain": "month", "since": date(2026, 2, 1)},
]


def ask(connection: duckdb.DuckDBPyConnection, project: SqlProject, asked: dict[str, Any]) -> pa.Table:
    options = {name: value for name, value in asked.items() if name != "metric"}
    return query_metrics(connection, CONFIG, project, [asked["metric"]], **options)


@pytest.fixture(scope="module")
def kept(snapshot: duckdb.DuckDBPyConnection, project: SqlProject) -> list[pa.Table]:
    return [ask(snapshot, project, asked) for asked in ASKED]


@pytest.mark.parametrize("number", range(len(ASKED)), ids=[str(sorted(asked.values(), key=str)) for asked in ASKED])
def test_kept_values_are_those_that_would_be_computed(
    kept: list[pa.Table], untold: duckdb.DuckDBPyConnection, project: SqlProject, number: int
) -> None:
    computed = ask(untold, project, ASKED[number])
    assert computed.num_rows > 0
    assert kept[number].equals(computed)


def test_kept_values_are_read_and_not_computed(
    snapshot: duckdb.DuckDBPyConnection, untold: duckdb.DuckDBPyConnection, project: SqlProject
) -> None:
    """A value that no statement would compute shows where the rows came from."""
    snapshot.execute("begin").fetchall()
    snapshot.execute("update kpi.\"values\" set value = -1 where metric_id = 'ctr'").fetchall()
    assert -1 not in ask(untold, project, {"metric": "ctr"}).column("value").to_pylist()
    snapshot.execute("insert into kpi.catalogue select * from kpi.hidden").fetchall()
    assert set(ask(snapshot, project, {"metric": "ctr"}).column("value").to_pylist()) == {-1}
    snapshot.execute("rollback").fetchall()


def test_metric_that_is_defined_otherwise_now_is_computed(
    snapshot: duckdb.DuckDBPyConnection, project: SqlProject
) -> None:
    changed = configuration({"ctr": metric("ad_impressions / ad_clicks", unit="ratio")})
    rows = query_metrics(snapshot, changed, project, ["ctr"], grain="year").to_pylist()
    assert [row["value"] for row in rows] == [float(row["numerator"] / row["denominator"]) for row in rows]
    assert rows[0]["value"] > 1


def test_filter_counts_only_its_rows(snapshot: duckdb.DuckDBPyConnection, project: SqlProject) -> None:
    """Days 1, 3, 5 of the first week are mobile: 4 + 6 + 3 clicks of 101 + 103 + 105 impressions."""
    found = query_metrics(
        snapshot, CONFIG, project, ["ctr"], until=week(0), where="device = 'mobile' and platform <> 'x'"
    )
    assert [(row["numerator"], row["denominator"]) for row in found.to_pylist()] == [(4 + 6 + 3, 101 + 103 + 105)]


def test_days_are_computed(snapshot: duckdb.DuckDBPyConnection, project: SqlProject) -> None:
    found = query_metrics(snapshot, CONFIG, project, ["ctr"], grain="day", since=week(1), until=week(1)).to_pylist()
    assert [(row["period_start"], row["numerator"]) for row in found] == [(week(1), 3 + 7 % 5)]


@pytest.mark.parametrize(
    ("metrics", "options", "words"),
    [
        (["ctr", "crt"], {}, 'there is no metric "crt"; did you mean "ctr"'),
        (["cost"], {"grain": "day"}, "it has no meaning by day; possible are: week, month"),
        (["roas"], {}, "ask for one of its dimensions: platform"),
        (["ctr"], {"dimension": "devise"}, 'did you mean "device"'),
        (["ctr"], {"where": "channel = 'Email'"}, 'names "channel", which is no dimension'),
        (["ctr"], {"where": "device"}, "cannot be applied"),
        (["ctr"], {"where": "ad_clicks > 5"}, 'names "ad_clicks", which is no dimension'),
        (["ctr"], {"where": "device = 'a') or (1 = 1"}, "cannot be read"),
        (["ctr"], {"where": "device in (select device from core.calendar)"}, "cannot be read"),
        (["ctr"], {"where": "cast(device as date) = date '2026-01-01'"}, "cannot be applied"),
    ],
)
def test_what_a_formula_does_not_allow_is_refused_with_the_reason(
    snapshot: duckdb.DuckDBPyConnection,
    project: SqlProject,
    metrics: list[str],
    options: dict[str, Any],
    words: str,
) -> None:
    with pytest.raises(FormulaError, match=re.escape(words)):
        query_metrics(snapshot, CONFIG, project, metrics, **options)


def test_other_files_than_the_internal_one_are_refused(
    snapshot: duckdb.DuckDBPyConnection, project: SqlProject
) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema kpi; create table kpi.snapshot as select 'executive' as audience").fetchall()
        with pytest.raises(FormulaError, match="open the internal snapshot"):
            query_metrics(connection, CONFIG, project, ["ctr"])


def test_metric_whose_tables_were_not_published_says_what_to_connect(
    snapshot: duckdb.DuckDBPyConnection, project: SqlProject
) -> None:
    asked = configuration({"aov": metric("gross_sales / orders", unit="currency")})
    with pytest.raises(FormulaError, match=r"does not hold measures\.orders, because no source delivered orders"):
        query_metrics(snapshot, asked, project, ["aov"])
