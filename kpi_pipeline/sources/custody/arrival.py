"""One arrival of one file, as the custody ledger keeps it.

Here: the values alone. Add a field when something about an arrival must survive the loss of the warehouse. How they are
stored belongs to ``custody_ledger``; which state an arrival gets is decided in ``ingest``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from kpi_pipeline.sources.files.opened_file import FileNote

State = Literal["loaded", "quarantined", "duplicate", "superseded"]


@dataclass(frozen=True)
class NewArrival:
    """A file that was stored in custody and has no state yet.

    Attributes:
        sha256: hash of the stored bytes; empty for a file that could not be read.
        modified_ns: the file's modification time when it arrived, in nanoseconds since 1970.
        arrived_for: the day of the run that found it.
    """

    source: str
    file_name: str
    size: int
    sha256: str
    modified_ns: int
    arrived_at: datetime
    arrived_for: date


@dataclass(frozen=True)
class Contents:
    """What a loaded file held.

    Attributes:
        rows: rows that it brought, whether or not a newer export has replaced them since.
        first_day: first day that it speaks for; None if it speaks for none.
        control_totals: what the file itself said its rows add up to.
        is_end_verifiable: whether something in the file proves that its end was not cut off.
    """

    rows: int
    first_day: date | None
    last_day: date | None
    control_totals: Mapping[str, Decimal]
    is_end_verifiable: bool
    unknown_columns: tuple[str, ...]
    notes: tuple[FileNote, ...]


@dataclass(frozen=True)
class Refusal:
    """Why a file is in quarantine: ``message`` in one text, the parts for tables."""

    message: str
    line: int | None
    column: str | None
    found: str
    expected: str
    advice: str


@dataclass(frozen=True)
class Failure:
    """Why a source as a whole could not be taken, whatever files there are.

    Attributes:
        failed_for: the day of the run.
    """

    failed_for: date
    problem: str


@dataclass(frozen=True)
class Arrival:
    """One arrival as the ledger knows it.

    Attributes:
        seen_ns: modification time that the unchanged file had when it was last looked at.
        state: None until it was decided.
        exported_at: export time in UTC without time zone; None if the file does not say one that can be read.
        contract_fingerprint: the contract that the state was decided under; another one decides again.
        contents: of files that were loaded.
        refusal: of files in quarantine.
        expired_at: when the stored bytes were deleted because the source keeps files only for some days.
    """

    arrival_id: int
    file: NewArrival
    seen_ns: int
    state: State | None
    exported_at: datetime | None
    batch_id: str | None
    contract_fingerprint: str | None
    contents: Contents | None
    refusal: Refusal | None
    expired_at: datetime | None = None

    @property
    def was_accepted(self) -> bool:
        """Whether it was loaded once, also if it waits to be loaded anew."""
        return self.contents is not None and self.refusal is None


@dataclass(frozen=True)
class Decision:
    """What became of an arrival; the fields mean the same as those of ``Arrival``."""

    arrival_id: int
    state: State
    exported_at: datetime | None
    batch_id: str | None
    contract_fingerprint: str | None
    contents: Contents | None = None
    refusal: Refusal | None = None
