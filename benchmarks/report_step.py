"""Scenario program: every form of both reports in both languages, for the newest week of a published demo.

Here: making them one after the other, timed by form. Usage: DATA-FOLDER.
"""

import sys
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.measure import reported
from benchmarks.stopwatch import Stopwatch, own_clock
from kpi_pipeline.config.report import Audience
from kpi_pipeline.reports.forms import FORMS, fonts
from kpi_pipeline.reports.mail import render_mail
from kpi_pipeline.reports.model import report_model
from kpi_pipeline.warehouse.snapshot import current_snapshot

AUDIENCES: tuple[Audience, ...] = ("executive", "internal")
LANGUAGES = ("en", "fa")
MODEL, MAIL = "frozen report", "mail with its pictures"


def run(data: Path, week: date, report: dict[str, Any]) -> None:
    """Make all forms, and report how long each took."""
    stopwatch = Stopwatch()
    with own_clock(report):
        for audience in AUDIENCES:
            snapshot = current_snapshot(data / "published", audience)
            for language in LANGUAGES:
                with stopwatch.counted(MODEL):
                    frozen = report_model(snapshot, audience, week, language).as_json()
                for name, render in FORMS.items():
                    with stopwatch.counted(name):
                        render(frozen)
                with stopwatch.counted(MAIL):
                    render_mail(frozen, fonts())
    report["parts"] = stopwatch.seconds


if __name__ == "__main__":
    found: dict[str, Any] = {}
    run(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), found)
    reported(found)
