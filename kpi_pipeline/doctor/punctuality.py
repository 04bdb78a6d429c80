"""Checks of what should have happened by now: the daily run, the reports, the exports of the sources.

Here: one function per check, over the ledgers alone, so that neither a run nor an orchestrator that is down is in the
way. When something is due stands in ``due``.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.config.delivery_checks import mailbox
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.delivery.delivery_ledger import DeliveryLedger, Entry
from kpi_pipeline.doctor.due import DueReports, due_reports, due_run
from kpi_pipeline.doctor.finding import Examined, Finding
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.lateness import days_late, newest_accepted


def daily_run(examined: Examined) -> Iterator[Finding]:
    """Look whether the run that is due has published.

    Raises:
        RunActiveError: if it has not, and a run is active: then it is too early to tell.
    """
    installation = examined.installation
    configuration = installation.configuration
    due = due_run(configuration.calendar, configuration.company.daily_run_at, installation.clock.now())
    path = installation.paths.publication_ledger
    last_day = None
    if path.exists():
        with PublicationLedger(path) as publications:
            last_day = publications.last_day()
    if last_day is not None and last_day >= due.day:
        yield Finding("daily run", "good", f"the run of {last_day} came through")
        return
    installation.run_lock.refuse_if_held()
    advice = Phrase("see in the orchestrator's UI why, or whether it is down at all; then: kpi run")
    if last_day is None:
        message = Phrase("no run has come through yet; one was due on {due}", due=_moment(installation, due.at))
    else:
        message = Phrase(
            "the run of {day} was due on {due} and has not come through; the last one was that of {last}",
            day=due.day,
            due=_moment(installation, due.at),
            last=last_day,
        )
    yield Finding("daily run", "problem", message, advice)


def late_reports(examined: Examined) -> Iterator[Finding]:
    """Look whether everybody has got the reports that are due; before a first run came through, none is."""
    installation = examined.installation
    if not installation.paths.publication_ledger.exists():
        return
    configuration = installation.configuration
    due = due_reports(configuration.calendar, configuration.delivery.deadline, installation.clock.now())
    if due.week.start < configuration.company.started_on:
        return
    entries: list[Entry] = []
    if installation.paths.delivery_ledger.exists():
        with DeliveryLedger(installation.paths.delivery_ledger) as ledger:
            entries = ledger.entries(due.week.start)
    # While nothing is sent, what lies in the outbox counts.
    done = {"sent", "claimed", "unknown"} | (set() if configuration.delivery.enabled else {"skipped"})
    served = {(one.report, one.channel, one.recipient) for one in entries if one.state in done}
    for report_id, report in configuration.reports.items():
        readers = {
            (report_id, one.channel, mailbox(one.to) if one.channel == "mail" else one.to)
            for one in configuration.delivery.recipients
            if one.report == report_id
        }
        subject = f"report {report_id}"
        if missing := len(readers - served):
            yield Finding(subject, "problem", *_not_sent(installation, report_id, due, missing, len(readers)))
        elif not readers and not _is_written(installation, report.audience, due):
            message = Phrase(
                'report "{report}" on the week from {week} was due on {due} and is not written',
                report=report_id,
                week=due.week.start,
                due=_moment(installation, due.at),
            )
            yield Finding(subject, "problem", message, f"kpi report --week {due.week.start}")
        else:
            yield Finding(subject, "good", f"the week from {due.week.start} is out")


def late_sources(examined: Examined) -> Iterator[Finding]:
    """Look whether every source has exported when it promised to."""
    installation = examined.installation
    configuration = installation.configuration
    due = due_run(configuration.calendar, configuration.company.daily_run_at, installation.clock.now())
    path = installation.paths.custody_ledger
    if not path.exists():
        return
    with CustodyLedger(path) as ledger:
        for name, source in sorted(configuration.sources.items()):
            late = days_late(source, newest_accepted(ledger.arrivals(name)), configuration.calendar, due.day)
            advice = Phrase("{command} says what is missing since when", command=f"kpi sources {name}")
            if late is None:
                message = Phrase("source {source}: nothing arrived yet", source=name)
                yield Finding(f"source {name}", "problem", message, advice)
            elif late:
                one = Phrase("source {source}: late by one day", source=name)
                message = Phrase("source {source}: late by {days} days", source=name, days=late) if late > 1 else one
                yield Finding(f"source {name}", "problem", message, advice)


def _not_sent(
    installation: Installation, report_id: str, due: DueReports, missing: int, readers: int
) -> tuple[Phrase, Phrase]:
    message = Phrase(
        'report "{report}" on the week from {week} was due on {due}; not sent: {missing} of {readers} copies',
        report=report_id,
        week=due.week.start,
        due=_moment(installation, due.at),
        missing=missing,
        readers=readers,
    )
    return message, Phrase("{command} sends them, or says why not", command=f"kpi deliver --week {due.week.start}")


def _is_written(installation: Installation, audience: str, due: DueReports) -> bool:
    return any((installation.paths.reports / audience / due.week.start.isoformat()).glob("*.json"))


def _moment(installation: Installation, at: datetime) -> str:
    zone = installation.configuration.company.time_zone
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
