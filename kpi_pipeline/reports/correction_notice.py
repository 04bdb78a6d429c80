"""The notice of a corrected edition: which values of this week were reported otherwise before, and why they moved.

Here: choosing the KPIs and wording the notice, for the readers of one audience. All values that were restated, of any
week, are listed in ``findings_part``; sending corrections belongs to ``delivery``.
"""

from collections.abc import Iterator, Sequence

from kpi_pipeline.reports.document import Correction
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.finding_rows import RestatementRow
from kpi_pipeline.reports.kpi_weeks import KpiWeek
from kpi_pipeline.wording.numbers import Number, NumberStyle, format_value
from kpi_pipeline.wording.outside_text import NAME_LIMIT, isolate


def correction_notice(
    kpis: Sequence[KpiWeek], restatements: Sequence[RestatementRow], edition: Edition
) -> Correction | None:
    """Return the notice; None where this week was not reported before, or its values stand as they were reported."""
    lines = tuple(line for kpi in kpis for line in _lines(kpi, restatements, edition))
    return Correction(edition.language.text("correction.notice"), lines) if lines else None


def _lines(kpi: KpiWeek, restatements: Sequence[RestatementRow], edition: Edition) -> Iterator[str]:
    """At most one line: from the value that was reported first to the one that stands now."""
    changes = [
        row
        for row in restatements
        if row.kpi_id == kpi.row.kpi_id and row.week_start == edition.week_start and row.was_sent
    ]
    if not any(row.is_correction for row in changes):
        return
    first = min(changes, key=lambda row: row.to_published_at)
    last = max(changes, key=lambda row: row.to_published_at)
    if first.old_value == last.new_value:
        return
    language = edition.language
    style = edition.number_style(kpi.row.unit, kpi.commitment.decimals)
    causes = dict.fromkeys(row.cause for row in sorted(changes, key=lambda row: (row.to_published_at, row.cause)))
    yield language.text(
        "correction.line",
        name=isolate(edition.localized(kpi.row, "name", NAME_LIMIT)),
        old=_value(first.old_value, style),
        new=_value(last.new_value, style),
        cause=language.join([language.known_text("restatement_cause", cause, cause) for cause in causes]),
    )


def _value(value: Number | None, style: NumberStyle) -> str:
    return style.language.text("label.no_value") if value is None else format_value(value, style)
