"""What keeps an edition for executives from being complete: facts of the published snapshot, worded for its readers.

Here: the choice of facts. A failed check that blocks is not among them, because nothing is published then, and the week
is not over in what was published before. Whether an incomplete edition is held back is said in ``delivery.yaml``.
"""

from collections.abc import Sequence

from kpi_pipeline.reports.edition import INCOMPLETE_KINDS, Edition
from kpi_pipeline.reports.kpi_weeks import KpiWeek
from kpi_pipeline.reports.snapshot_rows import SnapshotRows
from kpi_pipeline.wording.outside_text import clean_text


def gaps(kpis: Sequence[KpiWeek], rows: SnapshotRows, edition: Edition) -> tuple[str, ...]:
    """Return what is missing in the inputs of the KPIs shown, one sentence each; nothing if they are complete."""
    words = edition.language
    found: list[str] = []
    if not edition.week_is_over:
        found.append(words.text("notice.week_open", day=edition.data_until))
    names = {kpi.commitment.metric_id: edition.localized(kpi.commitment, "name") for kpi in kpis}
    affected: dict[tuple[str, str, str], list[str]] = {}
    for row in rows.quality:
        if row.kind in INCOMPLETE_KINDS and row.metric_id in names:
            key = (row.kind, clean_text(row.source or ""), edition.days(row.first_day, row.last_day))
            affected.setdefault(key, []).append(names[row.metric_id])
    for (kind, source, days), metrics in affected.items():
        text = "delivery.gap" if days else "delivery.gap_without_days"
        values = {"kind": words.text(f"quality.{kind}"), "source": source or words.text("quality.other")}
        listed = words.join(list(dict.fromkeys(metrics)))
        found.append(words.text(text, metrics=listed, **values, **({"days": days} if days else {})))
    reported = {name for several in affected.values() for name in several}
    for text, which in (
        ("delivery.no_source", [kpi for kpi in kpis if kpi.row.null_reason == "source_missing"]),
        ("delivery.no_days", [kpi for kpi in kpis if edition.week_is_over and kpi.row.status == "partial"]),
    ):
        unexplained = [names[kpi.commitment.metric_id] for kpi in which]
        unexplained = [name for name in unexplained if name not in reported]
        if unexplained:
            found.append(words.text(text, names=words.join(unexplained)))
    return tuple(found)
