"""Which files lie in the inboxes that no run has taken yet, found without taking them.

Here: looking, for those who decide whether a run is worth while. Taking files belongs to ``intake``, by the same rule
of what is new.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.custody.arrival import Arrival
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.inbox import InboxFile, scan_inbox


@dataclass(frozen=True)
class DroppedFile:
    """A file that waits for a run; ``state`` changes with its size and its modification time."""

    source: str
    name: str
    state: str


def dropped_files(
    sources: Mapping[str, Source], inbox: Path, ledger: CustodyLedger, now: datetime
) -> list[DroppedFile]:
    """Return the files that wait, also those that are still being written."""
    found = []
    for name, source in sorted(sources.items()):
        if source.pull is None:
            latest = {arrival.file.file_name: arrival for arrival in ledger.arrivals(name)}
            scan = scan_inbox(inbox / (source.inbox or name), source.files, now=now, settle_seconds=0)
            found += [
                DroppedFile(name, file.name, f"{file.size} {file.modified_ns}")
                for file in scan.files
                if not is_as_seen(file, latest.get(file.name))
            ]
    return found


def is_as_seen(file: InboxFile, known: Arrival | None) -> bool:
    """Whether a file lies there as the ledger saw it last, by size and modification time."""
    if known is None or not known.file.sha256:
        return False
    return (known.file.size, known.seen_ns) == (file.size, file.modified_ns)
