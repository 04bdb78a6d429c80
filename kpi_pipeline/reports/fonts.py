"""The fonts that pages and pictures are set in, found once in a process.

Here: looking through the installed fonts, which takes longer than laying out what they are for. Which folder of fonts
comes before them is said in ``forms``.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typst import Fonts


@cache
def found_fonts(folder: Path | None) -> "Fonts":
    """Return the fonts of a folder, if there is one, and after them those that are installed."""
    import typst

    return typst.Fonts(font_paths=[str(folder)] if folder else [])
