"""``kpi.weekly_internal`` and ``kpi.weekly_executive``: one row per KPI and week, with its way to the target.

Here: putting one row together. Add a column here, in ``row_tables`` and in ``descriptions``. A KPI's weeks come from
``weeks``; what a number means for the target or by chance is computed in ``analysis``; who sees which KPI is decided in
``audience``.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import cast

from kpi_pipeline.analysis.pace import Course, PaceStatus, WeekValue, guarded, pace
from kpi_pipeline.analysis.proportions import compare_proportions, overdispersion
from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.catalogue.audience import Audiences
from kpi_pipeline.catalogue.breaks import MetricBreak, comparable_weeks
from kpi_pipeline.catalogue.metric_plan import MetricPlan
from kpi_pipeline.catalogue.row_tables import WEEKLY, Row, Value, write_rows
from kpi_pipeline.catalogue.weeks import ONE_WEEK, Week, as_series
from kpi_pipeline.config.kpi import Kpi, Target
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.engine import Engine

# 52 weeks, not a year: the same weekdays, and never a week that belongs to two.
SAME_WEEK_LAST_YEAR = timedelta(weeks=52)
RECENT_WEEKS = 52
COUNT_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")


def refresh_weekly(
    engine: Engine,
    plans: Mapping[str, MetricPlan],
    audiences: Audiences,
    weeks: Mapping[str, Sequence[Week]],
    *,
    breaks: Mapping[str, Sequence[MetricBreak]],
    snapshot_id: str,
) -> Sequence[Row]:
    """Write both weekly tables; return the rows of the internal one, which holds all KPIs.

    To be called inside a transaction.

    Args:
        engine: the warehouse.
        plans: metric → its plan.
        audiences: who may see which KPI.
        weeks: metric → its weeks in order, for the metrics of all KPIs.
        breaks: metric → where it means something else than before.
        snapshot_id: stands in every row.
    """
    configuration = audiences.configuration
    counts = _count_measures(engine)
    found: list[dict[str, Value]] = []
    for kpi_id in sorted(audiences.of_kpi):
        kpi = configuration.kpis[kpi_id]
        metric, plan = configuration.metrics[kpi.metric], plans[kpi.metric]
        is_proportion = _is_proportion(metric, plan, counts)
        for row in weekly_rows(
            kpi,
            metric,
            configuration.calendar,
            weeks[kpi.metric],
            breaks.get(kpi.metric, ()),
            is_proportion=is_proportion,
        ):
            found.append({"kpi_id": kpi_id, **row, "snapshot_id": snapshot_id})
    rows = list(_guarded(found, configuration.kpis))
    executive = [
        row | dict.fromkeys(("numerator", "denominator")) if _hides_sides(row, audiences) else row
        for row in rows
        if row["kpi_id"] in audiences.executive_kpis
    ]
    write_rows(engine, "kpi.weekly_internal", WEEKLY, rows)
    write_rows(engine, "kpi.weekly_executive", WEEKLY, executive)
    return rows


def weekly_rows(
    kpi: Kpi,
    metric: Metric,
    calendar: CompanyCalendar,
    weeks: Sequence[Week],
    breaks: Sequence[MetricBreak] = (),
    *,
    is_proportion: bool,
) -> Iterator[dict[str, Value]]:
    """Yield the rows of one KPI, without its id, from its metric's weeks in order.

    A week is compared, ranked and forecast from only among weeks that mean the same.
    """
    course = course_of(kpi.target, metric, calendar) if kpi.target else None
    series = as_series(weeks)
    for position, week in enumerate(weeks):
        comparable = comparable_weeks(weeks[: position + 1], week, breaks)
        by_start = {each.start: each for each in comparable}
        before = by_start.get(week.start - ONE_WEEK)
        last_year = by_start.get(week.start - SAME_WEEK_LAST_YEAR)
        judged: dict[str, Value] = {}
        if course:
            comparable_series = _judged_by(series, weeks, week, course, breaks) if breaks else series
            judged = asdict(pace(comparable_series, week.start, course))
        yield {
            "week_start": week.start,
            "week_end": week.end,
            "name_en": metric.name.en,
            "name_fa": metric.name.fa,
            "unit": metric.unit,
            "direction": metric.direction,
            "value": week.value,
            "previous_value": before.value if before else None,
            "change": _change(before, week),
            "change_is_detectable": _is_detectable(comparable, before, week) if is_proportion else None,
            "same_week_last_year": last_year.value if last_year else None,
            "numerator": week.numerator,
            "denominator": week.denominator,
            "null_reason": week.null_reason,
            "status": week.status,
            "baseline": kpi.target.baseline.value if kpi.target else None,
            "target": kpi.target.value if kpi.target else None,
            "deadline": kpi.target.deadline if kpi.target else None,
            "pace_status": judged.pop("status", "unknown"),
            **judged,
            "owner": kpi.who.accountable if kpi.who else None,
            "objective_id": kpi.objective,
            "rank_52": _rank(comparable, week, metric.direction == "higher_better"),
        }


def course_of(target: Target, metric: Metric, calendar: CompanyCalendar) -> Course:
    """Return the way to a target in weeks: from the baseline's last week to the last one that ends by the deadline."""
    deadline = calendar.period_of("week", target.deadline)
    if deadline.end > target.deadline:
        deadline = calendar.previous_period(deadline)
    return Course(
        baseline=target.baseline.value,
        baseline_week=calendar.period_of("week", target.baseline.to_week).start,
        target=target.value,
        deadline_week=deadline.start,
        shape=target.path,
        unit=metric.unit,
        higher_is_better=target.success_rule.comparator == ">=",
        consecutive_weeks=target.success_rule.consecutive_weeks,
    )


