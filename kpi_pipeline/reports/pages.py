"""The report as a PDF that assistive technology can read, one page for the scorecard.

Here: laying a frozen report out with the one template for pages. No text and no number is made here; the same frozen
report and fonts give the same bytes.
"""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kpi_pipeline.reports.charts.drawn import drawn
from kpi_pipeline.reports.fonts import found_fonts
from kpi_pipeline.reports.html import TEMPLATES, defined_terms

# Letters in points; the first that brings a scorecard onto one page. Smaller ones could not be read in print.
SIZES = (8.5, 7.75, 7.0, 6.25)
STANDARDS = ["ua-1"]


def render_pages(frozen: str, fonts: Path | None = None) -> bytes:
    """Return the PDF of a report that was kept as JSON.

    Args:
        frozen: the report.
        fonts: a folder of fonts to use before those that are installed.
    """
    import typst

    report: dict[str, Any] = json.loads(frozen)
    files = {name: content.encode() for name, content in _pictures(report)}
    files["main.typ"] = (TEMPLATES / "report.typ").read_bytes()
    files["report.json"] = json.dumps(report | {"terms": defined_terms(report)}, ensure_ascii=False).encode()
    sizes = SIZES if report["internal"] is None else SIZES[:1]
    pages = b""
    for size in sizes:
        pages = typst.compile(  # type: ignore[call-overload]  # its stub does not know of several files
            files,
            font_paths=found_fonts(fonts),
            sys_inputs={"size": str(size)},
            pdf_standards=STANDARDS,
        )
        if page_count(pages) == 1:
            break
    return pages


def page_count(pages: bytes) -> int:
    """Return how many pages a PDF has."""
    from pypdf import PdfReader

    return len(PdfReader(io.BytesIO(pages)).pages)


def _pictures(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every chart of the report, under the name by which the template places it."""
    is_right_to_left = report["direction"] == "rtl"

    def picture(kind: str, chart: dict[str, Any], name: str) -> tuple[str, str]:
        return f"{name}.svg", str(drawn(kind, chart, is_right_to_left=is_right_to_left))

    kpis = [kpi for objective in report["objectives"] for kpi in objective["kpis"]]
    for position, kpi in enumerate(kpis):
        yield picture("trend", kpi["trend"], f"trend-{position}")
        if kpi["progress_bar"]:
            yield picture("progress", kpi["progress_bar"], f"progress-{position}")
    for kind in ("line", "waterfall"):
        if report["charts"][kind]:
            yield picture(kind, report["charts"][kind], kind)
    if report["internal"]:
        findings = report["internal"]["findings"]
        for position, table in enumerate(findings["contributions"]):
            if table["waterfall"]:
                yield picture("waterfall", table["waterfall"], f"waterfall-{position}")
        if findings["relation_plot"]:
            yield picture("intervals", findings["relation_plot"], "relations")
        if findings["cohorts"]:
            yield picture("heat_map", findings["cohorts"], "cohorts")
