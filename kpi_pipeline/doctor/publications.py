"""Checks of what leaves the pipeline: the last run, snapshots, reports, deliveries.

Here: one function per check, over the ledgers and the published files alone.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import get_args

from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.config.report import Audience
from kpi_pipeline.delivery.delivery_ledger import DeliveryLedger
from kpi_pipeline.doctor.finding import Examined, Fact, Finding
from kpi_pipeline.errors import KpiPipelineError
from kpi_pipeline.warehouse.snapshot import current_snapshot, list_snapshots, open_snapshot

# A run for a day comes on the next morning; behind these ages nobody has looked for a while.
WARNING_DAYS, PROBLEM_DAYS = 2, 7


def last_run(examined: Examined) -> Iterator[Finding]:
    """Tell how long ago a run published."""
    as_of = _last_day(examined)
    if as_of is None:
        yield Finding("last run", "problem", "nothing was ever published", "kpi run")
        return
    try:
        behind = (examined.installation.today - as_of).days
    except KpiPipelineError:
        return  # without a configuration nobody knows which day it is; that was said above
    facts: dict[str, Fact] = {"as_of": as_of.isoformat(), "days_behind": behind}
    if behind < WARNING_DAYS:
        yield Finding("last run", "good", f"published as of {as_of}", facts=facts)
    else:
        yield Finding(
            "last run",
            "problem" if behind >= PROBLEM_DAYS else "warning",
            f"published as of {as_of}, {behind} days ago",
            "look into the orchestrator's UI why no daily run came through, then: kpi run",
            facts,
        )


def snapshots(examined: Examined) -> Iterator[Finding]:
    """Open what both audiences read, as a reader would."""
    published = examined.installation.paths.published
    if _last_day(examined) is None:
        return
    current = {}
    for audience in get_args(Audience):
        try:
            current[audience] = current_snapshot(published, audience)
            with closing(open_snapshot(current[audience])) as connection:
                connection.execute("select snapshot_id from kpi.snapshot").fetchall()
        except KpiPipelineError as error:
            yield Finding("published", "problem", str(error), "kpi run; without a warehouse: kpi rebuild")
            return
    ids = {path.stem for path in current.values()}
    facts = {audience: path.stem for audience, path in current.items()}
    if len(ids) > 1:
        yield Finding("published", "problem", f"the audiences see different snapshots: {facts}", "kpi run", facts)
        return
    kept = len(list_snapshots(published, "internal"))
    yield Finding(
        "published", "good", f"{ids.pop()} is current for both audiences, {kept} kept", facts={**facts, "kept": kept}
    )


def reports(examined: Examined) -> Iterator[Finding]:
    """Look whether the last complete week was issued to every audience."""
    as_of = _last_day(examined)
    if as_of is None:
        return
    installation = examined.installation
    try:
        week = installation.configuration.calendar.last_complete_week(as_of).start
    except KpiPipelineError:
        return
    missing = [
        audience
        for audience in get_args(Audience)
        if not any((installation.paths.reports / audience / week.isoformat()).glob("*.json"))
    ]
    facts = {"week_start": week.isoformat(), "missing": ", ".join(missing)}
    if missing:
        yield Finding(
            "reports",
            "warning",
            f"week from {week}: no report for {' and '.join(missing)}",
            f"kpi report --week {week}",
            facts,
        )
    else:
        yield Finding("reports", "good", f"week from {week}: issued to both audiences", facts=facts)


def deliveries(examined: Examined) -> Iterator[Finding]:
    """Count what became of the copies that were to be sent."""
    path = examined.installation.paths.delivery_ledger
    if not path.exists():
        yield Finding("delivery", "good", "nothing was to be sent yet")
        return
    with DeliveryLedger(path) as ledger:
        entries = ledger.entries()
    states = Counter(entry.state for entry in entries)
    listed = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"
    facts: dict[str, Fact] = {str(state): count for state, count in states.items()}
    if states["unknown"]:
        yield Finding(
            "delivery",
            "problem",
            f"{listed}: nobody can tell whether {states['unknown']} arrived",
            "ask the readers, then: kpi deliver --resolve",
            facts,
        )
    elif states["failed"]:
        yield Finding("delivery", "warning", listed, "kpi deliver --status says why; kpi deliver tries again", facts)
    else:
        yield Finding("delivery", "good", listed, facts=facts)


def _last_day(examined: Examined) -> date | None:
    path = examined.installation.paths.publication_ledger
    if not path.exists():
        return None
    with PublicationLedger(path) as publications:
        return publications.last_day()
