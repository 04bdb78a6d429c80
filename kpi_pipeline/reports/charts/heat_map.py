"""A table of shares in which dark means much.

Here: rows of cells, numbers written in each. The side on which the rows' names stand follows the reading direction.
"""

from markupsafe import Markup

from kpi_pipeline.reports.chart_models import HeatMap
from kpi_pipeline.reports.charts.shapes import drawing, heading, text

WIDTH = 540
LABELS, TOP, ROW = 96, 48, 22
# Light to dark; from the fourth on, numbers are white to stay readable.
SHADES = ("#f1f5f9", "#dbeafe", "#bfdbfe", "#93c5fd", "#1d4ed8", "#1e3a8a")
WHITE_FROM = 4


def heat_map(chart: HeatMap, *, is_right_to_left: bool) -> Markup:
    """Draw the map."""
    cell = (WIDTH - LABELS - 6) / max(len(chart.columns), 1)

    def left(column: int) -> float:
        at = LABELS + cell * column
        return WIDTH - at - cell if is_right_to_left else at

    far, far_anchor = (6, "start") if is_right_to_left else (WIDTH - 6, "end")
    shapes = [
        heading(chart.title, WIDTH, is_right_to_left=is_right_to_left),
        text(far, 28, chart.columns_label, anchor=far_anchor, colour="soft", is_right_to_left=is_right_to_left),
    ]
    for column, label in enumerate(chart.columns):
        middle = left(column) + cell / 2
        shapes.append(text(middle, TOP - 6, label, anchor="middle", colour="soft", is_right_to_left=is_right_to_left))
    for position, row in enumerate(chart.rows):
        y = TOP + ROW * position
        label_at, label_anchor = (WIDTH - LABELS + 8, "start") if is_right_to_left else (LABELS - 8, "end")
        shapes.append(
            text(label_at, y + 15, row.label, anchor=label_anchor, colour="soft", is_right_to_left=is_right_to_left)
        )
        for column, each in enumerate(row.cells):
            if each.share is None:
                continue
            shade = min(int(each.share * len(SHADES)), len(SHADES) - 1)
            shapes.append(
                Markup('<rect class="heat-{}" fill="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                    shade, SHADES[shade], left(column) + 0.5, y + 0.5, cell - 1, ROW - 1
                )
            )
            shapes.append(
                text(
                    left(column) + cell / 2,
                    y + 15,
                    each.text,
                    anchor="middle",
                    colour="paper" if shade >= WHITE_FROM else "ink",
                    is_right_to_left=is_right_to_left,
                )
                .replace("f-ink", "heat-ink")
                .replace("f-paper", "heat-paper")
            )
    return drawing(WIDTH, TOP + ROW * len(chart.rows) + 6, chart.label, shapes)
