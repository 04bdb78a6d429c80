"""The bar that shows how far a KPI has come, on one scale for all KPIs.

Here: start at 0, target at 1, where the plan says it should be today. Bars grow from the side where reading begins.
"""

from markupsafe import Markup

from kpi_pipeline.reports.chart_models import ProgressBar
from kpi_pipeline.reports.charts.shapes import STATUS_COLOURS, box, drawing, rule

WIDTH, HEIGHT = 120, 18
# Beyond the target there is room for a little more, so that passing it can be seen.
TARGET_AT, END = 100, 112
BAR_TOP, BAR_HEIGHT = 6, 6
MOVED_AWAY_WIDTH = 2


def progress_bar(bar: ProgressBar, *, is_right_to_left: bool) -> Markup:
    """Draw the bar; without a value only its frame, the plan and the target."""

    def place(share: float) -> float:
        at = 2 + min(max(share * TARGET_AT, 0), END)
        return WIDTH - at if is_right_to_left else at

    shapes = [box(place(0), 3, place(1) - place(0), HEIGHT - 6, "band")]
    if bar.done is not None:
        colour = STATUS_COLOURS.get(bar.status, "soft")
        reach = place(bar.done) - place(0)
        if bar.done <= 0:
            reach = -MOVED_AWAY_WIDTH if is_right_to_left else MOVED_AWAY_WIDTH
        shapes.append(box(place(0), BAR_TOP, reach, BAR_HEIGHT, colour))
    if bar.plan is not None:
        shapes.append(rule(place(bar.plan), 1, place(bar.plan), HEIGHT - 1, "ink", width=2.5))
    shapes.append(rule(place(1), 0, place(1), HEIGHT, "plan", width=2))
    return drawing(WIDTH, HEIGHT, bar.label, shapes, "progress-bar")
