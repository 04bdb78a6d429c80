"""The rows of every KPI of the week, gathered from the snapshot's tables.

Here: putting together what belongs to one KPI, and refusing what executives must not see. Wording belongs to
``scorecard`` and its neighbours.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kpi_pipeline.errors import ReportError
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.finding_rows import ContributionRow
from kpi_pipeline.reports.snapshot_rows import AnswerRow, CatalogueRow, QualityRow, SnapshotRows, WeeklyRow
from kpi_pipeline.reports.statuses import STATUS_CODES
from kpi_pipeline.wording.outside_text import NAME_LIMIT

# What a product is split into is no part of the whole, as members are.
FACTORS = "factors"


@dataclass(frozen=True)
class KpiWeek:
    """One KPI's rows.

    Attributes:
        row: this week's.
        recent: its recent weeks.
        quality: the quality rows of its metric.
        answers: the questions that it answers.
        failing_guardrails: names of the KPIs that hold its status back, as far as these readers may see them.
        main_contributions: what the members of the dimension that explains most account for, the drivers first; a
            factor is called by its name.
    """

    row: WeeklyRow
    commitment: CatalogueRow
    recent: Sequence[WeeklyRow]
    quality: Sequence[QualityRow]
    answers: Sequence[AnswerRow]
    failing_guardrails: Sequence[str]
    main_contributions: Sequence[ContributionRow]

    @property
    def pace_code(self) -> str:
        """The pace status; ``unknown`` where none was given."""
        return self.row.pace_status if self.row.pace_status in STATUS_CODES else "unknown"


def kpi_weeks(rows: SnapshotRows, edition: Edition, shown: Sequence[str] | None = None) -> list[KpiWeek]:
    """Gather the KPIs of the week.

    Args:
        rows: everything that was read from the snapshot.
        edition: what all parts of the report share.
        shown: the KPIs to gather, in their order; all when absent.

    Raises:
        ReportError: if a KPI is not in the catalogue, or a KPI or an answer is internal in an executive snapshot.
    """
    if edition.audience == "executive" and any(answer.audience != "executive" for answer in rows.answers):
        raise ReportError(
            f"executive snapshot {rows.snapshot.snapshot_id}: it holds answers that are worded for the team;"
            " no executive report is made from this snapshot"
        )
    commitments = {row.kpi_id: row for row in rows.catalogue if row.kpi_id is not None}
    found = []
    for row in rows.weekly:
        commitment = commitments.get(row.kpi_id)
        if commitment is None:
            raise ReportError(f"snapshot {rows.snapshot.snapshot_id}: KPI {row.kpi_id!r} is not in kpi.catalogue")
        if edition.audience == "executive" and commitment.audience != "executive":
            raise ReportError(
                f"executive snapshot {rows.snapshot.snapshot_id}: KPI {row.kpi_id!r} has the audience "
                f"{commitment.audience!r}, expected 'executive'; no executive report is made from this snapshot"
            )
        if row.week_start == edition.week_start:
            recent = [other for other in rows.weekly if other.kpi_id == row.kpi_id]
            quality = [remark for remark in rows.quality if remark.metric_id == commitment.metric_id]
            answers = [answer for answer in rows.answers if answer.kpi_id == row.kpi_id]
            guardrails = _failing_guardrails(commitment, rows, edition)
            contributions = _main_contributions(rows, row.kpi_id, edition)
            found.append(KpiWeek(row, commitment, recent, quality, answers, guardrails, contributions))
    if shown is None:
        return found
    return sorted((kpi for kpi in found if kpi.row.kpi_id in shown), key=lambda kpi: shown.index(kpi.row.kpi_id))


def listed_ids(joined: str | None) -> list[str]:
    """Return the ids of a column that joins them by commas."""
    return [name.strip() for name in (joined or "").split(",") if name.strip()]


def _main_contributions(rows: SnapshotRows, kpi_id: str, edition: Edition) -> list[ContributionRow]:
    """The parts by the dimension whose members are named as drivers, these first."""
    names = {row.metric_id: edition.localized(row, "name", NAME_LIMIT) for row in rows.catalogue}
    own = [row for row in rows.contributions if row.kpi_id == kpi_id and row.effect is not None]
    # Where nobody may be named, the change is shown by the dimension with the fewest members all the same.
    # A single member would only be the total once more.
    members = {name: count for name, count in Counter(row.dimension for row in own).items() if count > 1}
    plainest = min(members, key=lambda name: (name == FACTORS, members[name], name), default="")
    ranked = {row.dimension for row in own if row.driver_rank is not None} or {plainest}
    return sorted(
        (
            replace(row, member=names.get(row.member or "", row.member)) if row.method == "factors" else row
            for row in own
            if row.dimension in ranked
        ),
        key=lambda row: (row.driver_rank is None, row.driver_rank or 0, row.member or ""),
    )


def _failing_guardrails(commitment: CatalogueRow, rows: SnapshotRows, edition: Edition) -> list[str]:
    guardrails = listed_ids(commitment.guardrails)
    return [
        edition.localized(row, "name", NAME_LIMIT)
        for row in rows.weekly
        if row.kpi_id in guardrails and row.week_start == edition.week_start and row.pace_status == "off_track"
    ]
