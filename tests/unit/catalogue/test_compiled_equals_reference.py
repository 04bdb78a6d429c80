"""Every metric of the library by every grain and dimension, against the rules written once more in plain Python."""

import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pyarrow as pa
import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.catalogue.history.parts import Parts
from kpi_pipeline.catalogue.history.parts_reading import read_parts, version_of
from kpi_pipeline.catalogue.history.parts_value import value_of
from kpi_pipeline.catalogue.metrics.compiler import compile_metric
from kpi_pipeline.catalogue.metrics.measure_sql import Selection
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.metric_sql import metric_sql
from kpi_pipeline.config.metric import EarlierDefinition, Metric
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.seeds import write_seeds
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import company, configuration, metric, text
from tests.unit.catalogue.random_measures import CALENDARS, FIRST_DAY, GRAINS, LAST_DAY, RandomWorld, random_world
from tests.unit.catalogue.reference_calculator import ReferenceRow, reference_rows

Rows = dict[tuple[str, str, date, str], ReferenceRow]
WORLDS = int(os.environ.get("KPI_REFERENCE_WORLDS", "25"))
COVERAGE = pa.schema([("subject", pa.string()), ("day", pa.date32()), ("is_final", pa.bool_())])
REASONS = {"value", "source_missing", "zero_denominator", "missing_rate", "immature_cohort", "below_min_denominator"}
STATUSES = {"final", "provisional", "partial"}
LAG = {"cost_lag_weeks": 2, "lagged": ("ad_cost",)}

# What the library does not use, or not together.
MADE_UP = {
    "lag_and_trail": metric("ad_cost / new_customers_paid", trailing_weeks=3, **LAG, min_denominator=2),
    "lag_alone": metric("ad_cost / new_customers_paid", **LAG),
    "lag_in_function": metric("ad_cost / previous(ad_cost)", trailing_weeks=2, **LAG),
    "shift_and_trail": metric("trailing(orders, 10) / weeks_earlier(orders, 2)", shift_weeks=1, trailing_weeks=2),
    "sum_of_ratios": metric("gross_sales / orders + ad_cost / ad_clicks", unit="percent", dimensions=("country",)),
    "ratio_of_ratios": metric("(ad_cost / ad_clicks) / (gross_sales / orders)"),
    "negated": metric("- (discounts - gross_sales) / (orders - online_orders)", unit="points"),
    "factor_behind": metric("ad_cost / ad_impressions * 1000", unit="currency"),
    "factor_within": metric("0.5 * (ad_clicks / (2 * ad_impressions - 3)) / 4"),
    "percent_of_number": metric("ad_clicks - 2 * ad_interactions", unit="percent"),
    "inside_of_previous": metric("previous(ad_cost / ad_clicks - 1) * 2", unit="count"),
    "filtered": metric("ad_clicks / ad_impressions", filter="not (country in ('b', 'x') or device <> 'c')"),
    "filter_or": metric("users / weeks_earlier(users, 1)", filter="device = 'b' or country is null or channel = ''"),
    "returning": metric("returning_users / previous(users)", trailing_weeks=2),
    "follower_sum": metric("followers / trailing(followers, 40)", unit="percent", trailing_weeks=2),
    "undelivered": metric("(email_clicks - social_clicks) / email_opens", optional=("social_clicks",), dimensions=()),
    "nothing_delivered": metric("orders - social_clicks", optional=("social_clicks",), unit="count"),
    "undivided": metric(
        "ad_conversions / (orders - previous(orders))", undivided=("orders",), filter="claimed_by = 'b'"
    ),
    "cohort_and_whole": metric("units_returned / units_sold", cohort_age_days=7, undivided=("units_sold",)),
    "three_versions": metric(
        "2 * orders / users",
        version=3,
        effective_from=date(2026, 4, 1),
        earlier=(
            EarlierDefinition(version=1, until=date(2026, 3, 1), formula="orders - new_customers", reason=text("One")),
            EarlierDefinition(
                version=2, until=date(2026, 4, 1), formula="orders / 10", filter="country <> ''", reason=text("Two")
            ),
        ),
        dimensions=("country",),
    ),
}
PARTS = [part.name for part in fields(ReferenceRow)]


