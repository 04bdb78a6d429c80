"""From the inbox into custody and into the ledger: the first half of an ingest.

Here: telling new files from those that were seen before, and entering what arrived. What becomes of an arrival is
decided in ``ingest``; what counts as a file belongs to ``inbox``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from kpi_pipeline.sources.custody.arrival import Arrival, Decision, NewArrival, Refusal
from kpi_pipeline.sources.custody.custody import Custody
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.dropped import is_as_seen
from kpi_pipeline.sources.custody.inbox import is_as_listed, scan_inbox
from kpi_pipeline.sources.files.refused_file import RefusedFile


@dataclass(frozen=True)
class Finding:
    """When a scan of an inbox takes place.

    Attributes:
        now: the current instant, with its time zone.
        as_of: the day of the run.
        settle_seconds: how long a file must have been left unchanged before it is taken; 0 takes every file.
    """

    now: datetime
    as_of: date
    settle_seconds: float


@dataclass(frozen=True)
class Intake:
    """What was found in an inbox.

    Attributes:
        stored: hashes of the bytes that are new in custody.
        unreadable: files that could not be read, unless the last run found them so already.
        unsettled: names of files that may still be written; the next run takes them.
    """

    stored: frozenset[str]
    unreadable: tuple[RefusedFile, ...]
    unsettled: tuple[str, ...]


def take_in(
    source: str, inbox: Path, pattern: str, finding: Finding, *, ledger: CustodyLedger, custody: Custody
) -> Intake:
    """Store what is new in an inbox and enter it into the ledger without a state.

    A file that lies there as the ledger saw it last, by size and modification time, is not read again; one whose bytes
    are the same as before under the same name is no new arrival.

    Raises:
        CustodyError: the store cannot be written.
    """
    scan = scan_inbox(inbox, pattern, now=finding.now, settle_seconds=finding.settle_seconds)
    latest = {arrival.file.file_name: arrival for arrival in ledger.arrivals(source)}
    arrived: list[NewArrival] = []
    unchanged: dict[int, tuple[int, int]] = {}
    unreadable = list(scan.refused)
    unsettled = list(scan.unsettled)
    for file in scan.files:
        known = latest.get(file.name)
        if is_as_seen(file, known):
            continue
        try:
            # A program whose clock is behind may still be writing a file that looks settled.
            stored = custody.store(file.path) if is_as_listed(file) else None
        except OSError as error:
            unreadable.append(_unreadable(file.name, error))
            continue
        if stored is None:
            unsettled.append(file.name)
        elif known and known.file.sha256 == stored.sha256:
            unchanged[known.arrival_id] = (stored.size, stored.modified_ns)
        else:
            arrived.append(_arrival(source, file.name, finding, stored.size, stored.sha256, stored.modified_ns))
    if arrived or unchanged:
        custody.flush()
        ledger.note_unchanged(unchanged)
        ledger.register(arrived)
    return Intake(
        stored=frozenset(file.sha256 for file in arrived),
        unreadable=tuple(_newly_unreadable(source, unreadable, latest, finding, ledger)),
        unsettled=tuple(unsettled),
    )


def refusal_of(refused: RefusedFile) -> Refusal:
    """Return a raised refusal as the ledger keeps it."""
    return Refusal(str(refused), refused.line, refused.column, refused.found, refused.expected, refused.advice)


def _newly_unreadable(
    source: str,
    unreadable: list[RefusedFile],
    latest: Mapping[str, Arrival],
    finding: Finding,
    ledger: CustodyLedger,
) -> list[RefusedFile]:
    news = []
    for refused in unreadable:
        known = latest.get(refused.file)
        refusal = refusal_of(refused)
        if known is not None and known.refusal == refusal:
            continue
        # Without bytes there is nothing to load later, so it is decided at once.
        (arrival_id,) = ledger.register([_arrival(source, refused.file, finding)])
        ledger.decide([Decision(arrival_id, "quarantined", None, None, None, refusal=refusal)])
        news.append(refused)
    return news


def _arrival(
    source: str, file_name: str, finding: Finding, size: int = 0, sha256: str = "", modified_ns: int = 0
) -> NewArrival:
    return NewArrival(source, file_name, size, sha256, modified_ns, finding.now, finding.as_of)


def _unreadable(file_name: str, error: OSError) -> RefusedFile:
    return RefusedFile(
        file_name,
        found=f"a file that cannot be read ({error.strerror or error})",
        expected="a readable file",
        advice="Correct its permissions, or put it into the inbox again.",
    )
