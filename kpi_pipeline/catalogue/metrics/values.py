"""``kpi.values``: every metric's values by week, month, quarter and year, in total and by dimension.

Here: which periods have to be computed again, and computing them. A metric whose definition did not change is computed
only for the periods that a changed day, a new day or a matured cohort can reach. How a value is computed belongs to
``metric_sql``.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.catalogue.metrics.measure_sql import Selection
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan, plan_metric
from kpi_pipeline.catalogue.metrics.metric_sql import metric_sql
from kpi_pipeline.catalogue.tables.catalogue_columns import SUM_TYPE
from kpi_pipeline.catalogue.tables.row_tables import write_rows
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.model import Grain
from kpi_pipeline.warehouse.changes import changes_since, last_sequence
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.sql_project import SqlProject

GRAINS: tuple[Grain, ...] = ("week", "month", "quarter", "year")
COMPUTED_METRICS = "meta.computed_metrics"
COMPUTED_COLUMNS = {"metric_id": "varchar", "fingerprint": "varchar", "sequence": "bigint", "as_of": "date"}
COVERAGE, CALENDAR = "core.coverage", "core.calendar"
ONE_DAY = timedelta(days=1)
LONGEST_PERIOD = {"week": 7, "month": 31, "quarter": 94, "year": 366}

Days = set[date] | None
DayRange = tuple[date, date]


@dataclass(frozen=True)
class Computed:
    """From what a metric's values were computed: definition, last change of the warehouse, day of the run."""

    fingerprint: str
    sequence: int
    as_of: date


def refresh_values(engine: Engine, configuration: Configuration, project: SqlProject, as_of: date) -> list[str]:
    """Bring ``kpi.values`` up to date; return the metrics of which anything was computed.

    To be called inside a transaction, after the measures were built.

    Raises:
        FormulaError: if a metric cannot be compiled.
    """
    _prepare(engine)
    sequence = last_sequence(engine)
    known = _computed(engine)
    first_days = _first_covered_days(engine)
    changes: dict[int, Mapping[str, Days]] = {}
    computed: dict[str, Computed] = {}
    refreshed = []
    plans = _kept_plans(engine, configuration, project, first_days)
    for gone in known.keys() - plans.keys():
        engine.run("delete from kpi.values where metric_id = $metric_id", {"metric_id": gone})
    for metric_id, plan in plans.items():
        before = known.get(metric_id)
        now = computed[metric_id] = Computed(_fingerprint(plan, configuration, first_days), sequence, as_of)
        starts: dict[Grain, set[date]] | None = None
        if before is not None and before.fingerprint == now.fingerprint and before.as_of <= as_of:
            if before.sequence not in changes:
                tables = {COVERAGE, CALENDAR, *(file.table for file in project.files if file.measures)}
                changes[before.sequence] = changes_since(engine, tables, before.sequence)
            starts = touched_periods(
                plan, configuration.calendar, changes[before.sequence], before=before.as_of, as_of=as_of
            )
        if starts is None or any(starts.values()):
            _compute(engine, plan, starts)
            refreshed.append(metric_id)
    if computed != known:
        rows = [{"metric_id": metric_id, **vars(one)} for metric_id, one in computed.items()]
        write_rows(engine, COMPUTED_METRICS, COMPUTED_COLUMNS, rows)
    return refreshed


def touched_periods(
    plan: MetricPlan, calendar: CompanyCalendar, changes: Mapping[str, Days], *, before: date, as_of: date
) -> dict[Grain, set[date]] | None:
    """Return the first days of the periods whose values may differ now; None if that may be any.

    Args:
        plan: the metric.
        calendar: the company's calendar.
        changes: table → changed days, None where everything may have changed.
        before: the day of the run that computed the values.
        as_of: the day of this run, not earlier.
    """
    relevant = {table: days for table, days in changes.items() if table in (*plan.tables, COVERAGE, CALENDAR)}
    if CALENDAR in relevant or None in relevant.values():
        return None
    touched: dict[Grain, set[date]] = {grain: set() for grain in grains_of(plan)}
    for version in plan.versions:
        for grain, starts in touched.items():
            for first, last in _reached(version, grain, relevant, before=before, as_of=as_of):
                starts.update(period.start for period in calendar.periods(grain, first, last))
    return touched


def grains_of(plan: MetricPlan) -> tuple[Grain, ...]:
    """Return the grains at which a metric's values are kept."""
    return tuple(grain for grain in GRAINS if plan.metric.grains is None or grain in plan.metric.grains)