@dataclass(frozen=True)
class Laboratory:
    """A warehouse whose measures tables are replaced for every metric, with the types that they really have."""

    engine: DuckDbEngine
    project: SqlProject
    types: dict[str, dict[str, str]]
    schemas: dict[str, pa.Schema]

    def fill(self, chosen: RandomWorld, tables: Sequence[str]) -> None:
        world = chosen.world
        covered = [
            {"subject": subject, "day": day, "is_final": is_final}
            for subject, days in world.covered.items()
            for day, is_final in days.items()
        ]
        with self.engine.transaction():
            self.engine.run(f"create or replace view core.calendar as from calendars.number_{chosen.calendar_number}")
            self.engine.run(f"update core.company set as_of = date '{world.as_of}'")
            for table, made in zip(tables, world.tables, strict=True):
                self._write(table, pa.Table.from_pylist(list(made.rows), schema=self.schemas[table]))
            self._write("core.coverage", pa.Table.from_pylist(covered, schema=COVERAGE))

    def rows(self, statement: str) -> Rows:
        """What a statement gives; the total's only member has no name here."""
        result = self.engine.connection.execute(statement)
        names = [column[0] for column in result.description]
        found = {}
        for values in result.fetchall():
            row = dict(zip(names, values, strict=True))
            nameless = {"member": ""} if row["dimension"] == "total" else {}
            one = ReferenceRow(**({part: row[part] for part in PARTS} | nameless))
            found[row["grain"], row["dimension"], one.period_start, one.member] = one
        return found

    def _write(self, table: str, rows: pa.Table) -> None:
        self.engine.connection.register("made_up", rows)
        self.engine.replace_table(table, "from made_up")
        self.engine.connection.unregister("made_up")


def made_calendar(number: int) -> CompanyCalendar:
    week_start, month_calendar = CALENDARS[number]
    return CompanyCalendar("Europe/Berlin", week_start, month_calendar)


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory, project: SqlProject) -> Iterator[Laboratory]:
    engine = DuckDbEngine(tmp_path_factory.mktemp("reference") / "warehouse.duckdb", threads=1)
    prepare_meta(engine)
    prepare_raw_tables(engine)
    write_seeds(engine, company(), {}, made_calendar(0), FIRST_DAY)
    for file in project.files:
        if file.schema in ("staging", "core", "measures"):
            engine.replace_table(file.table, file.query)
    columns = engine.read(
        "select schema_name || '.' || table_name as t, column_name as c, data_type as d from duckdb_columns()"
    )
    types: dict[str, dict[str, str]] = {}
    for row in columns.to_pylist():
        types.setdefault(row["t"], {})[row["c"]] = row["d"]
    engine.run("create schema calendars")
    for number in range(len(CALENDARS)):
        rows = pa.Table.from_pylist([asdict(day) for day in made_calendar(number).rows(FIRST_DAY, LAST_DAY)])
        engine.connection.register("made_up", rows)
        engine.replace_table(f"calendars.number_{number}", "from made_up")
    engine.run("drop table core.calendar")
    schemas = {
        file.table: engine.read(f"select * from {file.table} limit 0").schema
        for file in project.files
        if file.schema == "measures"
    }
    yield Laboratory(engine, project, types, schemas)
    engine.close()


@dataclass
class Comparison:
    """Computes metrics in random worlds both ways, and remembers where they differ and what came up."""

    laboratory: Laboratory
    sources: dict[str, Source]
    delivered: frozenset[str]
    problems: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def compare(self, metric_id: str, one: Metric, seed: int) -> None:
        project = self.laboratory.project
        config = configuration({metric_id: one}, sources=self.sources)
        plan = plan_metric(metric_id, config, project)
        named = set(re.findall(r"\w+", " ".join((one.formula, *(each.formula for each in one.earlier)))))
        files = [file for file in project.files if not named.isdisjoint(each.name for each in file.measures)]
        chosen = random_world(f"{metric_id} {seed}", one, files, self.laboratory.types, self.delivered)
        self.laboratory.fill(chosen, [file.table for file in files])
        grains = tuple(grain for grain in GRAINS if one.grains is None or grain in one.grains)
        dimensions = (*((None,) if one.has_total else ()), *plan.dimensions)
        expected: Rows = {}
        for grain, dimension in product(grains, dimensions):
            for row in reference_rows(one, chosen.world, grain, dimension, chosen.since):
                expected[grain, dimension or "total", row.period_start, row.member] = row
        found = self.laboratory.rows(metric_sql(plan, Selection(grains, dimensions, since=chosen.since)))
        self._note(f"{metric_id}, world {seed}", expected, found)
        # One grain and dimension alone is another statement than all at once; it is tried for one metric in three.
        turn = len(metric_id) + seed
        if turn % 3 == 0:
            grain, dimension = grains[turn % len(grains)], dimensions[turn % len(dimensions)]
            compiled = compile_metric(metric_id, config, project, grain, dimension, since=chosen.since)
            wanted = {key: row for key, row in expected.items() if key[:2] == (grain, dimension or "total")}
            self._note(
                f"{metric_id} by {grain} and {dimension}, world {seed}", wanted, self.laboratory.rows(compiled.sql)
            )

    def _note(self, place: str, expected: Rows, found: Rows) -> None:
        self.problems += [f"{place}: only the reference has {key}" for key in expected.keys() - found.keys()]
        self.problems += [f"{place}: only the statement has {key}" for key in found.keys() - expected.keys()]
        for key in expected.keys() & found.keys():
            self.seen.update((expected[key].null_reason or "value", expected[key].status))
            for part in PARTS:
                wanted, given = getattr(expected[key], part), getattr(found[key], part)
                if not is_same(wanted, given):
                    self.problems.append(f"{place}, {key}: {part} should be {wanted}, is {given}")


