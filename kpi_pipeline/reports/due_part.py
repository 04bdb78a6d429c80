"""What somebody has to do now or soon: tasks, reviews, what a target rests on, missing actions, and corrections.

Here: finding it in the snapshot and wording it, with owner and day, for the team's report. Reservations about single
numbers belong to ``badges``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kpi_pipeline.reports.dated_text import dated_texts
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.internal_document import DueLine
from kpi_pipeline.reports.kpi_weeks import KpiWeek
from kpi_pipeline.reports.snapshot_rows import ObjectiveRow, SnapshotRows
from kpi_pipeline.wording.dates import format_day, format_days
from kpi_pipeline.wording.outside_text import NAME_LIMIT, isolate

# The horizon that the note of the list names.
DUE_WITHIN = timedelta(weeks=4)


@dataclass(frozen=True)
class _Due:
    day: date
    about: str
    what: str
    owner: str


def due_lines(kpis: Sequence[KpiWeek], rows: SnapshotRows, edition: Edition) -> tuple[DueLine, ...]:
    """Return what is overdue or due within four weeks of the day of the snapshot, the earliest day first."""
    found = [due for kpi in kpis for due in _of_kpi(kpi, rows, edition)]
    found += _reviews_of_objectives(rows.objectives, _owners(rows, edition), edition)
    soon = {due for due in found if due.day <= edition.as_of + DUE_WITHIN}
    return tuple(
        DueLine(
            day=format_day(due.day, edition.language),
            state=edition.language.text("due.overdue") if due.day < edition.as_of else "",
            what=due.what,
            about=due.about,
            owner=due.owner,
        )
        for due in sorted(soon, key=lambda due: (due.day, due.about, due.what))
    )


def _of_kpi(kpi: KpiWeek, rows: SnapshotRows, edition: Edition) -> Iterator[_Due]:
    name = edition.localized(kpi.row, "name", NAME_LIMIT)
    owner = edition.localized(kpi.commitment, "owner_name", NAME_LIMIT)
    for day, what in (*_dated(kpi, edition), *_at_once(kpi, rows, edition)):
        yield _Due(day, name, what, owner)


def _dated(kpi: KpiWeek, edition: Edition) -> Iterator[tuple[date, str]]:
    commitment, language = kpi.commitment, edition.language
    if commitment.review_next_on is not None:
        yield commitment.review_next_on, language.text("due.review")
    if commitment.evidence == "hypothesis" and commitment.evidence_expires_on is not None:
        yield commitment.evidence_expires_on, language.text("due.hypothesis")
    for text, day in dated_texts(commitment.tasks):
        if day is not None:
            yield day, text
    for text, day in dated_texts(commitment.assumptions):
        if day is not None:
            yield day, language.text("due.assumption", text=isolate(text))


def _at_once(kpi: KpiWeek, rows: SnapshotRows, edition: Edition) -> Iterator[tuple[date, str]]:
    """What has no day of its own is due on the day of the snapshot."""
    language = edition.language
    if kpi.pace_code == "off_track" and not edition.localized(kpi.commitment, "action"):
        yield edition.as_of, language.text("due.no_action")
    if kpi.commitment.is_strategy_review_due:
        yield edition.as_of, language.text("due.strategy_review")
    for row in rows.corrections_due:
        if row.metric_id == kpi.commitment.metric_id and row.first_day is not None and row.last_day is not None:
            week = format_days(row.first_day, row.last_day, language)
            yield edition.as_of, language.text("due.correction", week=week)


def _reviews_of_objectives(
    objectives: Sequence[ObjectiveRow], owners: Mapping[str, str], edition: Edition
) -> Iterator[_Due]:
    for row in objectives:
        if row.review_on is not None:
            statement, what = edition.localized(row, "statement"), edition.language.text("due.objective_review")
            yield _Due(row.review_on, statement, what, owners.get(row.owner or "", ""))


def _owners(rows: SnapshotRows, edition: Edition) -> dict[str, str]:
    listed = rows.judgements.owners if rows.judgements else ()
    return {row.owner_id: edition.localized(row, "name", NAME_LIMIT) for row in listed}
