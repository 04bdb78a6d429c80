"""A KPI over weeks: what it was, its target, the plan, and where it is heading.

Here: one line, solid where it is known, dashed with a band where it is forecast. Time runs from left to right in every
language.
"""

from itertools import groupby

from markupsafe import Markup

from kpi_pipeline.reports.chart_models import LineChart
from kpi_pipeline.reports.charts.shapes import area, curve, dot, drawing, heading, rule, text, text_width

WIDTH, HEIGHT = 540, 250
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 44, 26
LINE_HEIGHT = 13


def line_chart(chart: LineChart, *, is_right_to_left: bool) -> Markup:
    """Draw the chart; an empty one where there are no values at all."""
    low, high = _range(chart)
    last_week = max(chart.weeks - 1, 1)
    left = max([LEFT, *(text_width(tick.label) + 10 for tick in chart.value_ticks)])

    def x(week: float) -> float:
        return left + (WIDTH - left - RIGHT) * week / last_week

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    def write(at_x: float, at_y: float, content: str, **style: object) -> Markup:
        return text(at_x, at_y, content, is_right_to_left=is_right_to_left, **style)  # type: ignore[arg-type]

    shapes = [_title(chart, is_right_to_left)]
    for tick in chart.value_ticks:
        shapes.append(rule(left, y(tick.at), WIDTH - RIGHT, y(tick.at), "line"))
        shapes.append(write(left - 6, y(tick.at) + 4, tick.label, anchor="end", colour="soft"))
    for tick in chart.time_ticks:
        shapes.append(write(x(tick.at), HEIGHT - 8, tick.label, anchor="middle", colour="soft"))
    known = [(week, value) for week, value in enumerate(chart.points) if value is not None]
    if chart.forecast is not None and known:
        week, value = known[-1]
        band_low, middle, band_high = chart.forecast
        edges = [*_edge(value, band_high, low, high), *reversed(_edge(value, band_low, low, high)[1:])]
        shapes.append(area([(x(week + share * (last_week - week)), y(at)) for share, at in edges], "band"))
        shapes.append(curve([(x(week), y(value)), (x(last_week), y(middle))], "ink", dash="4 3"))
    if chart.plan:
        path = [(x(chart.plan_from + step), y(value)) for step, value in enumerate(chart.plan)]
        shapes.append(curve(path, "plan", width=1, dash="2 3"))
    shapes += [rule(left, y(target), WIDTH - RIGHT, y(target), "plan", width=1.5) for target in chart.targets]
    for is_gap, run in groupby(enumerate(chart.points), key=lambda pair: pair[1] is None):
        if not is_gap:
            shapes.append(curve([(x(week), y(value)) for week, value in run if value is not None], "ink", width=2))
    if chart.targets:
        shapes.append(write(left + 4, y(chart.targets[0]) - 4, chart.target_label, colour="plan", has_halo=True))
    if known:
        week, value = known[-1]
        shapes.append(dot(x(week), y(value), 3.5, "ink"))
        above = _is_free_above(y(value), y(chart.targets[0]) if chart.targets else None)
        shapes.append(
            write(
                min(x(week), WIDTH - RIGHT - text_width(chart.last_label) / 2),
                y(value) + (-8 if above else LINE_HEIGHT + 4),
                chart.last_label,
                anchor="middle",
                is_bold=True,
                has_halo=True,
            )
        )
    if chart.forecast is not None and known:
        labels = text_width(chart.target_label) + text_width(chart.forecast_label)
        # Where both labels do not fit beside each other, the forecast's stands clear of the target's, too.
        taken = LINE_HEIGHT + 4 if labels > WIDTH - left - RIGHT - LINE_HEIGHT else 0
        at = _free_height(y(max(chart.forecast[0], low)), y(chart.targets[0]) if chart.targets else None, taken)
        shapes.append(write(WIDTH - RIGHT - 2, at, chart.forecast_label, anchor="end", colour="soft", has_halo=True))
    return drawing(WIDTH, HEIGHT, chart.label, shapes)


def _title(chart: LineChart, is_right_to_left: bool) -> Markup:
    side, anchor = (WIDTH - 4, "end") if is_right_to_left else (4, "start")
    unit = text(side, 30, chart.unit, anchor=anchor, colour="soft", is_right_to_left=is_right_to_left)
    return heading(chart.title, WIDTH, is_right_to_left=is_right_to_left) + unit


def _range(chart: LineChart) -> tuple[float, float]:
    """What the axis spans; the range of a forecast may reach beyond it and is then cut off at its edge."""
    values = [value for value in (*chart.points, *chart.plan, *chart.targets) if value is not None]
    values += (chart.forecast or ())[1:2]
    values += [tick.at for tick in chart.value_ticks]
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low - 1, high + 1)


def _free_height(edge: float, target_at: float | None, taken: float) -> float:
    """A height near the lower edge of the range at which a label does not stand on the target's line.

    Args:
        edge: the lower edge of the range.
        target_at: where the line runs.
        taken: how much above the line is taken, too.
    """
    tries = (edge - 5, edge - 5 - 1.5 * LINE_HEIGHT, edge - 5 - 3 * LINE_HEIGHT)
    clear = [at for at in tries if target_at is None or not at - LINE_HEIGHT < target_at < at + 4 + taken]
    return min(max((clear or tries)[0], TOP + LINE_HEIGHT), HEIGHT - BOTTOM - 4)


def _edge(start: float, end: float, low: float, high: float) -> list[tuple[float, float]]:
    """One edge of the forecast's range as (share of the way, value), cut where it leaves the axis."""
    limit = min(max(end, low), high)
    if limit == end:
        return [(0.0, start), (1.0, end)]
    return [(0.0, start), ((limit - start) / (end - start), limit), (1.0, limit)]


def _is_free_above(at: float, target_at: float | None) -> bool:
    """Whether the target's line does not run where a label above the last value would stand."""
    is_crossed = target_at is not None and at - 2.2 * LINE_HEIGHT < target_at < at
    return at > TOP + LINE_HEIGHT and not is_crossed