@pytest.fixture
def comparison(laboratory: Laboratory, sources: dict[str, Source]) -> Comparison:
    contracts = [build_contract(name, source) for name, source in sources.items()]
    delivered = frozenset(subject for contract in contracts for subject in contract.subjects)
    return Comparison(laboratory, sources, delivered)


def is_same(wanted: Any, given: Any) -> bool:
    """Sums must be equal to the last digit; what was divided is a double, or rounded to what a sum can hold."""
    if isinstance(wanted, Decimal) and isinstance(given, Decimal):
        return wanted == given or (wanted != round(wanted, 6) and abs(wanted - given) < Decimal("0.000001"))
    if isinstance(wanted, Decimal) and isinstance(given, float):
        return math.isclose(wanted, given, rel_tol=1e-9, abs_tol=1e-9)
    return bool(wanted == given)


def test_every_metric_at_every_grain_and_dimension(comparison: Comparison, library: dict[str, Metric]) -> None:
    for metric_id, one in library.items():
        comparison.compare(metric_id, one, seed=0)
    assert comparison.problems == []
    # The worlds are worth something only while everything comes up in them.
    assert {kind for kind, times in comparison.seen.items() if times > 10} >= REASONS | STATUSES


def test_options_and_formulas_that_the_library_does_not_use(comparison: Comparison) -> None:
    for name, made_up in MADE_UP.items():
        comparison.compare(name, made_up, seed=0)
    assert comparison.problems == []


@pytest.mark.slow
def test_many_more_worlds(comparison: Comparison, library: dict[str, Metric]) -> None:
    for seed in range(1, 1 + WORLDS):
        for metric_id, one in (library | MADE_UP).items():
            comparison.compare(metric_id, one, seed)
    assert comparison.problems == []


def parts_problems(comparison: Comparison, metric_id: str, one: Metric, seed: int) -> Iterator[str]:
    """Where a week's value does not follow from the sums that the publication ledger would keep of it."""
    laboratory = comparison.laboratory
    config = configuration({metric_id: one}, sources=comparison.sources)
    plan = plan_metric(metric_id, config, laboratory.project)
    named = set(re.findall(r"\w+", " ".join((one.formula, *(each.formula for each in one.earlier)))))
    files = [file for file in laboratory.project.files if not named.isdisjoint(each.name for each in file.measures)]
    chosen = random_world(f"{metric_id} {seed}", one, files, laboratory.types, comparison.delivered)
    laboratory.fill(chosen, [file.table for file in files])
    rows = laboratory.rows(metric_sql(plan, Selection(("week",), (None,), since=chosen.since)))
    values = {row.period_start: row for row in rows.values()}
    found = read_parts(laboratory.engine, plan, config, laboratory.project, list(values))
    for week, row in values.items():
        comparison.seen.update([row.null_reason or "value"])
        kept = Parts.unpacked(found[week].packed())
        value = value_of(version_of(plan, week), kept.sums)
        if row.value is None:
            is_same = value is None or row.null_reason not in ("zero_denominator", "missing_rate")
        else:
            is_same = value is not None and math.isclose(value, row.value, rel_tol=1e-12, abs_tol=1e-12)
        if kept != found[week] or not is_same:
            yield f"{metric_id}, world {seed}, {week}: is {row.value} ({row.null_reason}), its parts give {value}"


def test_values_follow_from_the_sums_that_are_kept_of_them(comparison: Comparison, library: dict[str, Metric]) -> None:
    some = {name: one for name, one in list(library.items())[::8] if one.has_total}
    weekly = {name: one for name, one in {**some, **MADE_UP}.items() if one.grains is None or "week" in one.grains}
    assert [problem for name, one in weekly.items() for problem in parts_problems(comparison, name, one, seed=1)] == []
    assert comparison.seen["value"] > 30
    assert comparison.seen["zero_denominator"] > 5


@pytest.mark.slow
def test_values_of_the_whole_library_follow_from_their_sums(comparison: Comparison, library: dict[str, Metric]) -> None:
    weekly = {name: one for name, one in library.items() if one.has_total and "week" in (one.grains or ("week",))}
    for seed in (2, 3):
        for name, one in weekly.items():
            assert list(parts_problems(comparison, name, one, seed)) == []
