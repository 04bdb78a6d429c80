"""Which edition of a week is due: the first one, the same again for those who lack it, or a correction.

Here: comparing what was sent with what is published now. A number that moved beyond the tolerance after it was sent
makes a new revision; every other new snapshot changes nothing about a week that was sent. How restatements are found
belongs to ``catalogue``.
"""

from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from kpi_pipeline.config.report import Audience
from kpi_pipeline.delivery.delivery_ledger import DeliveryLedger
from kpi_pipeline.errors import DeliveryError
from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot


@dataclass(frozen=True)
class Change:
    """What changed, in words; None where the snapshot has none in a language."""

    en: str | None
    fa: str | None


@dataclass(frozen=True)
class DueEdition:
    """What is to be sent for a week.

    Attributes:
        snapshot: the file that it is made from.
        published_at: when that was published, in UTC without time zone.
        changes: what a correction corrects; empty for a first edition.
    """

    revision: int
    snapshot: Path
    published_at: datetime
    changes: tuple[Change, ...] = ()


def due_edition(
    ledger: DeliveryLedger,
    published: Path,
    *,
    report: str,
    audience: Audience,
    week_start: date,
    kpis: tuple[str, ...] | None,
) -> DueEdition:
    """Return the edition that is due.

    Args:
        ledger: knows what was sent.
        published: the folder of snapshots.
        report: the report's id.
        audience: its audience.
        week_start: the first day of the week.
        kpis: the KPIs that the report shows; all of the audience when absent.
    """
    current = current_snapshot(published, audience)
    published_at = _published_at(current)
    issued = ledger.last_issued(week_start, report)
    if issued is None:
        return DueEdition(0, current, published_at)
    is_newer = published_at > issued.published_at
    changes = _corrections(current, week_start, since=issued.published_at, kpis=kpis) if is_newer else ()
    if changes:
        return DueEdition(issued.revision + 1, current, published_at, changes)
    sent = published / audience / f"{issued.snapshot_id}.duckdb"
    snapshot, published_at = (sent, issued.published_at) if sent.is_file() else (current, published_at)
    before = ledger.last_issued(week_start, report, before=issued.revision)
    if before is not None:
        changes = _corrections(snapshot, week_start, since=before.published_at, kpis=kpis)
    return DueEdition(issued.revision, snapshot, published_at, changes)


def _published_at(snapshot: Path) -> datetime:
    with closing(open_snapshot(snapshot)) as connection:
        found = connection.execute("select published_at from kpi.snapshot").fetchone()
    if found is None:
        raise DeliveryError(f"{snapshot}: kpi.snapshot is empty; publish again: kpi run")
    moment: datetime = found[0]
    return moment


def _corrections(
    snapshot: Path, week_start: date, *, since: datetime, kpis: tuple[str, ...] | None
) -> tuple[Change, ...]:
    # The team's report shows the KPIs of executives too; the executives' file holds no others.
    query = (
        "select kpi_id, finding_en, finding_fa from kpi.restatements where is_correction and week_start = ?"
        " and to_published_at > ? order by kpi_id, to_published_at, cause"
    )
    with closing(open_snapshot(snapshot)) as connection:
        try:
            rows = connection.execute(query, [week_start, since]).fetchall()
        except duckdb.Error as error:
            raise DeliveryError(f"{snapshot}: restatements cannot be read; publish again: kpi run: {error}") from error
    found = (Change(english, persian) for kpi, english, persian in rows if kpis is None or kpi in kpis)
    return tuple(dict.fromkeys(found))
