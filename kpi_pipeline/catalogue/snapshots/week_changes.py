"""Whether the change of a KPI from one week to the next is more than chance.

Here: which test fits a metric, and what it needs from the tables. The tests themselves are computed in ``analysis``.

What chance makes is known in four ways. A proportion: from its counts. A net promoter score: from the answers of each
kind. Another ratio of sums: from its seven days, as far as they add up to the week. Everything else, from amounts to
medians, windows and cohorts: from how far the weeks until then lay from their forecasts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import isclose
from typing import Protocol

from sqlglot import exp

from kpi_pipeline.analysis.anomalies import Surprises
from kpi_pipeline.analysis.forecast import Scale, scale_for, to_scale
from kpi_pipeline.analysis.nps_interval import NetPromoterScore, compare_scores
from kpi_pipeline.analysis.proportions import compare_proportions, overdispersion
from kpi_pipeline.analysis.ratio_change import (
    RatioEstimate,
    compare_ratios,
    is_change_beyond_surprises,
    ratio_estimate,
    ratio_overdispersion,
)
from kpi_pipeline.calendar.company_calendar import ONE_DAY
from kpi_pipeline.catalogue.formulas.formula import parse_formula
from kpi_pipeline.catalogue.metrics.measure_sql import Selection
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.metric_sql import metric_sql
from kpi_pipeline.catalogue.metrics.weeks import Week
from kpi_pipeline.config.model import Grain, Unit
from kpi_pipeline.warehouse.engine import Engine

RECENT_WEEKS = 52
DAYS_OF_WEEK = 7


class ChangeTest(Protocol):
    """Tells a real change of one metric from chance."""

    def is_detectable(self, known: Sequence[Week], before: Week, week: Week) -> bool | None:
        """Compare two weeks with values; None where it cannot be told.

        Args:
            known: the weeks up to this one that mean the same, in order.
            before: the week before.
            week: the week.
        """


@dataclass(frozen=True)
class ProportionTest:
    """For so many out of so many."""

    def is_detectable(self, known: Sequence[Week], before: Week, week: Week) -> bool | None:
        """Compare the two shares by Newcombe's interval, widened by how much the weeks wobbled until then."""
        first, second = before.share, week.share
        if first is None or second is None:
            return None
        baseline = [share for each in _settled(known, week) if (share := each.share) is not None]
        return compare_proportions(first, second, overdispersion(baseline)).is_detectable


@dataclass
class HistoryTest:
    """For everything of which only the weekly values are known; to be asked in the order of the weeks.

    Attributes:
        series: first comparable week and scale → the last week that was taken in, and the surprises up to it.
    """

    unit: Unit
    series: dict[tuple[date, Scale], tuple[date, Surprises]] = field(default_factory=dict)

    def is_detectable(self, known: Sequence[Week], before: Week, week: Week) -> bool | None:
        """Compare the step with the surprises of the weeks until then."""
        assert before.value is not None and week.value is not None
        past = [each for each in known if each.is_settled and each.start < week.start]
        values = [each.value for each in past if each.value is not None]
        scale = scale_for(self.unit, [*values, before.value, week.value])
        last, surprises = self.series.get((known[0].start, scale), (date.min, Surprises()))
        for each in past:
            if each.start > last and each.value is not None:
                surprises.add(to_scale(each.value, scale))
                last = each.start
        self.series[known[0].start, scale] = last, surprises
        step = to_scale(week.value, scale) - to_scale(before.value, scale)
        return is_change_beyond_surprises(step, surprises.values[-RECENT_WEEKS:])


@dataclass(frozen=True)
class RatioTest:
    """For a ratio whose two sides add up over the days of a week.

    Attributes:
        estimates: first day of a week → its ratio, from its days.
        otherwise: for weeks without an estimate.
    """

    estimates: Mapping[date, RatioEstimate]
    otherwise: HistoryTest

    def is_detectable(self, known: Sequence[Week], before: Week, week: Week) -> bool | None:
        """Compare the two ratios by the delta method, widened by how much the weeks differed until then."""
        if before.start not in self.estimates or week.start not in self.estimates:
            return self.otherwise.is_detectable(known, before, week)
        past = [self.estimates[each.start] for each in _settled(known, week) if each.start in self.estimates]
        change = compare_ratios(self.estimates[before.start], self.estimates[week.start], ratio_overdispersion(past))
        return change.is_detectable


