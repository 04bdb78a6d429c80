"""The small picture of a KPI's last weeks.

Here: one line with gaps where weeks are missing, the target dashed, the last point as a dot. Time runs from left to
right in every language.
"""

from itertools import groupby

from markupsafe import Markup

from kpi_pipeline.reports.chart_models import Trend
from kpi_pipeline.reports.charts.shapes import curve, dot, drawing, rule

WIDTH, HEIGHT, MARGIN = 120, 34, 4


def sparkline(trend: Trend) -> Markup:
    """Draw the weeks; an empty frame where there are no values."""
    known = [value for value in (*trend.points, trend.target) if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    step = (WIDTH - 2 * MARGIN) / max(len(trend.points) - 1, 1)

    def place(week: int, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low) if high > low else 0.5
        return MARGIN + week * step, HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)

    shapes = []
    if trend.target is not None:
        at = place(0, trend.target)[1]
        shapes.append(rule(MARGIN, at, WIDTH - MARGIN, at, "plan", dash="3 2.5"))
    for is_gap, run in groupby(enumerate(trend.points), key=lambda pair: pair[1] is None):
        if not is_gap:
            shapes.append(curve([place(week, value) for week, value in run if value is not None], "ink", width=1.5))
    last = [(week, value) for week, value in enumerate(trend.points) if value is not None][-1:]
    shapes += [dot(*place(week, value), 2.5, "ink") for week, value in last]
    return drawing(WIDTH, HEIGHT, trend.label, shapes, "spark")