def _reached(
    plan: MetricPlan, grain: Grain, changes: Mapping[str, Days], *, before: date, as_of: date
) -> set[DayRange]:
    """The stretches of days whose periods anything that changed counts for."""
    ranges = set(_new_days(plan, before, as_of))
    weeks_behind = plan.metric.trailing_weeks - 1 if grain == "week" else 0
    for each in plan.inputs:
        shift = timedelta(weeks=each.window.weeks_earlier)
        behind = timedelta(weeks=weeks_behind, days=(each.window.trailing_days or 1) - 1)
        if each.window.is_previous:
            behind += timedelta(days=LONGEST_PERIOD[grain])
        follow_up = timedelta(days=(plan.metric.cohort_age_days or 1) - 1) if each.is_cohort else timedelta()
        for table, earlier in ((each.file.table, timedelta()), (COVERAGE, follow_up)):
            for first, last in day_ranges(changes.get(table) or ()):
                ranges.add((first + shift - earlier, last + shift + behind))
    return ranges


def day_ranges(days: Iterable[date]) -> list[DayRange]:
    """Join days to the stretches that they form."""
    found: list[DayRange] = []
    for day in sorted(days):
        if found and found[-1][1] == day - ONE_DAY:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _new_days(plan: MetricPlan, before: date, as_of: date) -> list[DayRange]:
    """The days that are over since the last run, and those whose cohorts came of age since."""
    if before == as_of:
        return []
    ranges = [(before, as_of - ONE_DAY)]
    for each in plan.inputs:
        if each.is_cohort:
            age = timedelta(weeks=each.window.weeks_earlier, days=-(plan.metric.cohort_age_days or 1))
            ranges.append((before + age + ONE_DAY, as_of + age))
    return ranges


def _kept_plans(
    engine: Engine, configuration: Configuration, project: SqlProject, subjects: Collection[str]
) -> dict[str, MetricPlan]:
    """The metrics whose values are kept: one of which nothing ever arrived has none, unless a KPI waits for it."""
    committed = {kpi.metric for kpi in configuration.kpis.values()}
    plans = {metric_id: plan_metric(metric_id, configuration, project) for metric_id in configuration.metrics}
    return {
        metric_id: plan
        for metric_id, plan in plans.items()
        if grains_of(plan)
        and (metric_id in committed or plan.can_be_covered_by(subjects))
        and all(engine.exists(table) for table in plan.tables)
    }


def _prepare(engine: Engine) -> None:
    engine.run("create schema if not exists kpi")
    engine.run(
        "create table if not exists kpi.values (metric_id varchar, grain varchar, period_start date, period_end date,"
        f" dimension varchar, member varchar, numerator {SUM_TYPE}, denominator {SUM_TYPE}, value double,"
        " null_reason varchar, status varchar, currency varchar)"
    )


def _computed(engine: Engine) -> dict[str, Computed]:
    if not engine.exists(COMPUTED_METRICS):
        return {}
    rows = engine.read(f"select {', '.join(COMPUTED_COLUMNS)} from {COMPUTED_METRICS}").to_pylist()
    return {row["metric_id"]: Computed(row["fingerprint"], row["sequence"], row["as_of"]) for row in rows}


def _first_covered_days(engine: Engine) -> dict[str, date]:
    rows = engine.read("select subject, min(day) as day from core.coverage group by subject").to_pylist()
    return {row["subject"]: row["day"] for row in rows}


def _fingerprint(plan: MetricPlan, configuration: Configuration, first_days: Mapping[str, date]) -> str:
    # An earlier beginning of a source moves the first period of a metric and makes gaps of what was before its data.
    parts = [
        metric_sql(plan, _selection(plan)),
        configuration.company.reporting_currency,
        *(f"{subject} {first_days.get(subject)}" for subject in plan.subjects),
        str(min(first_days.values(), default=None)),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _selection(plan: MetricPlan, starts: Mapping[Grain, Collection[date]] | None = None) -> Selection:
    grains = tuple(grain for grain in grains_of(plan) if starts is None or starts[grain])
    total: tuple[str | None, ...] = (None,) if plan.metric.has_total else ()
    return Selection(grains, (*total, *plan.dimensions), starts=starts)


def _compute(engine: Engine, plan: MetricPlan, starts: Mapping[Grain, Collection[date]] | None) -> None:
    condition = ""
    if starts is not None:
        listed = {grain: ", ".join(f"date '{day}'" for day in sorted(days)) for grain, days in starts.items() if days}
        among = " or ".join(f"(grain = '{grain}' and period_start in ({days}))" for grain, days in listed.items())
        condition = f" and ({among})"
    engine.run(f"delete from kpi.values where metric_id = '{plan.metric_id}'{condition}")
    engine.run(f"insert into kpi.values\n{metric_sql(plan, _selection(plan, starts))}")
