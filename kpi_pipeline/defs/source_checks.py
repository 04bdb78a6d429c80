"""What the UI says about a source after each run.

Here: one check for each question that a person asks about a source, and its answer. None of them stops a run: what
depends on a source says itself what is missing. What is found out about a source belongs to ``sources``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from kpi_pipeline.config.source import Source
from kpi_pipeline.defs.metadata import Metadata
from kpi_pipeline.sources.custody.source_state import SourceState
from kpi_pipeline.sources.loading.ingest_report import FileOutcome, IngestReport
from kpi_pipeline.sources.loading.volume import Volume

COULD_BE_TAKEN, NO_QUARANTINE = "could_be_taken", "no_quarantine"
FAILURE, PROBLEMS = "failure", "problems"


@dataclass(frozen=True)
class Taken:
    """What came of one source in one run.

    Attributes:
        reports: one per day that was taken.
        failure: why the source as a whole could not be taken, or None.
    """

    reports: tuple[IngestReport, ...]
    failure: str | None

    @property
    def files(self) -> list[FileOutcome]:
        """What became of each file."""
        return [file for report in self.reports for file in report.files]


def check_specs(key: dg.AssetKey, source: Source) -> list[dg.AssetCheckSpec]:
    """Return the checks of one source."""
    promise = "every day" if source.promised_every_days == 1 else f"every {source.promised_every_days} days"
    sentences = {
        COULD_BE_TAKEN: "The source could be read. If not, the run went on, and what is made from it says so.",
        NO_QUARANTINE: "No file of this run broke the source's contract.",
        "stated_totals": "Where a file states totals, its rows add up to them.",
        "usual_volume": "The newest day has about as many rows as the days of the four weeks before.",
        "on_time": f"Something newer was exported {promise}, as the source promises.",
    }
    return [dg.AssetCheckSpec(name, asset=key, description=sentence) for name, sentence in sentences.items()]


def check_results(taken: Taken, state: SourceState, volumes: Sequence[Volume]) -> Iterator[dg.AssetCheckResult]:
    """Answer each check."""
    problems = [file.problem for file in taken.files if file.problem is not None]
    # An API that cannot be asked is entered like a file that cannot be read, and is a source that fails all the same.
    failure = taken.failure or ("\n\n".join(problems) if state.is_pulled and problems else None)
    yield _result(
        COULD_BE_TAKEN,
        failure is None,
        failure,
        metadata={} if taken.failure is None else {FAILURE: taken.failure},
        severity=dg.AssetCheckSeverity.ERROR,
    )
    yield _result(
        NO_QUARANTINE,
        not problems,
        f"{len(problems)} file(s) in quarantine" if problems else None,
        metadata={PROBLEMS: dg.MetadataValue.md("\n\n".join(problems))} if problems else {},
    )
    stating = [file for file in taken.files if file.keeps_its_totals is not None]
    wrong = [file.file_name for file in stating if not file.keeps_its_totals]
    yield _result(
        "stated_totals",
        not wrong,
        f"not so in {', '.join(wrong)}" if wrong else f"{len(stating)} file(s) of this run state totals",
    )
    yield _result(
        "usual_volume",
        not any(volume.is_unusual for volume in volumes),
        "; ".join(f"{one.subject} of {one.day}: {one.rows:,} rows, usually {one.usual:,.0f}" for one in volumes)
        or "too few days or rows to tell",
    )
    yield _result("on_time", not state.is_late, _lateness(state))


def _result(
    name: str,
    is_passed: bool,
    description: str | None,
    *,
    metadata: Metadata | None = None,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name, passed=is_passed, description=description, metadata=metadata or {}, severity=severity
    )


def _lateness(state: SourceState) -> str:
    if state.exported_at is None:
        return "nothing arrived yet"
    newest = f"the newest export is of {state.exported_at:%Y-%m-%d}"
    return f"{newest}, {state.late_by_days} day(s) later than promised" if state.is_late else newest
