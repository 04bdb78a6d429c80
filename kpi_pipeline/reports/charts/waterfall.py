"""What a change is made of: the value before, one bar for each part, the value now.

Here: horizontal bars that start where the one above ends. Where both totals are large beside the change, the axis does
not begin at zero, and a break in the bars says so. Bars grow from the side where reading begins.
"""

from markupsafe import Markup

from kpi_pipeline.reports.chart_models import Waterfall
from kpi_pipeline.reports.charts.shapes import (
    MARGIN,
    TONE_COLOURS,
    area,
    box,
    drawing,
    heading,
    rule,
    shortened,
    text,
    text_width,
)

WIDTH = 540
LABELS, TEXTS, GAP, SMALLEST_PLOT = 150, 96, 6, 120
TOP, ROW, BAR = 30, 25, 16
# Bold letters of 11 pixels are as wide as plain ones of this size.
BOLD_SIZE = 12
# If the bars of the parts would be narrower than this share of the axis, the axis is broken.
SMALLEST_SHARE = 0.5


def waterfall(chart: Waterfall, *, is_right_to_left: bool) -> Markup:
    """Draw the chart."""
    texts = _room_for_texts(chart)
    levels = _levels(chart)
    low, high = _axis([*levels, chart.now])
    height = TOP + ROW * (len(chart.steps) + 2) + 6

    def x(value: float) -> float:
        at = LABELS + (WIDTH - LABELS - texts) * (value - low) / (high - low)
        return WIDTH - at if is_right_to_left else at

    def row(position: int) -> float:
        return TOP + ROW * position

    def write(at: float, y: float, content: str, anchor: str, **style: object) -> Markup:
        if is_right_to_left:
            at, anchor = WIDTH - at, {"start": "end", "end": "start"}[anchor]
        return text(at, y, content, anchor=anchor, is_right_to_left=is_right_to_left, **style)  # type: ignore[arg-type]

    shapes = [heading(chart.title, WIDTH, is_right_to_left=is_right_to_left)]
    zero = x(low)
    last = len(chart.steps) + 1
    totals = (
        (0, chart.before, chart.before_label, chart.before_text, "bar"),
        (last, chart.now, chart.now_label, chart.now_text, "ink"),
    )
    for position, value, label, amount, colour in totals:
        shapes.append(write(LABELS - 8, row(position) + 12, shortened(label, LABELS - 12), "end", is_bold=True))
        shapes.append(box(zero, row(position), x(value) - zero, BAR, colour))
        if low > 0 or high < 0:
            shapes.append(_break(zero, row(position), is_right_to_left))
        at = LABELS + (WIDTH - LABELS - texts) * (max(value, low) - low) / (high - low)
        shapes.append(write(at + GAP, row(position) + 12, amount, "start", is_bold=True))
    for position, step in enumerate(chart.steps, 1):
        begin, end = levels[position - 1], levels[position]
        shapes.append(rule(x(begin), row(position) - (ROW - BAR), x(begin), row(position), "soft", width=0.75))
        shapes.append(write(LABELS - 8, row(position) + 12, shortened(step.label, LABELS - 12), "end"))
        shapes.append(box(x(begin), row(position), x(end) - x(begin), BAR, TONE_COLOURS[step.tone]))
        at = LABELS + (WIDTH - LABELS - texts) * (max(begin, end) - low) / (high - low)
        shapes.append(write(at + GAP, row(position) + 12, step.text, "start"))
    shapes.append(rule(x(levels[-1]), row(last) - (ROW - BAR), x(levels[-1]), row(last), "soft", width=0.75))
    return drawing(WIDTH, height, chart.label, shapes)


def _room_for_texts(chart: Waterfall) -> float:
    """How wide the column beyond the longest bar must be, so that no text is cut off or written over a bar."""
    totals = (text_width(amount, BOLD_SIZE) for amount in (chart.before_text, chart.now_text))
    widest = max(*totals, *(text_width(step.text) for step in chart.steps))
    return min(max(GAP + widest + MARGIN, TEXTS), WIDTH - LABELS - SMALLEST_PLOT)


def _levels(chart: Waterfall) -> list[float]:
    levels = [chart.before]
    for step in chart.steps:
        levels.append(levels[-1] + step.amount)
    return levels


def _axis(levels: list[float]) -> tuple[float, float]:
    low, high = min(levels), max(levels)
    span = high - low
    # Broken where the change is small beside the totals: they then stand out by as much as it is wide.
    low = max(low - span, 0.0) if low >= 0 and span < SMALLEST_SHARE * high else min(low, 0.0)
    return (low, high) if high > low else (low, low + 1)


def _break(zero: float, y: float, is_right_to_left: bool) -> Markup:
    side = -1 if is_right_to_left else 1
    slant = [(zero + side * at, y + down) for at, down in ((6, BAR), (10, 0), (13, 0), (9, BAR))]
    return area(slant, "paper")
