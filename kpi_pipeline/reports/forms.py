"""All forms of one frozen report that lie beside each other as files.

Here: which forms there are, and by what ending their files are known. How a form looks belongs to its own module.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from kpi_pipeline.config.paths import CHECKOUT
from kpi_pipeline.reports.html import render_frozen
from kpi_pipeline.reports.markdown import render_markdown
from kpi_pipeline.reports.pages import render_pages
from kpi_pipeline.reports.workbook import render_workbook

# Put there by `make fonts`; what is installed is used without it.
FONTS = CHECKOUT / "fonts"

FORMS: dict[str, Callable[[str], bytes]] = {
    "json": lambda frozen: frozen.encode(),
    "md": lambda frozen: render_markdown(frozen).encode(),
    "xlsx": render_workbook,
    "pdf": lambda frozen: render_pages(frozen, fonts()),
    "html": lambda frozen: render_frozen(frozen).encode(),
}


def rendered_forms(frozen: str) -> Iterator[tuple[str, bytes]]:
    """Yield the ending and the content of each form, the page last."""
    for ending, render in FORMS.items():
        yield ending, render(frozen)


def fonts() -> Path | None:
    """Return the folder of fonts that was put there; None where the installed ones have to do."""
    return FONTS if FONTS.is_dir() else None
