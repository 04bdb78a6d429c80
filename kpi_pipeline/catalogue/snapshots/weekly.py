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

from kpi_pipeline.analysis.pace import PaceStatus, guarded
from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.catalogue.commitments.courses import CourseOfWeeks, course_of
from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.history.like_for_like import SameAge
from kpi_pipeline.catalogue.metrics.breaks import MetricBreak, comparable_weeks
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.proportion_metrics import proportion_metrics
from kpi_pipeline.catalogue.metrics.weeks import ONE_WEEK, Week
from kpi_pipeline.catalogue.snapshots.week_changes import ChangeTest, ProportionTest, change_test
from kpi_pipeline.catalogue.tables.row_tables import WEEKLY, Row, Value, write_rows
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.engine import Engine

# 52 weeks, not a year: the same weekdays, and never a week that belongs to two.
SAME_WEEK_LAST_YEAR = timedelta(weeks=52)
RECENT_WEEKS = 52


def refresh_weekly(
    engine: Engine,
    plans: Mapping[str, MetricPlan],
    audiences: Audiences,
    weeks: Mapping[str, Sequence[Week]],
    *,
    breaks: Mapping[str, Sequence[MetricBreak]],
    snapshot_id: str,
    same_age: SameAge,
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
        same_age: what was published of every week at which age.
    """
    configuration = audiences.configuration
    proportions = proportion_metrics(engine, plans)
    found: list[dict[str, Value]] = []
    for kpi_id in sorted(audiences.of_kpi):
        kpi = configuration.kpis[kpi_id]
        metric, plan = configuration.metrics[kpi.metric], plans[kpi.metric]
        test = change_test(engine, plan, weeks[kpi.metric], is_proportion=kpi.metric in proportions)
        for row in weekly_rows(
            kpi,
            metric,
            configuration.calendar,
            weeks[kpi.metric],
            breaks.get(kpi.metric, ()),
            test=test,
        ):
            found.append({"kpi_id": kpi_id, **row, "snapshot_id": snapshot_id})
    rows = [row | same_age.columns(row) for row in _guarded(found, configuration.kpis)]
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
    test: ChangeTest,
) -> Iterator[dict[str, Value]]:
    """Yield the rows of one KPI, without its id, from its metric's weeks in order.

    A week is compared, ranked and forecast from only among weeks that mean the same.
    """
    target = kpi.target
    course = None
    if target is not None:
        way = course_of(target, metric, calendar, weeks, breaks)
        course = CourseOfWeeks(way, weeks, breaks, is_proportion=isinstance(test, ProportionTest))
    for position, week in enumerate(weeks):
        comparable = comparable_weeks(weeks[: position + 1], week, breaks)
        by_start = {each.start: each for each in comparable}
        before = by_start.get(week.start - ONE_WEEK)
        change = _change(before, week)
        last_year = by_start.get(week.start - SAME_WEEK_LAST_YEAR)
        judged: dict[str, Value] = asdict(course.pace(week, comparable)) if course else {}
        yield {
            "week_start": week.start,
            "week_end": week.end,
            "name_en": metric.name.en,
            "name_fa": metric.name.fa,
            "unit": metric.unit,
            "direction": metric.direction,
            "value": week.value,
            "previous_value": before.value if before else None,
            "change": change,
            "change_is_detectable": test.is_detectable(comparable, before, week)
            if before and change is not None
            else None,
            "same_week_last_year": last_year.value if last_year else None,
            "numerator": week.numerator,
            "denominator": week.denominator,
            "null_reason": week.null_reason,
            "status": week.status,
            "baseline": target.baseline.value if target else None,
            "target": target.value if target else None,
            "target_low": target.band.low if target and target.band else None,
            "target_high": target.band.high if target and target.band else None,
            "deadline": target.deadline if target else None,
            "pace_status": judged.pop("status", "unknown"),
            **judged,
            "owner": kpi.who.accountable if kpi.who else None,
            "objective_id": kpi.objective,
            "rank_52": None if target and target.band else _rank(comparable, week, metric.direction == "higher_better"),
        }


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


def _change(before: Week | None, week: Week) -> float | None:
    if before is None or before.value is None or week.value is None or "partial" in (before.status, week.status):
        return None
    return week.value - before.value


def _rank(known: Sequence[Week], week: Week, higher_is_better: bool) -> int | None:
    """The week's place among the last settled ones, 1 for the best; equal values share a place and leave no gap."""
    if not week.is_settled or not known or known[-1] is not week:
        return None
    values = [each.value for each in known if each.is_settled and each.value is not None][-RECENT_WEEKS:]
    better = sorted({-value if higher_is_better else value for value in values})
    assert week.value is not None
    return bisect_left(better, -week.value if higher_is_better else week.value) + 1
