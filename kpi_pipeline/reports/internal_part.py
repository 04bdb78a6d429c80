"""The sections that only the internal report has: other metrics, breakdowns and commitments that are not KPIs yet.

Here: choosing and wording them. Data quality and lineage belong to ``data_notes``; what both reports have, to
``scorecard``.
"""

from collections.abc import Sequence

from kpi_pipeline.reports.badges import is_above_whole
from kpi_pipeline.reports.commitment_part import commitments, success_factors
from kpi_pipeline.reports.data_notes import lineage_lines, quality_notes, quarantined_files
from kpi_pipeline.reports.definition_part import definitions
from kpi_pipeline.reports.due_part import due_lines
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.findings_part import findings
from kpi_pipeline.reports.internal_document import (
    Breakdown,
    BreakdownLine,
    Cell,
    InternalPart,
    MetricLine,
    OpenCommitment,
)
from kpi_pipeline.reports.kpi_weeks import KpiWeek
from kpi_pipeline.reports.snapshot_rows import CatalogueRow, SnapshotRows, ValueRow
from kpi_pipeline.wording.numbers import format_change, format_count, format_value
from kpi_pipeline.wording.outside_text import NAME_LIMIT, clean_text, isolate

# A week's report shows where a number comes from at a glance; everything else is in the published database.
_DIMENSIONS = ("channel", "platform", "device")
_METRICS_PER_BREAKDOWN = 6
_MEMBERS_PER_BREAKDOWN = 12


def internal_part(kpis: Sequence[KpiWeek], rows: SnapshotRows, edition: Edition) -> InternalPart:
    """Word what stands below the scorecard in the internal report."""
    catalogue = {row.metric_id: row for row in rows.catalogue}
    names = {metric_id: edition.localized(row, "name", NAME_LIMIT) for metric_id, row in catalogue.items()}
    committed = list(dict.fromkeys(kpi.commitment.metric_id for kpi in kpis))
    others = sorted(catalogue.keys() - committed, key=lambda metric_id: (names[metric_id].casefold(), metric_id))
    missing = [name for name in others if _has_no_data(name, rows, edition)]
    shown = [name for name in others if name not in missing]
    splits = {name: _metrics_split_by(name, [*committed, *others], rows, edition) for name in _DIMENSIONS}
    defined = dict.fromkeys((*committed, *shown, *(metric for metrics in splits.values() for metric in metrics)))
    return InternalPart(
        due=due_lines(kpis, rows, edition),
        findings=findings(kpis, rows, edition),
        kpis=commitments(kpis, rows, edition),
        success_factors=success_factors(rows, edition),
        metrics=tuple(_metric_line(catalogue[name], rows, edition) for name in shown),
        without_data=edition.language.join([isolate(names[metric_id]) for metric_id in missing]),
        breakdowns=tuple(
            _breakdown(name, metrics, catalogue, rows, edition) for name, metrics in splits.items() if metrics
        ),
        quarantine=quarantined_files(rows.quality, edition),
        quality=quality_notes(rows.quality, names, edition),
        lineage=lineage_lines(rows.lineage, edition),
        commitments=tuple(_open_commitments(rows.catalogue, edition)),
        definitions=definitions((catalogue[name] for name in defined), edition),
    )


def _has_no_data(metric_id: str, rows: SnapshotRows, edition: Edition) -> bool:
    """Whether nothing speaks for the metric in this week; a table of many such metrics would say nothing more."""
    found = [row for row in rows.values if row.metric_id == metric_id and row.period_start == edition.week_start]
    return all(row.null_reason == "source_missing" for row in found)


