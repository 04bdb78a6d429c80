"""Issuing a weekly report: the frozen report and its page, written beside each other.

Here: where the files lie and that each is replaced whole. Other forms of the same report are written here too; sending
them does not belong here.
"""

import os
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path

from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Audience
from kpi_pipeline.reports.html import render_frozen
from kpi_pipeline.reports.model import report_model
from kpi_pipeline.reports.snapshot_reading import snapshot_day
from kpi_pipeline.warehouse.snapshot import current_snapshot


def write_weekly_report(
    published: Path,
    reports: Path,
    *,
    audience: Audience,
    week_start: date,
    language: str,
    kpis: Sequence[str] | None = None,
    name: str = "report",
) -> Path:
    """Write ``<reports>/<audience>/<week_start>/<name>.<language>.html`` and ``.json``; return the page's path.

    The same snapshot, week, audience, language and KPIs to show (all when absent) give the same bytes.
    """
    frozen = report_model(current_snapshot(published, audience), audience, week_start, language, kpis).as_json()
    rendered = render_frozen(frozen)
    folder = reports / audience / week_start.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{name}.{language}.html"
    _replace_file(folder / f"{name}.{language}.json", frozen)
    _replace_file(page, rendered)
    return page


def write_reports(
    configuration: Configuration,
    paths: Paths,
    *,
    week: date | None = None,
    audiences: Collection[str] = (),
    languages: Collection[str] = (),
) -> list[Path]:
    """Write the configured reports and return their pages.

    Args:
        configuration: says which reports there are and when a week starts.
        paths: the installation's folders.
        week: a day of the week to report; the last complete week of each snapshot when absent.
        audiences: whose reports to write; all when empty.
        languages: which of a report's languages to write; all when empty.
    """
    pages: list[Path] = []
    for report_id, report in configuration.reports.items():
        if audiences and report.audience not in audiences:
            continue
        day = snapshot_day(current_snapshot(paths.published, report.audience))
        calendar = configuration.calendar
        period = calendar.period_of("week", week) if week else calendar.last_complete_week(day)
        wanted = [language for language in report.languages if not languages or language in languages]
        chosen = report.chosen(configuration.kpis)
        pages += [
            write_weekly_report(
                paths.published,
                paths.reports,
                audience=report.audience,
                week_start=period.start,
                language=language,
                kpis=chosen,
                name=report_name(report_id, chosen),
            )
            for language in wanted
        ]
    return pages


def report_name(report_id: str, chosen: Sequence[str] | None) -> str:
    """Return what a report's files are called, so that one of some KPIs never replaces the one of all."""
    return "report" if chosen is None else report_id


def _replace_file(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
