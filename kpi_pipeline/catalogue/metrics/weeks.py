"""The weeks of metrics as ``kpi.values`` holds them: what all judgements about KPIs start from.

Here: reading them once for all KPIs, and what follows from a metric's weeks alone. Judging them belongs to
``analysis``; putting a judgement into a row to the module of its table.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import fmean

from kpi_pipeline.analysis.pace import Status, WeekValue
from kpi_pipeline.analysis.proportions import Share
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.metric_sql import HUNDREDFOLD_UNITS
from kpi_pipeline.warehouse.engine import Engine

ONE_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Week:
    """One week of one metric's total."""

    start: date
    end: date
    value: float | None
    numerator: Decimal | None
    denominator: Decimal | None
    null_reason: str | None
    status: Status

    @property
    def is_settled(self) -> bool:
        """Whether the value is there and will not change by itself any more."""
        return self.value is not None and self.status == "final"

    @property
    def share(self) -> Share | None:
        """The counts behind a proportion."""
        if self.numerator is None or not self.denominator or not 0 <= self.numerator <= self.denominator:
            return None
        return Share(float(self.numerator), float(self.denominator))


def read_weeks(engine: Engine, metrics: Collection[str]) -> dict[str, list[Week]]:
    """Return metric → its weeks in order; a metric without any has an empty list."""
    found: dict[str, list[Week]] = {metric_id: [] for metric_id in metrics}
    rows = engine.read(
        "select metric_id, period_start as start, period_end as end, value, numerator, denominator, null_reason, status"
        " from kpi.values where grain = 'week' and dimension = 'total' and list_contains($metrics, metric_id)"
        " order by metric_id, period_start",
        {"metrics": list(metrics)},
    )
    for row in rows.to_pylist():
        found[row.pop("metric_id")].append(Week(**row))
    return found


def as_series(weeks: Sequence[Week]) -> list[WeekValue]:
    """Return the weeks as the analysis takes them."""
    return [WeekValue(week.start, week.value, week.status) for week in weeks]


def recent_final_weeks(weeks: Sequence[Week], count: int) -> list[Week]:
    """Return the weeks of the last so many up to the last one that is final, with or without a value."""
    finals = [week.start for week in weeks if week.status == "final"]
    if not finals:
        return []
    return [week for week in weeks if finals[-1] - count * ONE_WEEK < week.start <= finals[-1]]


def recompute(plan: MetricPlan, weeks: Sequence[Week]) -> float | None:
    """Return a metric's value over several settled weeks; None where it does not follow from the weeks' sums.

    A ratio is the ratio of the sums. What is no ratio is the typical week. Medians, and formulas that divide somewhere
    inside, cannot be put together from weeks.
    """
    formula = plan.formula
    inner_divisions = len(formula.divisors) - (formula.denominator is not None)
    if not weeks or plan.quantile is not None or formula.first_age is not None or inner_divisions:
        return None
    if formula.denominator is None:
        return fmean(week.value for week in weeks if week.value is not None)
    numerator = [week.numerator for week in weeks if week.numerator is not None]
    denominator = [week.denominator for week in weeks if week.denominator is not None]
    if not len(numerator) == len(denominator) == len(weeks) or not sum(denominator):
        return None
    scale = 100 if plan.metric.unit in HUNDREDFOLD_UNITS else 1
    return scale * float(sum(numerator)) / float(sum(denominator))
