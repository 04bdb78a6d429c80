"""Correlations with their intervals, one below the other.

Here: a dot for the estimate and a line for its interval; open and dashed where the interval holds zero. The axis keeps
minus on the left in every language.
"""

from markupsafe import Markup

from kpi_pipeline.reports.chart_models import IntervalPlot
from kpi_pipeline.reports.charts.shapes import TONE_COLOURS, dot, drawing, heading, rule, shortened, text

WIDTH = 540
LABELS, NOTES = 170, 160
TOP, ROW = 34, 24


def interval_plot(chart: IntervalPlot, *, is_right_to_left: bool) -> Markup:
    """Draw the plot from -1 to 1."""
    names_at, notes_at = (WIDTH - LABELS + 8, 4) if is_right_to_left else (LABELS - 8, WIDTH - NOTES + 12)
    begin = NOTES if is_right_to_left else LABELS
    end = WIDTH - LABELS if is_right_to_left else WIDTH - NOTES
    bottom = TOP + ROW * len(chart.lines)

    def x(value: float) -> float:
        return begin + (end - begin) * (value + 1) / 2

    shapes = [heading(chart.title, WIDTH, is_right_to_left=is_right_to_left)]
    for tick in chart.ticks:
        shapes.append(rule(x(tick.at), TOP - 6, x(tick.at), bottom, "soft" if tick.at == 0 else "line"))
        shapes.append(
            text(x(tick.at), bottom + 16, tick.label, anchor="middle", colour="soft", is_right_to_left=is_right_to_left)
        )
    for position, line in enumerate(chart.lines):
        y = TOP + ROW * position + ROW / 2
        colour = TONE_COLOURS[line.tone]
        name = shortened(line.label, LABELS - 14)
        shapes.append(
            text(
                names_at,
                y + 4,
                name,
                anchor="start" if is_right_to_left else "end",
                is_right_to_left=is_right_to_left,
            )
        )
        shapes.append(rule(x(line.low), y, x(line.high), y, colour, width=2, dash="3 3" if line.is_open else ""))
        shapes.append(dot(x(line.middle), y, 4, colour, is_open=line.is_open))
        shapes.append(text(notes_at, y + 4, line.text, is_right_to_left=is_right_to_left))
        shapes.append(
            text(
                notes_at + 44, y + 4, shortened(line.note, NOTES - 56), colour="soft", is_right_to_left=is_right_to_left
            )
        )
    return drawing(WIDTH, bottom + 24, chart.label, shapes)
