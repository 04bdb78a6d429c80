"""Whatever a catalogue looks like, no id, name or number of an internal KPI stands in the executives' file."""

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from kpi_pipeline.catalogue.audience import Audiences
from kpi_pipeline.catalogue.publication_ledger import PublicationLedger
from kpi_pipeline.catalogue.refresh import refresh_kpi_tables
from kpi_pipeline.catalogue.snapshot_plan import snapshot_tables
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Baseline, SuccessRule, Target
from kpi_pipeline.config.model import Text
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.warehouse.publish import publish_snapshot
from kpi_pipeline.warehouse.snapshot import open_snapshot
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import Warehouse, configuration, goals, kpi, metric, week

MEASURES = ("ad_impressions", "ad_clicks", "ad_interactions", "ad_cost", "ad_conversion_value")
FORMULAS = (
    *MEASURES,
    "2 * ad_clicks",
    "ad_clicks / ad_impressions",
    "ad_cost / ad_clicks",
    "1000 * ad_cost / ad_impressions",
    "(ad_clicks + ad_interactions) / ad_impressions",
    "ad_cost / (ad_clicks + ad_interactions)",
    "ad_clicks + ad_interactions",
    "ad_conversion_value - ad_cost",
    "(ad_conversion_value - ad_cost) / ad_cost",
)
WEEKS = 3


@dataclass(frozen=True)
class Entry:
    formula: str
    kpi_id: str
    metric_id: str
    name: Text
    objective: str
    trailing_weeks: int
    target: float
    is_complete: bool


letters = st.text("bcdfghjklmnpqrstvwxz", min_size=7, max_size=9)
entry = st.builds(
    Entry,
    formula=st.sampled_from(FORMULAS),
    # A measure's name is what an internal id is most easily overlooked in.
    kpi_id=st.one_of(st.sampled_from(MEASURES), letters.map("kpi_{}".format)),
    metric_id=letters.map("metric_{}".format),
    name=st.builds(Text, en=letters.map("Name {}".format), fa=letters.map("نام {}".format)),
    objective=st.sampled_from(["grow", "convert", "tune_ads"]),
    trailing_weeks=st.sampled_from([1, 1, 2]),
    target=st.floats(1_000, 1_000_000).map(lambda value: round(value, 3) + 0.0007),
    is_complete=st.sampled_from([True, True, True, False]),
)
catalogues = st.lists(entry, min_size=2, max_size=6, unique_by=(lambda one: one.formula, lambda one: one.kpi_id))
figures = st.lists(
    st.integers(10_007, 9_999_991), min_size=WEEKS * len(MEASURES), max_size=WEEKS * len(MEASURES), unique=True
)


def configure(entries: list[Entry]) -> Configuration:
    metrics = {
        one.metric_id: metric(
            one.formula,
            name=one.name,
            unit="currency" if "cost" in one.formula else "ratio",
            trailing_weeks=one.trailing_weeks,
        )
        for one in entries
    }
    kpis = {
        one.kpi_id: kpi(
            one.metric_id,
            one.objective,
            target=Target(
                baseline=Baseline(value=one.target / 3, from_week=week(0), to_week=week(0)),
                value=one.target,
                deadline=week(9),
                success_rule=SuccessRule(comparator=">=", consecutive_weeks=1),
            )
            if one.is_complete
            else None,
        )
        for one in entries
    }
    return configuration(metrics, goals=goals(), kpis=kpis)


def cells(file: Path) -> Iterator[Any]:
    with closing(open_snapshot(file)) as connection:
        tables = connection.sql("select schema_name || '.' || table_name, comment from duckdb_tables()").fetchall()
        for table, comment in tables:
            yield comment
            for row in connection.sql(f"select * from {table}").fetchall():
                yield from row


