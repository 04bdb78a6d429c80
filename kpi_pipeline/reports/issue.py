"""Issuing a weekly report: the frozen report and all its forms, written beside each other.

Here: where the files lie, that each is replaced whole, and that the publication ledger knows from which snapshot they
were issued. What forms there are belongs to ``forms``; sending them does not belong here.
"""

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path

from kpi_pipeline.calendar.clock import Clock
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Audience
from kpi_pipeline.reports.archive import write_archive
from kpi_pipeline.reports.forms import rendered_forms
from kpi_pipeline.reports.model import report_model
from kpi_pipeline.reports.snapshot_reading import snapshot_day
from kpi_pipeline.reports.whole_files import replace_file
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
    """Write ``<reports>/<audience>/<week_start>/<name>.<language>`` in every form; return the page's path.

    The same snapshot, week, audience, language and KPIs to show (all when absent) give the same bytes.
    """
    return _write(current_snapshot(published, audience), reports, audience, week_start, language, kpis, name)


def issue_weekly_report(
    paths: Paths,
    clock: Clock,
    *,
    audience: Audience,
    week_start: date,
    language: str,
    kpis: Sequence[str] | None = None,
    name: str = "report",
) -> Path:
    """Write a report and enter it into the publication ledger: from now on its values count as sent."""
    snapshot = current_snapshot(paths.published, audience)
    page = _write(snapshot, paths.reports, audience, week_start, language, kpis, name)
    with PublicationLedger(paths.publication_ledger) as publications:
        publications.enter_issue(snapshot.stem, week_start, audience, clock.now(), kpis)
    write_archive(paths.reports, paths.site, audience)
    return page


def _write(
    snapshot: Path,
    reports: Path,
    audience: Audience,
    week_start: date,
    language: str,
    kpis: Sequence[str] | None,
    name: str,
) -> Path:
    frozen = report_model(snapshot, audience, week_start, language, kpis).as_json()
    folder = reports / audience / week_start.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    # All forms are made before the first of the former ones is replaced.
    for ending, content in list(rendered_forms(frozen)):
        replace_file(folder / f"{name}.{language}.{ending}", content)
    return folder / f"{name}.{language}.html"


def write_reports(
    configuration: Configuration,
    paths: Paths,
    clock: Clock,
    *,
    week: date | None = None,
    audiences: Collection[str] = (),
    languages: Collection[str] = (),
) -> list[Path]:
    """Issue the configured reports and return their pages.

    Args:
        configuration: says which reports there are and when a week starts.
        paths: the installation's folders.
        clock: when they are issued.
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
            issue_weekly_report(
                paths,
                clock,
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
