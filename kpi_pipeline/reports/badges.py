"""The reservations beside a KPI's value: incomplete data, guardrails, what is overdue.

Here: which marks a KPI gets and why, in words. Notes on files and sources stand in ``data_notes``.
"""

from collections.abc import Iterator

from kpi_pipeline.reports.document import Badge
from kpi_pipeline.reports.edition import INCOMPLETE_KINDS, Edition
from kpi_pipeline.reports.kpi_weeks import KpiWeek, listed_ids
from kpi_pipeline.reports.snapshot_rows import CatalogueRow
from kpi_pipeline.wording.dates import format_day
from kpi_pipeline.wording.numbers import Number
from kpi_pipeline.wording.outside_text import isolate


def badges_of(kpi: KpiWeek, edition: Edition) -> list[Badge]:
    """Return the marks of one KPI, those of its value first."""
    language = edition.language
    badges: list[Badge] = []
    if kpi.row.status == "partial":
        reason = language.text("badge.partial_days_missing")
        if not edition.week_is_over:
            reason = language.text("badge.partial_week_open", day=edition.data_until)
        badges.append(Badge(language.text("badge.partial"), reason))
    elif kpi.row.status == "provisional":
        badges.append(Badge(language.text("badge.provisional"), ""))
    badges += _badges_of_the_commitment(kpi, edition)
    holes = [remark for remark in kpi.quality if remark.kind in INCOMPLETE_KINDS]
    if holes:
        first = min((remark.first_day for remark in holes if remark.first_day), default=None)
        last = max((remark.last_day for remark in holes if remark.last_day), default=None)
        days = edition.days(first, last)
        reason = (
            language.text("badge.incomplete_days", range=days) if days else language.text("badge.incomplete_reason")
        )
        badges.append(Badge(language.text("badge.incomplete"), reason))
    return badges


def is_above_whole(value: Number | None, metric: CatalogueRow) -> bool:
    """Tell whether a percentage lies above 100 % because its definition allows it; it is shown, and never cut off."""
    may_exceed = "above_100_percent" in listed_ids(metric.edge_rules)
    return may_exceed and metric.unit == "percent" and value is not None and value > 100


def _badges_of_the_commitment(kpi: KpiWeek, edition: Edition) -> Iterator[Badge]:
    language, commitment = edition.language, kpi.commitment
    if kpi.row.is_held_back:
        names = language.join([isolate(name) for name in kpi.failing_guardrails])
        reason = (
            language.text("badge.guardrail_named", names=names) if names else language.text("badge.guardrail_reason")
        )
        yield Badge(language.text("badge.guardrail"), reason)
    if is_above_whole(kpi.row.value, commitment):
        yield Badge(language.text("badge.above_whole"), language.text("badge.above_whole_reason"))
    if commitment.evidence_state == "unconfirmed":
        yield Badge(language.text("badge.evidence"), language.text("badge.evidence_reason"))
    if commitment.is_review_overdue and commitment.review_next_on:
        day = format_day(commitment.review_next_on, language)
        yield Badge(language.text("badge.review_overdue"), language.text("badge.review_overdue_reason", day=day))
    if commitment.is_strategy_review_due:
        yield Badge(language.text("badge.strategy_review"), language.text("badge.strategy_review_reason"))