class Publisher:
    """Publishes the executives' file of one catalogue after the other."""

    def __init__(self, warehouse: Warehouse, project: SqlProject, folder: Path) -> None:
        self.warehouse, self.project, self.folder = warehouse, project, folder

    def publish(self, config: Configuration, numbers: list[int]) -> Path:
        engine = self.warehouse.engine
        prepare_raw_tables(engine)
        if engine.exists("kpi.snapshot"):
            engine.run("drop schema kpi cascade")
            engine.run("drop table meta.computed_metrics")
        member = {"platform": "p", "campaign": "c", "device": "d", "country": "DE"}
        rows = []
        for number in range(WEEKS):
            of_week = numbers[number * len(MEASURES) : (number + 1) * len(MEASURES)]
            named = dict(zip(MEASURES, of_week, strict=True))
            money = {name: Decimal(named[name]) for name in ("ad_cost", "ad_conversion_value")}
            rows.append(member | {"day": week(number)} | named | money)
        self.warehouse.measures("ads", rows)
        self.warehouse.cover({"ad_performance": (week(0), week(WEEKS) - timedelta(days=1))})
        self.warehouse.as_of(week(WEEKS))
        name = f"s{len(list(self.folder.glob('p*.sqlite')))}"
        with (
            CustodyLedger(self.folder / "c.sqlite") as custody,
            PublicationLedger(self.folder / f"p{name}.sqlite") as publications,
        ):
            refresh_kpi_tables(
                engine,
                config,
                self.project,
                as_of=week(WEEKS),
                snapshot_id=name,
                published_at=datetime(2026, 2, 2, tzinfo=UTC),
                custody=custody,
                publications=publications,
            )
        executive = {"executive": snapshot_tables(config, self.project)["executive"]}
        return publish_snapshot(engine, self.folder / "out", name, executive, keep=3)["executive"]


@pytest.fixture
def publisher(warehouse: Warehouse, project: SqlProject, tmp_path: Path) -> Publisher:
    return Publisher(warehouse, project, tmp_path)


# Not shrunk, because every example writes a file.
@settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(entries=catalogues, numbers=figures)
def test_executive_file_holds_nothing_of_internal_kpis(
    entries: list[Entry], numbers: list[int], publisher: Publisher
) -> None:
    assume(len({one.metric_id for one in entries}) == len(entries))
    # Equal targets of an internal and an executive KPI are no leak.
    assume(len({one.target for one in entries}) == len(entries))
    config = configure(entries)
    audiences = Audiences(config)
    secrets = [one for one in entries if one.objective == "tune_ads"]
    try:
        file = publisher.publish(config, numbers)
    except ConfigurationError:
        # One number for both audiences is refused; these two are the only formulas here that count the same.
        assert {"ad_clicks", "2 * ad_clicks"} <= {one.formula for one in entries}
        return

    numbers_of_internal = [one.target for one in secrets] + [one.target / 3 for one in secrets]
    for one in secrets:
        of_metric = f"select value from kpi.values where metric_id = '{one.metric_id}' and value is not null"
        numbers_of_internal += [row["value"] for row in publisher.warehouse.rows(of_metric)]
    words = {word for one in secrets for word in (one.kpi_id, one.metric_id, one.name.en, one.name.fa)}
    shown = set()
    for cell in cells(file):
        if isinstance(cell, str):
            shown.add(cell)
            assert not [word for word in words if word in cell]
        elif isinstance(cell, int | float | Decimal):
            assert not [number for number in numbers_of_internal if math.isclose(number, float(cell), rel_tol=1e-9)]
    assert set(audiences.executive_kpis) <= shown


def test_the_test_would_notice_a_leak(publisher: Publisher) -> None:
    """Without the rule for sides, the clicks of an internal KPI stand as numerator of an executive one."""
    inner = Entry("ad_clicks", "kpi_a", "metric_a", Text(en="A", fa="آ"), "convert", 1, 5.0, True)
    outer = Entry("ad_clicks / ad_impressions", "kpi_b", "metric_b", Text(en="B", fa="ب"), "grow", 1, 5.0, True)
    numbers = list(range(10_007, 10_007 + WEEKS * len(MEASURES)))
    file = publisher.publish(configure([inner, outer]), numbers)

    found = [cell for cell in cells(file) if isinstance(cell, Decimal)]
    assert Decimal(numbers[1]) in found


@pytest.mark.parametrize("objective", ["grow", "convert", "tune_ads"])
def test_level_of_the_objective_alone_decides(publisher: Publisher, objective: str) -> None:
    one = Entry("ad_clicks", "kpi_a", "metric_a", Text(en="A", fa="آ"), objective, 1, 5.0, True)
    numbers = list(range(10_007, 10_007 + WEEKS * len(MEASURES)))
    file = publisher.publish(configure([one]), numbers)

    assert ("kpi_a" in set(cells(file))) == (objective != "tune_ads")
