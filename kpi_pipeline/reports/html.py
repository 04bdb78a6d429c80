"""The report as one self-contained web page.

Here: laying out a frozen report with the one template. The page holds no text of its own, makes no request and runs no
script; none of these may be added.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from kpi_pipeline.reports.document import Report
from kpi_pipeline.reports.sparkline import sparkline

TEMPLATES = Path(__file__).parent / "templates"


def render_html(report: Report) -> str:
    """Return the page of a report."""
    return render_frozen(report.as_json())


def render_frozen(frozen: str) -> str:
    """Return the page of a report that was kept as JSON."""
    report: dict[str, Any] = json.loads(frozen)
    return _template().render(report=report, label=report["labels"], sparkline=sparkline)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja")
