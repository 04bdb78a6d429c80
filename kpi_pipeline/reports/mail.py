"""The report as the page of a mail, with its pictures.

Here: laying a frozen report out for mail. Every fact is text; pictures only repeat it, because they are often blocked.
What else a mail says, and sending it, does not belong here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_pipeline.reports.charts.drawn import drawn
from kpi_pipeline.reports.html import template
from kpi_pipeline.reports.pictures import as_png


@dataclass(frozen=True)
class MailForm:
    """A page that mail programs can show.

    Attributes:
        images: name by which the page refers to it (``cid:``) → PNG.
    """

    html: str
    images: dict[str, bytes]


def render_mail(frozen: str, fonts: Path | None = None, notes: Sequence[str] = ()) -> MailForm:
    """Return the page of a report that was kept as JSON.

    Args:
        frozen: the report.
        fonts: a folder of fonts to use in pictures before those that are installed.
        notes: what this mail has to say before anything else, such as what a correction corrects.
    """
    import css_inline

    report: dict[str, Any] = json.loads(frozen)
    images: dict[str, bytes] = {}

    def picture(kind: str, chart: dict[str, Any] | None, name: str) -> str:
        if chart is None:
            return ""
        images[name] = as_png(drawn(kind, chart, is_right_to_left=report["direction"] == "rtl"), fonts)
        return f"cid:{name}"

    page = template("mail.html.jinja").render(report=report, label=report["labels"], picture=picture, notes=notes)
    return MailForm(html=css_inline.inline(page, keep_style_tags=True), images=images)
