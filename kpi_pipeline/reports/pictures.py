"""Charts as PNG, for forms that cannot show SVG.

Here: turning one drawn chart into a picture. Which forms need that is known to them.
"""

from pathlib import Path

from kpi_pipeline.reports.fonts import found_fonts

# Twice the pixels of the drawing, for screens that have them.
PIXELS_PER_INCH = 144.0


def as_png(drawing: str, fonts: Path | None = None) -> bytes:
    """Return the picture of an SVG on white."""
    import typst

    page = '#set page(width: auto, height: auto, margin: 0pt, fill: white)\n#image("drawing.svg")'
    picture: bytes = typst.compile(  # type: ignore[call-overload]  # its stub does not know of several files
        {"main.typ": page.encode(), "drawing.svg": drawing.encode()},
        format="png",
        ppi=PIXELS_PER_INCH,
        font_paths=found_fonts(fonts),
    )
    return picture
