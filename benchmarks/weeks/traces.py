"""What a period left behind in its folder: in the orchestrator's instance, the ledgers, the snapshots, the mails.

Here: reading alone. What it should have been is judged in ``checks``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import dagster as dg
from dagster._core.scheduler.instigation import TickStatus

from benchmarks.weeks.company import OWNER
from benchmarks.weeks.mailbox import RECIPIENT, mails
from benchmarks.weeks.story import MAILS
from kpi_pipeline.delivery.delivery_ledger import DeliveryLedger, Entry
from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot

MARKS = {"■": "began", "▲": "lasts", "✔": "ended"}
STAMPED = """
select distinct metric_id from kpi.quality
where kind in ('late_source', 'missing_days', 'failed_source') and metric_id is not null order by all
"""
VALUES = "select week_start, kpi_id, value from kpi.weekly_internal"
RESTATED = "select week_start, kpi_id, cause, old_value, new_value from kpi.restatements order by all"


@dataclass(frozen=True)
class Alert:
    """One line of a mail to the data team; ``event`` is began, lasts or ended."""

    event: str
    what: str


@dataclass(frozen=True)
class Traces:
    """What there is to see.

    Attributes:
        runs: oldest first.
        failed_looks: how often the schedule or a sensor failed.
        stamped: day → the metrics of which ``kpi.quality`` said that day that something is missing.
        values: week and KPI → the value that was published last.
        restatements: week, KPI, cause, value before and after.
    """

    runs: list[dg.DagsterRun]
    failed_looks: int
    deliveries: list[Entry]
    mails: list[EmailMessage]
    alerts: list[Alert]
    stamped: dict[date, list[str]]
    values: dict[tuple[date, str], float]
    restatements: list[tuple[date, str, str, float, float]]


def read_traces(folder: Path) -> Traces:
    """Read them all."""
    data, taken = folder / "data", mails(folder / MAILS)
    with dg.DagsterInstance.from_config(str(data / "dagster")) as instance:
        runs = [record.dagster_run for record in instance.get_run_records(ascending=True)]
        failed = sum(
            tick.status == TickStatus.FAILURE
            for state in instance.all_instigator_state()
            for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)
        )
    with DeliveryLedger(data / "delivery.sqlite") as ledger:
        deliveries = ledger.entries()
    last = current_snapshot(data / "published", "internal")
    return Traces(
        runs=runs,
        failed_looks=failed,
        deliveries=deliveries,
        mails=taken,
        alerts=[alert for mail in taken if mail[RECIPIENT] == OWNER for alert in _told(mail)],
        stamped=_stamped(data / "published" / "internal"),
        values={(week, kpi): value for week, kpi, value in _rows(last, VALUES)},
        restatements=_rows(last, RESTATED),
    )


def _stamped(snapshots: Path) -> dict[date, list[str]]:
    """By the last snapshot of each day."""
    found: dict[date, list[str]] = {}
    for snapshot in sorted(snapshots.glob("*.duckdb"), key=lambda path: path.stat().st_mtime_ns):
        ((as_of,),) = _rows(snapshot, "select as_of from kpi.snapshot")
        found[as_of] = [metric for (metric,) in _rows(snapshot, STAMPED)]
    return found


def _rows(snapshot: Path, query: str) -> list[tuple]:  # type: ignore[type-arg]
    with open_snapshot(snapshot) as connection:
        return connection.execute(query).fetchall()


def _told(mail: EmailMessage) -> Iterator[Alert]:
    event, body = "", mail.get_body(("plain",))
    for line in body.get_content().splitlines() if body else ():
        if line[:1] in MARKS:
            event = MARKS[line[0]]
        elif line.startswith("- ") and event:
            yield Alert(event, line.removeprefix("- "))
