"""From what a page shows to HTML and its style sheet.

Here: the templates of the pages, which take those of the reports as their pieces, so that nothing is laid out twice.
No text and no number is made here.
"""

from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kpi_pipeline.reports.charts.drawn import drawn
from kpi_pipeline.reports.html import TEMPLATES as REPORT_TEMPLATES
from kpi_pipeline.serve.site import Site

TEMPLATES = Path(__file__).parent / "templates"


def render(name: str, site: Site, **page: Any) -> str:
    """Return a page; what it places in HTML is escaped."""
    draw = partial(drawn, is_right_to_left=site.language.direction == "rtl")
    return _environment().get_template(f"{name}.html.jinja").render(site.variables() | page, draw=draw)


@cache
def style_sheet() -> str:
    """Return the one style sheet of all pages: that of the reports, and what only pages need."""
    return "\n".join(
        folder.joinpath(name).read_text(encoding="utf-8")
        for folder, name in ((REPORT_TEMPLATES, "report.css"), (TEMPLATES, "serve.css"))
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader([TEMPLATES, REPORT_TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
