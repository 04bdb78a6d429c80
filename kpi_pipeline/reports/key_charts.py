"""The two charts below the scorecard: one KPI against its target, and what its change is made of.

Here: choosing the KPI, and turning its rows into charts. Both say what is so and what accounts for it, never why.
Drawing belongs to ``charts``.
"""

from collections.abc import Sequence
from datetime import date

from kpi_pipeline.reports.axes import value_marks, week_marks
from kpi_pipeline.reports.chart_models import KeyCharts, LineChart, Tick, Waterfall, WaterfallStep
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.kpi_weeks import KpiWeek
from kpi_pipeline.reports.members import dimension_name, member_name
from kpi_pipeline.reports.snapshot_reading import WEEK
from kpi_pipeline.reports.snapshot_rows import WeeklyRow
from kpi_pipeline.reports.statuses import STATUS_CODES
from kpi_pipeline.reports.targets import target_text
from kpi_pipeline.wording.dates import format_day, format_short_day
from kpi_pipeline.wording.numbers import Number, NumberStyle, format_axis, format_step, format_value, money_name
from kpi_pipeline.wording.outside_text import NAME_LIMIT, isolate

WEEKS_BEFORE = 26
STEPS_SHOWN = 6


def key_charts(kpis: Sequence[KpiWeek], edition: Edition) -> KeyCharts:
    """Return the charts of the KPI that needs attention most; of equals, the first in the order of the report."""
    ranked = sorted(kpis, key=lambda kpi: STATUS_CODES.index(kpi.pace_code))
    with_value = [kpi for kpi in ranked if kpi.row.value is not None]
    divided = [kpi for kpi in with_value if kpi.main_contributions and kpi.row.previous_value is not None]
    return KeyCharts(
        line=line_chart_of(with_value[0], edition) if with_value else None,
        waterfall=waterfall_of(divided[0], edition) if divided else None,
    )


def line_chart_of(kpi: KpiWeek, edition: Edition) -> LineChart:
    """Return a KPI's weeks up to this one, its plan and its forecast."""
    language, row = edition.language, kpi.row
    style = edition.number_style(row.unit, kpi.commitment.decimals)
    shown = [each for each in kpi.recent if each.week_start > row.week_start - WEEKS_BEFORE * WEEK]
    first = shown[0].week_start
    values = {each.week_start: each.value for each in shown if each.status != "partial" or each is row}
    known = (row.week_start - first).days // 7 + 1
    weeks = max(known, _weeks_to_deadline(row, first) if row.forecast_at_deadline is not None else 0)
    points = [values.get(first + step * WEEK) for step in range(known)]
    plan = {each.week_start: float(each.path_value) for each in shown if each.path_value is not None}
    plan_from = min(plan, default=row.week_start)
    forecast = _forecast(row)
    name = edition.localized(row, "name", NAME_LIMIT)
    targets = tuple(float(end) for end in (row.target, row.target_high, row.target_low) if end is not None)
    spanned = [*targets, *(float(value) for value in points if value is not None)]
    spanned += [*plan.values(), *(forecast or ())[1:2]]
    marks = value_marks(min(spanned), max(spanned))
    ends = [format_value(value, style) for value in points if value is not None]
    target = target_text(row, style, edition)
    return LineChart(
        title=language.text("chart.line_title", name=isolate(name)),
        unit=language.known_text("chart_unit", row.unit, "").format(
            currency=isolate(money_name(edition.money, language))
        ),
        points=tuple(None if value is None else float(value) for value in points),
        weeks=weeks,
        forecast=forecast,
        plan=tuple(plan[week] for week in sorted(plan)),
        plan_from=(plan_from - first).days // 7,
        targets=targets,
        target_label=_target_label(row, target, edition),
        value_ticks=tuple(Tick(mark, format_axis(mark, style)) for mark in marks),
        time_ticks=tuple(Tick(at, format_short_day(first + at * WEEK, language)) for at in week_marks(weeks)),
        last_label=ends[-1] if ends else "",
        forecast_label=language.text("chart.forecast") if forecast else "",
        label=language.text("chart.line_label", name=isolate(name), first=ends[0], last=ends[-1], target=target or "–")
        if ends
        else name,
    )


def waterfall_of(kpi: KpiWeek, edition: Edition) -> Waterfall:
    """Return what the members of the dimension that explains most account for, the largest first."""
    language, row = edition.language, kpi.row
    style = edition.number_style(row.unit, kpi.commitment.decimals)
    assert row.value is not None
    assert row.previous_value is not None
    parts = sorted(kpi.main_contributions, key=lambda part: -abs(float(part.effect or 0)))
    shown = parts if len(parts) <= STEPS_SHOWN else parts[: STEPS_SHOWN - 1]
    steps = [_step(member_name(part.dimension, part.member, edition), part.effect or 0, row, style) for part in shown]
    rest = parts[len(shown) :]
    if rest:
        steps.append(_step(language.text("chart.others"), sum(float(part.effect or 0) for part in rest), row, style))
    name = edition.localized(row, "name", NAME_LIMIT)
    dimension = dimension_name(parts[0].dimension, edition)
    before, now = format_value(row.previous_value, style), format_value(row.value, style)
    return Waterfall(
        title=language.text("chart.waterfall_title", name=isolate(name), dimension=isolate(dimension)),
        before=float(row.previous_value),
        before_label=language.text("label.previous_week"),
        before_text=before,
        steps=tuple(steps),
        now=float(row.value),
        now_label=language.text("label.this_week"),
        now_text=now,
        label=language.text(
            "chart.waterfall_label",
            name=isolate(name),
            before=before,
            now=now,
            parts=language.join([f"{isolate(step.label)} {step.text}" for step in steps]),
        ),
    )


def _step(label: str, amount: Number, row: WeeklyRow, style: NumberStyle) -> WaterfallStep:
    size = float(amount)
    tone = "neutral" if size == 0 else "good" if (size > 0) == (row.direction == "higher_better") else "bad"
    return WaterfallStep(label, size, format_step(size, style), tone)


def _forecast(row: WeeklyRow) -> tuple[float, float, float] | None:
    if row.forecast_at_deadline is None or row.forecast_low is None or row.forecast_high is None:
        return None
    return float(row.forecast_low), float(row.forecast_at_deadline), float(row.forecast_high)


def _weeks_to_deadline(row: WeeklyRow, first: date) -> int:
    return 0 if row.deadline is None else max((row.deadline - first).days // 7, 0)


def _target_label(row: WeeklyRow, target: str, edition: Edition) -> str:
    if not target:
        return ""
    if row.deadline is None:
        return edition.language.text("chart.target", target=target)
    return edition.language.text("chart.target_by", target=target, day=format_day(row.deadline, edition.language))
