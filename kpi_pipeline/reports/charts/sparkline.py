"""The small picture of a KPI's last weeks.

Here: one inline SVG without a script, a font or a fixed colour; CSS classes colour it. Time runs from left to right in
every language. Other kinds of charts do not belong here.
"""

from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

WIDTH, HEIGHT, MARGIN = 120, 34, 4


def sparkline(points: Sequence[float | None], target: float | None, label: str) -> Markup:
    """Draw the points as a line with gaps where they are missing, the target dashed and the last point as a dot."""
    known = [value for value in (*points, target) if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    step = (WIDTH - 2 * MARGIN) / max(len(points) - 1, 1)

    def height(value: float) -> str:
        share = (value - low) / (high - low) if high > low else 0.5
        return f"{HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN):.1f}"

    places = [
        None if value is None else f"{MARGIN + index * step:.1f},{height(value)}" for index, value in enumerate(points)
    ]
    shapes = []
    if target is not None:
        shapes.append(f'<path class="plan" d="M{MARGIN},{height(target)}H{WIDTH - MARGIN}"/>')
    for is_gap, run in groupby(places, key=lambda place: place is None):
        if not is_gap:
            shapes.append('<polyline class="line" points="{}"/>'.format(" ".join(filter(None, run))))
    last = next((place for place in reversed(places) if place is not None), None)
    if last is not None:
        shapes.append('<circle class="dot" cx="{}" cy="{}" r="2.5"/>'.format(*last.split(",")))
    opening = Markup('<svg class="spark" role="img" aria-label="{}" viewBox="0 0 {} {}" direction="ltr">')
    return opening.format(label, WIDTH, HEIGHT) + Markup("".join(shapes)) + Markup("</svg>")
