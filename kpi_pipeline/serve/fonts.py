"""The fonts that the pages bring along: those that `make fonts` has fetched, and no others.

Here: which files are there, and their part of the style sheet. Without them a browser takes the next family that the
style sheet names. Which families those are stands in the style sheets.
"""

from pathlib import Path

from kpi_pipeline.config.paths import CHECKOUT

FOLDER = CHECKOUT / "fonts"
WEIGHTS = {"Vazirmatn-Regular.ttf": 400, "Vazirmatn-Bold.ttf": 700}


def fetched_fonts() -> dict[str, Path]:
    """Return the files that are there, by the name under which the pages ask for them."""
    return {name: FOLDER / name for name in WEIGHTS if (FOLDER / name).is_file()}


def font_faces() -> str:
    """Return the part of the style sheet that names the fetched fonts."""
    return "".join(
        f"@font-face {{ font-family: Vazirmatn; font-weight: {WEIGHTS[name]};"
        f' src: url("/fonts/{name}") format("truetype"); }}\n'
        for name in fetched_fonts()
    )
