"""The weeks behind the scorecard as plain numbers, for forms that compute with them.

Here: choosing the weeks and the numbers. Every other form of the report shows texts; only a workbook needs these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.kpi_weeks import KpiWeek
from kpi_pipeline.reports.snapshot_reading import WEEK
from kpi_pipeline.wording.dates import format_day
from kpi_pipeline.wording.numbers import Number, NumberStyle, money_name, shown_number
from kpi_pipeline.wording.outside_text import NAME_LIMIT

HISTORY_WEEKS = 53


@dataclass(frozen=True)
class KpiHistory:
    """One KPI in numbers, in the metric's unit, amounts in what the report shows them in; None where there is no value.

    Attributes:
        unit: the metric's unit, which chooses how numbers are written; percentages are given as 0 to 100.
        values: one for each of the report's history weeks.
        money: what amounts are in, in words; empty where the unit is not currency.
        is_higher_better: the good direction.
    """

    kpi_id: str
    name: str
    unit: str
    money: str
    decimals: int
    is_higher_better: bool
    values: tuple[float | None, ...]
    baseline: float | None
    target: float | None
    path_value: float | None
    forecast: float | None
    probability: float | None


@dataclass(frozen=True)
class History:
    """The weeks by their first days (ISO), their names in the language of the report, and the KPIs' numbers."""

    weeks: tuple[str, ...]
    week_names: tuple[str, ...]
    kpis: tuple[KpiHistory, ...]


def history_of(kpis: Sequence[KpiWeek], edition: Edition) -> History:
    """Return the weeks up to the report's, from the first that any KPI has."""
    earliest = edition.week_start - (HISTORY_WEEKS - 1) * WEEK
    starts = [row.week_start for kpi in kpis for row in kpi.recent if row.week_start >= earliest]
    first = min(starts, default=edition.week_start)
    weeks = [first + step * WEEK for step in range((edition.week_start - first).days // 7 + 1)]
    return History(
        weeks=tuple(week.isoformat() for week in weeks),
        week_names=tuple(format_day(week, edition.language) for week in weeks),
        kpis=tuple(_kpi_history(kpi, weeks, edition) for kpi in kpis),
    )


def _kpi_history(kpi: KpiWeek, weeks: Sequence[date], edition: Edition) -> KpiHistory:
    row, style = kpi.row, edition.number_style(kpi.row.unit, kpi.commitment.decimals)
    values = {each.week_start: each.value for each in kpi.recent}
    return KpiHistory(
        kpi_id=row.kpi_id,
        name=edition.localized(row, "name", NAME_LIMIT),
        unit=row.unit,
        money=money_name(edition.money, edition.language) if row.unit == "currency" else "",
        decimals=kpi.commitment.decimals,
        is_higher_better=row.direction == "higher_better",
        values=tuple(_number(values.get(week), style) for week in weeks),
        baseline=_number(row.baseline, style),
        target=_number(row.target, style),
        path_value=_number(row.path_value, style),
        forecast=_number(row.forecast_at_deadline, style),
        probability=None if row.probability is None else float(row.probability),
    )


def _number(value: Number | None, style: NumberStyle) -> float | None:
    return None if value is None else float(shown_number(value, style))