@dataclass(frozen=True)
class ScoreTest:
    """For net promoter scores; ``scores`` are by the first day of their week."""

    scores: Mapping[date, NetPromoterScore]

    def is_detectable(self, known: Sequence[Week], before: Week, week: Week) -> bool | None:
        """Compare the two scores."""
        if before.start not in self.scores or week.start not in self.scores:
            return None
        change = compare_scores(self.scores[before.start], self.scores[week.start])
        return None if change is None else change.is_detectable


def change_test(engine: Engine, plan: MetricPlan, weeks: Sequence[Week], *, is_proportion: bool) -> ChangeTest:
    """Return the test that fits a metric, for its weeks in order."""
    if is_proportion:
        return ProportionTest()
    if (others := _plan_of_non_passives(plan)) is not None:
        return ScoreTest(_scores(engine, others, weeks))
    by_history = HistoryTest(plan.metric.unit)
    return RatioTest(_estimates(engine, plan, weeks), by_history) if _adds_up_by_day(plan) else by_history


def _settled(known: Sequence[Week], week: Week) -> list[Week]:
    return [each for each in known if each is not week and each.is_settled][-RECENT_WEEKS:]


def _adds_up_by_day(plan: MetricPlan) -> bool:
    return (
        plan.formula.denominator is not None
        and not plan.has_window
        and all(measure.kind == "sum" for each in plan.inputs for measure in each.measures)
        and not any(each.is_cohort for each in plan.inputs)
    )


def _sides(engine: Engine, plan: MetricPlan, grain: Grain) -> dict[date, tuple[float, float]]:
    """First day of a period → numerator and denominator."""
    statement = metric_sql(plan, Selection((grain,), (None,)))
    rows = engine.read(
        "select period_start, cast(numerator as double) as numerator, cast(denominator as double) as denominator"
        f" from ({statement}) as sides where numerator is not null and denominator is not null"
    )
    starts, above, below = (column.to_pylist() for column in rows.columns)
    return dict(zip(starts, zip(above, below, strict=True), strict=True))


def _estimates(engine: Engine, plan: MetricPlan, weeks: Sequence[Week]) -> dict[date, RatioEstimate]:
    days = _sides(engine, plan, "day")
    found = {}
    for week in weeks:
        clusters = [days[day] for number in range(DAYS_OF_WEEK) if (day := week.start + number * ONE_DAY) in days]
        sums = sum(above for above, _ in clusters), sum(below for _, below in clusters)
        estimate = ratio_estimate(clusters)
        # What is divided somewhere inside does not add up, and its days tell nothing about the week.
        if estimate is not None and estimate.standard_error > 0 and _are_sides_of(week, sums):
            found[week.start] = estimate
    return found


def _are_sides_of(week: Week, sums: tuple[float, float]) -> bool:
    return all(
        side is not None and isclose(float(side), total, rel_tol=1e-9, abs_tol=1e-6)
        for side, total in zip((week.numerator, week.denominator), sums, strict=True)
    )


def _plan_of_non_passives(plan: MetricPlan) -> MetricPlan | None:
    """For a net promoter score, the share of those who are promoters or detractors; None for any other metric."""
    above, below = plan.formula.numerator, plan.formula.denominator
    if plan.metric.unit != "points" or not isinstance(above, exp.Sub) or below is None:
        return None
    names = [each.name for each in (above.this, above.expression, below) if isinstance(each, exp.Column)]
    if len(names) < 3 or any(operand.spelling not in names for operand in plan.formula.operands):
        return None
    text = f"({names[0]} + {names[1]}) / {names[2]}"
    metric = plan.metric.model_copy(update={"formula": text})
    return replace(plan, metric=metric, formula=parse_formula(text, f"metric {plan.metric_id}"), earlier=())


def _scores(engine: Engine, others: MetricPlan, weeks: Sequence[Week]) -> dict[date, NetPromoterScore]:
    sides = _sides(engine, others, "week")
    found = {}
    for week in weeks:
        if week.numerator is not None and week.denominator and week.start in sides:
            net, both = float(week.numerator), sides[week.start][0]
            found[week.start] = NetPromoterScore((both + net) / 2, (both - net) / 2, float(week.denominator))
    return found