def _judged_by(
    series: Sequence[WeekValue], weeks: Sequence[Week], week: Week, course: Course, breaks: Sequence[MetricBreak]
) -> list[WeekValue]:
    """The weeks that say how far a KPI has come; from the deadline on, those that mean the same as the deadline's."""
    anchor = [each for each in weeks if each.start <= min(week.start, course.deadline_week)][-1:] or [week]
    same = {each.start for each in comparable_weeks(weeks, anchor[0], breaks)}
    return [one for one in series if one.week in same or one.week >= anchor[0].start]


def _guarded(rows: Sequence[dict[str, Value]], kpis: Mapping[str, Kpi]) -> Iterator[dict[str, Value]]:
    """Hold back the status of a KPI while one of its guardrails is off track, by its own path, in the same week."""
    own = {(row["kpi_id"], row["week_start"]): cast(PaceStatus, row["pace_status"]) for row in rows}
    for row in rows:
        guardrails = kpis[cast(str, row["kpi_id"])].guardrails
        found = [own[key] for name in guardrails if (key := (name, row["week_start"])) in own]
        status = guarded(cast(PaceStatus, row["pace_status"]), found)
        yield row | {"pace_status": status, "is_held_back": status != row["pace_status"]}


def _hides_sides(row: Row, audiences: Audiences) -> bool:
    return audiences.configuration.kpis[cast(str, row["kpi_id"])].metric in audiences.metrics_without_sides


def _count_measures(engine: Engine) -> frozenset[tuple[str, str]]:
    """The columns of the measures tables that hold whole numbers of things, as (table, column)."""
    rows = engine.read(
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'measures'"
    ).to_pylist()
    return frozenset(
        (f"measures.{row['table_name']}", row["column_name"]) for row in rows if row["data_type"] in COUNT_TYPES
    )


def _is_proportion(metric: Metric, plan: MetricPlan, counts: frozenset[tuple[str, str]]) -> bool:
    """Whether a week is so many out of so many: then chance alone explains a known amount of change.

    Windows that reach beyond the week overlap: neighbouring weeks share cases, and a growth is no share of anything.
    """
    return (
        metric.unit == "percent"
        and plan.formula.denominator is not None
        and not plan.has_window
        and all(
            measure.kind == "sum" and (measure.table, measure.column) in counts
            for each in plan.inputs
            for measure in each.measures
        )
    )


def _change(before: Week | None, week: Week) -> float | None:
    if before is None or before.value is None or week.value is None or "partial" in (before.status, week.status):
        return None
    return week.value - before.value


def _is_detectable(known: Sequence[Week], before: Week | None, week: Week) -> bool | None:
    if before is None or _change(before, week) is None:
        return None
    first, second = before.share, week.share
    if first is None or second is None:
        return None
    baseline = [share for each in known if each is not week and each.is_settled and (share := each.share) is not None]
    return compare_proportions(first, second, overdispersion(baseline[-RECENT_WEEKS:])).is_detectable


def _rank(known: Sequence[Week], week: Week, higher_is_better: bool) -> int | None:
    """The week's place among the last settled ones, 1 for the best; equal values share a place and leave no gap."""
    if not week.is_settled or week not in known:
        return None
    values = [each.value for each in known if each.is_settled and each.value is not None][-RECENT_WEEKS:]
    better = sorted({-value if higher_is_better else value for value in values})
    assert week.value is not None
    return bisect_left(better, -week.value if higher_is_better else week.value) + 1
