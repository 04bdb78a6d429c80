"""The report as one self-contained web page.

Here: laying out a frozen report with the one template. The page holds no text of its own, makes no request and runs no
script; none of these may be added.
"""

import json
from collections import Counter
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from kpi_pipeline.reports.charts.drawn import drawn
from kpi_pipeline.reports.document import Report

TEMPLATES = Path(__file__).parent / "templates"


def render_html(report: Report) -> str:
    """Return the page of a report."""
    return render_frozen(report.as_json())


def render_frozen(frozen: str) -> str:
    """Return the page of a report that was kept as JSON."""
    report: dict[str, Any] = json.loads(frozen)
    draw = partial(drawn, is_right_to_left=report["direction"] == "rtl")
    return template("report.html.jinja").render(
        report=report, label=report["labels"], draw=draw, terms=defined_terms(report)
    )


def defined_terms(report: dict[str, Any]) -> dict[str, str]:
    """Return name → metric of what the report defines; a name that two metrics share leads to neither."""
    defined = report["internal"]["definitions"] if report["internal"] else []
    shared = Counter(each["name"] for each in defined)
    return {each["name"]: each["metric_id"] for each in defined if shared[each["name"]] == 1}


@cache
def template(name: str) -> Template:
    """Return a template of the reports; what it places in HTML is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html.jinja"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
