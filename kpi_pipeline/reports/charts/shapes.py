"""What all charts are drawn with: lines, boxes and texts of SVG, in colours that a page may change.

Here: the elements. Each colour is named twice, by a class, so that a page can recolour it for dark mode, and by an
attribute, so that programs without style sheets draw it too. Nothing here knows what it draws.
"""

from collections.abc import Iterable

from markupsafe import Markup, escape

# Name → colour on white paper; every one of them has a contrast of at least 4.5 : 1 there, but for fills of areas.
COLOURS = {
    "ink": "#0f172a",
    "soft": "#526073",
    "line": "#d5dbe3",
    "band": "#dfe4ea",
    "bar": "#64748b",
    "good": "#0369a1",
    "warn": "#a16207",
    "bad": "#9f1239",
    "plan": "#1d4ed8",
    "paper": "#ffffff",
}
FONTS = "Vazirmatn, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans Arabic', 'DejaVu Sans', Tahoma, Arial, sans-serif"
STATUS_COLOURS = {
    "missed": "bad",
    "off_track": "bad",
    "at_risk": "warn",
    "on_track": "good",
    "achieved": "good",
    "unknown": "soft",
}
TONE_COLOURS = {"good": "good", "bad": "bad", "neutral": "bar"}
MARGIN, TITLE_SIZE = 4, 13
# A text in a chart carries its own base direction, whatever stands around it.
RIGHT_TO_LEFT, LEFT_TO_RIGHT, END = "\u2067", "\u2066", "\u2069"
ISOLATES = frozenset("\u2066\u2067\u2068")


def drawing(width: float, height: float, label: str, shapes: Iterable[Markup], css_class: str = "chart") -> Markup:
    """Put shapes together to a picture that says in words what it shows."""
    opening = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="{}" role="img" aria-label="{}" viewBox="0 0 {} {}"'
        ' width="{}" height="{}" direction="ltr" font-family="{}" font-size="11">'
    ).format(css_class, label, _short(width), _short(height), _short(width), _short(height), FONTS)
    return opening + Markup("").join(shapes) + Markup("</svg>")


def box(x: float, y: float, width: float, height: float, colour: str) -> Markup:
    """A filled box; a negative width reaches to the left."""
    left = x if width >= 0 else x + width
    return Markup('<rect class="f-{}" fill="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        colour, COLOURS[colour], _short(left), _short(y), _short(abs(width)), _short(height)
    )


def rule(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1, dash: str = "") -> Markup:
    """A straight line."""
    dashes = Markup(' stroke-dasharray="{}"').format(dash) if dash else Markup("")
    return Markup('<path class="s-{}" stroke="{}" stroke-width="{}" fill="none"{} d="M{} {}L{} {}"/>').format(
        colour, COLOURS[colour], _short(width), dashes, _short(x1), _short(y1), _short(x2), _short(y2)
    )


def curve(points: Iterable[tuple[float, float]], colour: str, width: float = 1.75, dash: str = "") -> Markup:
    """A line through points."""
    dashes = Markup(' stroke-dasharray="{}"').format(dash) if dash else Markup("")
    return Markup(
        '<polyline class="s-{}" stroke="{}" stroke-width="{}" fill="none" stroke-linejoin="round"'
        ' stroke-linecap="round"{} points="{}"/>'
    ).format(colour, COLOURS[colour], _short(width), dashes, _places(points))


def area(points: Iterable[tuple[float, float]], colour: str) -> Markup:
    """A filled shape."""
    return Markup('<polygon class="f-{}" fill="{}" points="{}"/>').format(colour, COLOURS[colour], _places(points))


def dot(x: float, y: float, radius: float, colour: str, *, is_open: bool = False) -> Markup:
    """A full dot, or an open ring."""
    if is_open:
        return Markup(
            '<circle class="f-paper s-{}" fill="{}" stroke="{}" stroke-width="1.5" cx="{}" cy="{}" r="{}"/>'
        ).format(colour, COLOURS["paper"], COLOURS[colour], _short(x), _short(y), _short(radius))
    return Markup('<circle class="f-{}" fill="{}" cx="{}" cy="{}" r="{}"/>').format(
        colour, COLOURS[colour], _short(x), _short(y), _short(radius)
    )


def text(
    x: float,
    y: float,
    content: str,
    *,
    anchor: str = "start",
    colour: str = "ink",
    size: float = 11,
    is_bold: bool = False,
    is_right_to_left: bool = False,
    has_halo: bool = False,
) -> Markup:
    """A line of text; ``anchor`` is start, middle or end, counted from left to right in every language.

    Args:
        x: where it is anchored.
        y: its base line.
        content: the text, from outside or not.
        anchor: which end of it stands at ``x``.
        colour: one of ``COLOURS``.
        size: height of the letters in pixels.
        is_bold: whether it stands out.
        is_right_to_left: the base direction of the text.
        has_halo: whether it stays readable across lines.
    """
    mark = RIGHT_TO_LEFT if is_right_to_left else LEFT_TO_RIGHT
    weight = Markup(' font-weight="700"') if is_bold else Markup("")
    halo = (
        Markup(' paint-order="stroke" stroke="{}" stroke-width="3" stroke-linejoin="round"').format(COLOURS["paper"])
        if has_halo
        else Markup("")
    )
    return Markup('<text class="f-{}{}" fill="{}" x="{}" y="{}" text-anchor="{}" font-size="{}"{}{}>{}</text>').format(
        colour,
        Markup(" halo") if has_halo else "",
        COLOURS[colour],
        _short(x),
        _short(y),
        anchor,
        _short(size),
        weight,
        halo,
        escape(f"{mark}{content}{END}"),
    )


def heading(content: str, width: float, *, is_right_to_left: bool) -> Markup:
    """The title of a chart of this width, at the side where reading begins."""
    side, anchor = (width - MARGIN, "end") if is_right_to_left else (MARGIN, "start")
    fitting = shortened(content, width - 4 * MARGIN, TITLE_SIZE)
    return text(side, 14, fitting, anchor=anchor, size=TITLE_SIZE, is_bold=True, is_right_to_left=is_right_to_left)


def text_width(content: str, size: float = 11) -> float:
    """Guess the width of a text generously, in pixels, where no font can be asked."""
    return 0.6 * size * sum(not _is_invisible(character) for character in content)


def shortened(content: str, width: float, size: float = 11) -> str:
    """Cut a text that would not fit, say so by an ellipsis, and close what the cut left open."""
    room = int(width / (0.56 * size))
    if sum(not _is_invisible(character) for character in content) <= room:
        return content
    kept, shown, depth = [], 0, 0
    for character in content:
        shown += not _is_invisible(character)
        if shown >= room:
            break
        depth += (character in ISOLATES) - (character == END)
        kept.append(character)
    return "".join(kept).rstrip() + "…" + END * depth


def _is_invisible(character: str) -> bool:
    return character in ISOLATES or character == END


def _places(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in points)


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
