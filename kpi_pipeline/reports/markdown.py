"""The report in Markdown, for machines and for whatever shows text.

Here: laying a frozen report out with the one template for text. Texts from outside are quoted so that they stay texts.
"""

import json
import re
from typing import Any

from kpi_pipeline.reports.html import template

MARKS = re.compile(r"([\\`*_{}\[\]<>()#|!~])")
BLANK_LINES = re.compile(r"\n{3,}")


def render_markdown(frozen: str) -> str:
    """Return the text of a report that was kept as JSON."""
    report: dict[str, Any] = json.loads(frozen)
    text = template("report.md.jinja").render(report=report, label=report["labels"], q=_quoted)
    return BLANK_LINES.sub("\n\n", text).strip() + "\n"


def _quoted(text: str) -> str:
    return MARKS.sub(r"\\\1", text)
