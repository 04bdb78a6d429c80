"""The weeks behind the scorecard as plain numbers, for forms that compute with them.

Here: choosing the weeks and the numbers. Every other form of the report shows texts; only a workbook needs these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.kpi_weeks import KpiWeek
from kpi_pipeline.reports.snapshot_reading import WEEK
from kpi_pipeline.wording.dates import format_day
from kpi_pipeline.wording.numbers import Number
from kpi_pipeline.wording.outside_text import NAME_LIMIT

HISTORY_WEEKS = 53


@dataclass(frozen=True)
class KpiHistory:
    """One KPI in numbers, in the metric's unit; None where there is no value.

    Attributes:
        unit: the metric's unit, which chooses how numbers are written; percentages are given as 0 to 100.
        values: one for each of the report's history weeks.
        is_higher_better: the good direction.
    """

    kpi_id: str
    name: str
    unit: str
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
    currency: str
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
        currency=edition.currency,
        kpis=tuple(
            KpiHistory(
                kpi_id=kpi.row.kpi_id,
                name=edition.localized(kpi.row, "name", NAME_LIMIT),
                unit=kpi.row.unit,
                decimals=kpi.commitment.decimals,
                is_higher_better=kpi.row.direction == "higher_better",
                values=tuple(_by_week(kpi).get(week.isoformat()) for week in weeks),
                baseline=_number(kpi.row.baseline),
                target=_number(kpi.row.target),
                path_value=_number(kpi.row.path_value),
                forecast=_number(kpi.row.forecast_at_deadline),
                probability=_number(kpi.row.probability),
            )
            for kpi in kpis
        ),
    )


def _by_week(kpi: KpiWeek) -> dict[str, float | None]:
    return {row.week_start.isoformat(): _number(row.value) for row in kpi.recent}


def _number(value: Number | None) -> float | None:
    return None if value is None else float(value)