def _metric_line(metric: CatalogueRow, rows: SnapshotRows, edition: Edition) -> MetricLine:
    language = edition.language
    style = edition.number_style(metric.unit, metric.decimals)
    found = [row for row in rows.values if row.metric_id == metric.metric_id]
    totals = {row.period_start: row for row in found if row.dimension == "total"}
    current = totals.pop(edition.week_start, None)
    before = next(iter(totals.values()), None)
    none = language.text("label.none")
    if current is None or current.value is None:
        reason = "only_split" if current is None and found else current.null_reason if current else None
        value, note = language.text("label.no_value"), edition.reason(reason)
    else:
        value = format_value(current.value, style)
        note = language.known_text("badge", current.status, "")
        if is_above_whole(current.value, metric):
            note = language.join(
                [note, language.text("badge.above_whole")] if note else [language.text("badge.above_whole")]
            )
    return MetricLine(
        name=edition.localized(metric, "name", NAME_LIMIT),
        value=value,
        previous=none if before is None or before.value is None else format_value(before.value, style),
        change=_change(current, before, metric, edition) or none,
        note=note,
    )


def _change(current: ValueRow | None, before: ValueRow | None, metric: CatalogueRow, edition: Edition) -> str:
    if (
        current is None
        or before is None
        or current.value is None
        or before.value is None
        or current.status == "partial"
    ):
        return ""
    return format_change(current.value, before.value, edition.number_style(metric.unit, metric.decimals))


def _metrics_split_by(dimension: str, order: Sequence[str], rows: SnapshotRows, edition: Edition) -> list[str]:
    """The first of the metrics that have values by a dimension in this week."""
    split = {
        row.metric_id for row in rows.values if row.dimension == dimension and row.period_start == edition.week_start
    }
    return [metric for metric in order if metric in split][:_METRICS_PER_BREAKDOWN]


def _breakdown(
    dimension: str,
    metrics: Sequence[str],
    catalogue: dict[str, CatalogueRow],
    rows: SnapshotRows,
    edition: Edition,
) -> Breakdown:
    split = {(row.metric_id, row.member, row.period_start): row for row in rows.values if row.dimension == dimension}
    this_week = {(metric, member): row for (metric, member, week), row in split.items() if week == edition.week_start}

    def size(member: str | None) -> tuple[float, str, bool]:
        row = this_week.get((metrics[0], member))
        return (0.0 if row is None or row.value is None else -float(row.value), member or "", member is None)

    members = sorted({member for metric, member in this_week if metric in metrics}, key=size)
    previous = {(metric, member): row for (metric, member, week), row in split.items() if week != edition.week_start}
    lines = []
    for member in members[:_MEMBERS_PER_BREAKDOWN]:
        keys = [(metric, member) for metric in metrics]
        cells = tuple(_cell(this_week.get(key), previous.get(key), catalogue[key[0]], edition) for key in keys)
        lines.append(BreakdownLine(clean_text(member or "") or edition.language.text("dimension.not_set"), cells))
    hidden = len(members) - len(lines)
    return Breakdown(
        title=edition.language.text(f"dimension.{dimension}"),
        dimension=edition.language.text(f"dimension_name.{dimension}"),
        metrics=tuple(edition.localized(catalogue[metric], "name", NAME_LIMIT) for metric in metrics),
        lines=tuple(lines),
        remainder=edition.language.plural("dimension.more", hidden, number=format_count(hidden, edition.language))
        if hidden
        else "",
    )


def _cell(current: ValueRow | None, before: ValueRow | None, metric: CatalogueRow, edition: Edition) -> Cell:
    if current is None or current.value is None:
        return Cell(edition.language.text("label.none"), edition.reason(current.null_reason) if current else "")
    value = format_value(current.value, edition.number_style(metric.unit, metric.decimals))
    return Cell(value, _change(current, before, metric, edition))


def _open_commitments(catalogue: Sequence[CatalogueRow], edition: Edition) -> list[OpenCommitment]:
    found = []
    for row in catalogue:
        if row.missing_parts:
            parts = [clean_text(part) for part in row.missing_parts.split(",")]
            words = [edition.language.known_text("missing", part, part) for part in parts if part]
            name = edition.localized(row, "name", NAME_LIMIT)
            owner = edition.localized(row, "owner_name", NAME_LIMIT)
            found.append(OpenCommitment(name, owner, edition.language.join(list(dict.fromkeys(words)))))
    return found
