from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from kpi_pipeline.catalogue.history.history import OPEN_WEEK, History, read_history
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan, plan_metric
from kpi_pipeline.errors import QueryError
from kpi_pipeline.sources.custody.arrival import Arrival, Contents, NewArrival
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration, metric, week

SUNDAY = week(1) - timedelta(days=1)
# Days after the Sunday → value; the week is not over on the first one.
SAID = [(-1, 500.0), (1, 610.0), (2, 605.0), (9, 640.0)]
CAUSES = [(2, "refund", -5.0), (9, "refund", -10.0), (9, "fx", 45.0)]


def at(age: int) -> datetime:
    return datetime(2026, 3, 1) + timedelta(days=age)


@pytest.fixture
def snapshot() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "create schema kpi; create table kpi.reported (kpi_id varchar, week_start date, audience varchar,"
            " value double, null_reason varchar, status varchar, snapshot_id varchar, published_at timestamp,"
            " data_age_days integer); create table kpi.restatements (kpi_id varchar, week_start date, audience varchar,"
            " to_snapshot varchar, to_published_at timestamp, cause varchar, effect double, finding_en varchar);"
            " create table kpi.lineage (metric_id varchar, source varchar);"
            " insert into kpi.lineage values ('sales', 'shop')"
        )
        for age, value in SAID:
            connection.execute(
                "insert into kpi.reported values ('sales', ?, 'executive', ?, null, 'final', ?, ?, ?)",
                [week(0), value, f"s{age}", at(age), age],
            )
        for age, cause, effect in CAUSES:
            connection.execute(
                "insert into kpi.restatements values ('sales', ?, 'executive', ?, ?, ?, ?, ?)",
                [week(0), f"s{age}", at(age), cause, effect, f"{cause} {effect}"],
            )
        yield connection


@pytest.fixture
def plan(project: SqlProject) -> MetricPlan:
    one = metric("ad_cost / new_customers", trailing_weeks=2, cost_lag_weeks=1, lagged=("ad_cost",))
    return plan_metric("sales", configuration({"sales": one}), project)


def arrival(name: str, age: float, first: date, last: date, source: str = "shop") -> Arrival:
    moment = (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=age)).astimezone()
    return Arrival(
        1,
        NewArrival(source, name, 1, name, 0, moment, first),
        0,
        "loaded",
        None,
        name,
        "contract",
        Contents(1, first, last, {}, True, (), ()),
        None,
    )


def history(snapshot: duckdb.DuckDBPyConnection, plan: MetricPlan, *arrivals: Arrival, **asked: Any) -> History:
    options: dict[str, Any] = {
        "kpi_id": "sales",
        "audience": "executive",
        "week": week(0) + timedelta(days=3),
        "on": None,
    }
    return read_history(snapshot, arrivals, plan, **(options | asked))


def test_first_value_after_the_week_is_compared_with_the_last_one(
    snapshot: duckdb.DuckDBPyConnection, plan: MetricPlan
) -> None:
    found = history(snapshot, plan)
    assert (found.then.value, found.now.value, found.difference) == (610.0, 640.0, 30.0)
    assert (found.week_start, found.week_end, found.asked) == (week(0), SUNDAY, SUNDAY + timedelta(days=1))
    assert [value.value for value in found.said] == [500.0, 610.0, 605.0, 640.0]
    assert {reason.cause: (reason.effect, reason.findings) for reason in found.reasons} == {
        "refund": (-15.0, ("refund -5.0", "refund -10.0")),
        "fx": (45.0, ("fx 45.0",)),
    }


@pytest.mark.parametrize(
    ("age", "value", "effects"),
    [
        (-1, 500.0, {OPEN_WEEK: 110.0, "refund": -15.0, "fx": 45.0}),
        (0, 500.0, {OPEN_WEEK: 110.0, "refund": -15.0, "fx": 45.0}),
        (5, 605.0, {"refund": -10.0, "fx": 45.0}),
        (30, 640.0, {}),
    ],
)
def test_what_was_said_on_a_day_and_all_that_changed_since_add_up(
    snapshot: duckdb.DuckDBPyConnection, plan: MetricPlan, age: int, value: float, effects: dict[str, float]
) -> None:
    found = history(snapshot, plan, on=SUNDAY + timedelta(days=age))
    assert found.then.value == value
    assert {reason.cause: reason.effect for reason in found.reasons} == effects
    assert value + sum(effects.values()) == 640.0


def test_files_are_those_that_came_in_between_and_reach_the_week(
    snapshot: duckdb.DuckDBPyConnection, plan: MetricPlan
) -> None:
    # Costs are taken a week earlier and over two weeks: the first day that counts lies two weeks before this one.
    first = week(-2)
    day = timedelta(days=1)
    files = [
        arrival("too_early.csv", 0.9, first, SUNDAY),
        arrival("reaches.csv", 1.5, first - day, first),
        arrival("before.csv", 2, first - day, first - day),
        arrival("after.csv", 3, SUNDAY + day, SUNDAY + day),
        arrival("other.csv", 3, first, SUNDAY, source="unused"),
        arrival("last.csv", 9, SUNDAY, SUNDAY + day),
        arrival("too_late.csv", 9.5, first, SUNDAY),
    ]
    assert [file.file_name for file in history(snapshot, plan, *files).files] == ["reaches.csv", "last.csv"]


def test_day_before_anything_was_said_is_refused(snapshot: duckdb.DuckDBPyConnection, plan: MetricPlan) -> None:
    with pytest.raises(QueryError, match="the first time was on 2026-01-10"):
        history(snapshot, plan, on=SUNDAY - timedelta(days=2))
    with pytest.raises(QueryError, match="nothing was published of sales"):
        history(snapshot, plan, week=week(5))


def test_change_before_causes_were_kept_is_not_known(snapshot: duckdb.DuckDBPyConnection, plan: MetricPlan) -> None:
    snapshot.execute("delete from kpi.restatements")
    assert [(reason.cause, reason.effect) for reason in history(snapshot, plan).reasons] == [("unknown", 30.0)]
