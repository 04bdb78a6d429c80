"""How long the bytes of arrived files are kept.

Here: which files have reached their source's age, and their deletion. The ledger keeps what it knows about them, and
the warehouse their rows; what they were made of is gone.
"""

from datetime import datetime, timedelta

from kpi_pipeline.sources.custody.custody import Custody
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger


def expire_files(
    source: str, keep_days: int | None, *, ledger: CustodyLedger, custody: Custody, now: datetime
) -> frozenset[str]:
    """Delete the bytes of a source's files that arrived more than ``keep_days`` ago; return their hashes.

    A file that nobody has decided on is kept, and so are bytes that came once more since, or that another source may
    still use. After a crash before the deletion the next call does it.
    """
    expired: frozenset[str] = frozenset()
    if keep_days is not None:
        arrivals = [arrival for arrival in ledger.arrivals(source) if arrival.file.sha256]
        limit = now - timedelta(days=keep_days)
        needed = {entry.file.sha256 for entry in arrivals if entry.state is None or entry.file.arrived_at > limit}
        expired = frozenset(entry.file.sha256 for entry in arrivals if entry.expired_at is None) - needed
        if expired:
            ledger.expire(source, expired, now)
    for sha256 in ledger.expired_hashes():
        custody.delete(sha256)
    return expired
