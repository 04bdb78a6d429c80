"""``kpi.quality``: what a reader of the numbers should know about the data behind them.

Here: turning the states of sources, warnings of checks and notes on files into rows, each with the metrics that it
touches. Add a kind here, in ``NEUTRAL_MESSAGES`` and in the texts of the reports. What is wrong with a file is found in
``sources``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.values import day_ranges
from kpi_pipeline.catalogue.tables.row_tables import Row, Value
from kpi_pipeline.sources.custody.arrival import Arrival
from kpi_pipeline.sources.custody.source_state import SourceState
from kpi_pipeline.warehouse.checks import CheckWarning
from kpi_pipeline.warehouse.sql_project import SqlProject

ONE_DAY = timedelta(days=1)

# What executives are told: nothing of it comes from a file, so that it can name nothing internal.
NEUTRAL_MESSAGES = {
    "quarantined_file": "A file of this source could not be read.",
    "missing_days": "Data of these days has not arrived.",
    "late_source": "This source is late.",
    "failed_source": "This source could not be read.",
    "check_warning": "Some rows of these days look unusual.",
    "unverifiable_end": "Nothing in the files proves that they are complete.",
    "undated_rows": "Some figures are known for a longer period only, not by day.",
    "unknown_column": "The files hold columns that are not used.",
    "sampled": "Some figures are estimates that the platform made from a part of its data.",
    "thresholded": "The platform leaves out figures of very few people.",
    "incomplete_days": "Some days were not complete when they were exported.",
    "unit_suspected": "An amount looks as if it had come in another unit.",
}
NEUTRAL_OTHER = "There is a note on the data of this source."


@dataclass(frozen=True)
class Reach:
    """Which metrics a source, a subject or a table touches.

    Attributes:
        plans: metric → its plan.
        subjects_of_metrics: metric → raw subjects that it is made from.
        subjects_of_sources: source → subjects that it delivers.
    """

    project: SqlProject
    plans: Mapping[str, MetricPlan]
    subjects_of_metrics: Mapping[str, frozenset[str]]
    subjects_of_sources: Mapping[str, frozenset[str]]

    def of_source(self, source: str) -> list[str]:
        """Return the metrics that anything of the source goes into."""
        delivered = self.subjects_of_sources.get(source, frozenset())
        return [metric for metric, subjects in self.subjects_of_metrics.items() if delivered & subjects]

    def of_subject(self, subject: str) -> list[str]:
        """Return the metrics that are complete only if the subject covers their days."""
        return [metric for metric, plan in self.plans.items() if subject in plan.subjects]

    def of_table(self, table: str) -> list[str]:
        """Return the metrics that are made from a table."""
        return [
            metric
            for metric, plan in self.plans.items()
            if any(table == used or table in self.project.ancestors(used) for used in plan.tables)
        ]

    def sources_of(self, metric: str) -> list[str]:
        """Return the sources that deliver anything that the metric is made from."""
        needed = self.subjects_of_metrics[metric]
        return [source for source, delivered in self.subjects_of_sources.items() if delivered & needed]


def quality_rows(
    states: Iterable[SourceState],
    arrivals: Iterable[Arrival],
    warnings: Mapping[str, Sequence[CheckWarning]],
    *,
    reach: Reach,
    as_of: date,
) -> list[Row]:
    """Return one row per fact and metric that it touches; a fact that touches none has one row without metric."""
    rows: list[Row] = []
    for state in states:
        rows.extend(_missing_days(state, reach))
        rows.extend(_late(state, reach, as_of))
        rows.extend(_failed(state, reach, as_of))
        rows.extend(_quarantined(state, reach))
    rows.extend(_file_notes(arrivals, reach))
    for table, found in warnings.items():
        for warning in found:
            fact = _fact("check_warning", None, f"{table}: {warning}", warning.first_day, warning.last_day)
            rows.extend(_for_metrics(fact, reach.of_table(table)))
    return rows


def neutral_message_sql(kind: str) -> str:
    """Return the SQL that says of a row, by its ``kind``, only what executives may read."""
    whens = " ".join(f"when '{name}' then '{message}'" for name, message in NEUTRAL_MESSAGES.items())
    return f"case {kind} {whens} else '{NEUTRAL_OTHER}' end"


def _fact(kind: str, source: str | None, message: str, first: date | None, last: date | None) -> dict[str, Value]:
    severity = "error" if kind in ("quarantined_file", "failed_source") else "warning"
    return {
        "kind": kind,
        "source": source,
        "first_day": first,
        "last_day": last,
        "message": message,
        "severity": severity,
    }


def _for_metrics(fact: dict[str, Value], metrics: Collection[str]) -> list[Row]:
    return [fact | {"metric_id": metric} for metric in sorted(metrics)] or [fact]


def _missing_days(state: SourceState, reach: Reach) -> Iterator[Row]:
    for coverage in state.coverage:
        # What nothing must be covered by, such as product costs, has no days that could be missing.
        if metrics := reach.of_subject(coverage.subject):
            for first, last in day_ranges(coverage.missing_days):
                message = f"{coverage.subject}: nothing delivered for {(last - first).days + 1} days"
                yield from _for_metrics(_fact("missing_days", state.source, message, first, last), metrics)


def _late(state: SourceState, reach: Reach, as_of: date) -> Iterator[Row]:
    if not state.is_late:
        return
    newest = f"the newest file is of {state.exported_at:%Y-%m-%d}" if state.exported_at else "no file has arrived"
    yield from _not_delivered("late_source", f"{newest}, later than promised", state, reach, as_of)


def _failed(state: SourceState, reach: Reach, as_of: date) -> Iterator[Row]:
    if state.failure is not None:
        message = f"on {state.failure.failed_for} the source could not be taken: {state.failure.problem}"
        yield from _not_delivered("failed_source", message, state, reach, as_of)


def _not_delivered(kind: str, message: str, state: SourceState, reach: Reach, as_of: date) -> Iterator[Row]:
    covered = [coverage.last_day for coverage in state.coverage]
    first = min(covered) + ONE_DAY if covered else None
    # All days covered already: nothing is missing in any week that has begun.
    last = as_of - ONE_DAY if first is not None and first < as_of else None
    fact = _fact(kind, state.source, message, first if last else None, last)
    yield from _for_metrics(fact, reach.of_source(state.source) if last or not covered else ())


def _quarantined(state: SourceState, reach: Reach) -> Iterator[Row]:
    missing = [day for coverage in state.coverage for day in coverage.missing_days]
    for file in state.quarantine:
        refusal = file.refusal
        details: dict[str, Value] = {
            "file_name": file.file_name,
            "line": refusal.line,
            "column_name": refusal.column,
            "found": refusal.found,
            "expected": refusal.expected,
        }
        message = refusal.advice or refusal.message
        yield _fact("quarantined_file", state.source, message, None, None) | details
        # Where other files cover all days, the numbers are complete without this one.
        if missing or not state.coverage:
            first, last = (min(missing), max(missing)) if missing else (None, None)
            fact = _fact("quarantined_file", state.source, message, first, last) | details
            yield from _for_metrics(fact, reach.of_source(state.source))


def _file_notes(arrivals: Iterable[Arrival], reach: Reach) -> Iterator[Row]:
    """One row for all loaded files of a source that share a note: it would otherwise be repeated every day."""
    groups: dict[tuple[str, str, str, str], list[Arrival]] = {}
    for arrival in arrivals:
        if arrival.state == "loaded" and arrival.contents is not None:
            for kind, found, message in _notes(arrival):
                groups.setdefault((arrival.file.source, kind, found, message), []).append(arrival)
    for (source, kind, found, message), files in groups.items():
        contents = [file.contents for file in files if file.contents is not None]
        firsts = [each.first_day for each in contents if each.first_day is not None]
        lasts = [each.last_day for each in contents if each.last_day is not None]
        counted = f"{message} ({len(files)} files)" if len(files) > 1 else message
        fact = _fact(kind, source, counted, min(firsts, default=None), max(lasts, default=None))
        newest = max(files, key=lambda file: (str(file.exported_at), file.file.file_name))
        details: dict[str, Value] = {"file_name": newest.file.file_name, "found": found or None}
        yield from _for_metrics(fact | details, reach.of_source(source))


def _notes(arrival: Arrival) -> Iterator[tuple[str, str, str]]:
    contents = arrival.contents
    assert contents is not None
    if not contents.is_end_verifiable:
        yield "unverifiable_end", "", "nothing in the file proves that no rows are missing at its end"
    for column in contents.unknown_columns:
        yield "unknown_column", column, f"the column {column} is not part of the source's contract and is not used"
    for note in contents.notes:
        yield note.kind, note.found, note.message
