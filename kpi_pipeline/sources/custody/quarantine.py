"""Files in quarantine, and the two ways in which a person lets one of them try again.

Here: which files wait, finding the one that somebody means, and opening it for the next run. Nothing is loaded here and
no rule is set aside, except the one that a confirmation is about: far fewer rows than before.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from kpi_pipeline.errors import QuarantineError
from kpi_pipeline.sources.custody.arrival import Arrival, Refusal
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading.loading import CONFIRM_ADVICE

_HASH = re.compile(r"[0-9a-f]{4,64}")


def waiting_files(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Return the refused files of one source that no later file of the same name or bytes has replaced."""
    waiting: list[Arrival] = []
    later_names: set[str] = set()
    accepted_later: set[str] = set()
    for arrival in reversed(arrivals):
        file = arrival.file
        if arrival.state is None:
            continue
        if arrival.refusal is None:
            accepted_later.add(file.sha256)
        elif file.file_name not in later_names and file.sha256 not in accepted_later:
            waiting.append(arrival)
        later_names.add(file.file_name)
    return waiting[::-1]


def is_confirmable(refusal: Refusal) -> bool:
    """Tell whether a file was refused only because it brings so much less than what it replaces."""
    return refusal.advice == CONFIRM_ADVICE


def release(ledger: CustodyLedger, file: str, sources: Sequence[str]) -> Arrival:
    """Open a file for the next run, which decides on it again; return it.

    Args:
        ledger: the custody ledger.
        file: its name, or the first four or more digits of its hash.
        sources: where to look for it.

    Raises:
        QuarantineError: no file is meant, or several are, or its bytes are not there.
    """
    arrival = _found(ledger, file, sources)
    ledger.reopen([arrival.arrival_id])
    return arrival


def confirm(
    ledger: CustodyLedger, file: str, sources: Sequence[str], *, confirmed_by: str, reason: str, confirmed_at: datetime
) -> Arrival:
    """Let a file in that was refused for its few rows; the next run loads it. Name and reason are kept.

    Raises:
        QuarantineError: as ``release``; or the file was refused for something that nobody can confirm; or a reason or
            a name is missing.
    """
    arrival = _found(ledger, file, sources)
    assert arrival.refusal is not None
    if not reason.strip() or not confirmed_by.strip():
        raise QuarantineError("a confirmation needs a reason and the name of who gives it")
    if not is_confirmable(arrival.refusal):
        raise QuarantineError(
            f"{arrival.file.file_name}: only few rows can be confirmed, and this file was refused for something else: "
            f"{arrival.refusal.message} Correct its export or the source's configuration, then --release it."
        )
    ledger.confirm(
        arrival.file.source,
        arrival.file.sha256,
        confirmed_by=confirmed_by.strip(),
        reason=reason.strip(),
        confirmed_at=confirmed_at,
    )
    return arrival


def _found(ledger: CustodyLedger, file: str, sources: Sequence[str]) -> Arrival:
    waiting = [arrival for source in sources for arrival in waiting_files(ledger.arrivals(source))]
    found = [arrival for arrival in waiting if arrival.file.file_name == file]
    if not found and _HASH.fullmatch(file.lower()):
        found = [arrival for arrival in waiting if arrival.file.sha256.startswith(file.lower())]
    if not found:
        known = ", ".join(arrival.file.file_name for arrival in waiting)
        raise QuarantineError(f"{file}: no such file in quarantine; there are: {known or 'none'}")
    if len(found) > 1:
        listed = "; ".join(
            f"{arrival.file.source}: {arrival.file.file_name} ({arrival.file.sha256[:12]})" for arrival in found
        )
        raise QuarantineError(
            f"{file}: {len(found)} files are meant: {listed}. Name the source too, or give more of the name or the hash"
        )
    if not found[0].file.sha256:
        raise QuarantineError(
            f"{file}: it could not be read when it arrived, so there is nothing to decide on; once it is readable, the "
            "next run takes it by itself"
        )
    if found[0].expired_at is not None:
        raise QuarantineError(
            f"{file}: its bytes were deleted on {found[0].expired_at.date()}, as keep_files_days says; export it again"
        )
    return found[0]
