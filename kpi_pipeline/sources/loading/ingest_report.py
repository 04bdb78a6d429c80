"""What one ingest of one source did, for those who show it.

Here: the values alone. How they come about belongs to ``ingest``.
"""

from dataclasses import dataclass

from kpi_pipeline.sources.custody.arrival import Decision, NewArrival, State
from kpi_pipeline.sources.files.reading import AS_STATED


@dataclass(frozen=True)
class FileOutcome:
    """What became of one arrived file.

    Attributes:
        sha256: hash of its bytes; empty if they could not be read.
        rows_loaded: rows that it brought in this run.
        problem: why it is in quarantine.
        keeps_its_totals: whether its rows add up to the totals that the file itself states; None where it states none.
    """

    file_name: str
    sha256: str
    state: State
    rows_loaded: int
    problem: str | None
    keeps_its_totals: bool | None = None


@dataclass(frozen=True)
class IngestReport:
    """What one ingest of one source did.

    Attributes:
        files: the files that were decided in this run.
        unsettled: names of files that may still be written and are left for the next run.
        notes: what else somebody should know, in sentences.
    """

    source: str
    files: tuple[FileOutcome, ...]
    unsettled: tuple[str, ...]
    notes: tuple[str, ...] = ()


def outcome_of(file: NewArrival, decision: Decision) -> FileOutcome:
    """Return a decision as it is shown."""
    keeps_its_totals = None
    if decision.refusal is not None and decision.refusal.expected.endswith(AS_STATED):
        keeps_its_totals = False
    elif decision.contents is not None and decision.contents.control_totals:
        keeps_its_totals = True
    return FileOutcome(
        file_name=file.file_name,
        sha256=file.sha256,
        state=decision.state,
        rows_loaded=decision.contents.rows if decision.contents else 0,
        problem=decision.refusal.message if decision.refusal else None,
        keeps_its_totals=keeps_its_totals,
    )
