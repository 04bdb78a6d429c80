"""What the internal report says about the data behind the numbers: refused files, holes, doubts and origins.

Here: wording ``kpi.quality`` and ``kpi.lineage``. Messages of the pipeline itself are shown as they were written. The
marks on single KPIs belong to ``scorecard``.
"""

from collections.abc import Mapping, Sequence

from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.internal_document import LineageLine, QualityNote, QuarantinedFile
from kpi_pipeline.reports.snapshot_rows import LineageRow, QualityRow
from kpi_pipeline.wording.dates import format_day
from kpi_pipeline.wording.numbers import format_count
from kpi_pipeline.wording.outside_text import MESSAGE_LIMIT, clean_text


def quarantined_files(quality: Sequence[QualityRow], edition: Edition) -> tuple[QuarantinedFile, ...]:
    """Word the refused files, each once."""
    files = (
        QuarantinedFile(
            file=clean_text(row.file_name or ""),
            source=clean_text(row.source or ""),
            line="" if row.line is None else format_count(row.line, edition.language),
            column=clean_text(row.column_name or ""),
            found=clean_text(row.found or "", MESSAGE_LIMIT),
            expected=clean_text(row.expected or "", MESSAGE_LIMIT),
            advice=clean_text(row.message or "", MESSAGE_LIMIT),
        )
        for row in quality
        if row.kind == "quarantined_file"
    )
    return tuple(dict.fromkeys(files))


def quality_notes(quality: Sequence[QualityRow], names: Mapping[str, str], edition: Edition) -> tuple[QualityNote, ...]:
    """Word everything but refused files; rows that differ only in the metric concerned become one."""
    affected: dict[tuple[str, str, str, str], list[str]] = {}
    for row in quality:
        if row.kind == "quarantined_file":
            continue
        message = clean_text(row.message or "", MESSAGE_LIMIT)
        kind = edition.language.known_text("quality", row.kind, edition.language.text("quality.other"))
        key = (kind, clean_text(row.source or ""), edition.days(row.first_day, row.last_day), message)
        affected.setdefault(key, [])
        if row.metric_id is not None:
            affected[key].append(names.get(row.metric_id, clean_text(row.metric_id)))
    return tuple(
        QualityNote(*key, affects=edition.language.join(list(dict.fromkeys(metrics))))
        for key, metrics in affected.items()
    )


def lineage_lines(lineage: Sequence[LineageRow], edition: Edition) -> tuple[LineageLine, ...]:
    """Sum up the loaded files by source; a file that feeds several metrics counts once."""
    by_source: dict[str, dict[str, LineageRow]] = {}
    for row in lineage:
        by_source.setdefault(row.source, {})[row.batch_id] = row
    return tuple(_lineage_line(source, list(files.values()), edition) for source, files in sorted(by_source.items()))


def _lineage_line(source: str, files: Sequence[LineageRow], edition: Edition) -> LineageLine:
    language = edition.language
    newest = max((row.exported_at for row in files if row.exported_at is not None), default=None)
    first = min((row.first_day for row in files if row.first_day is not None), default=None)
    last = max((row.last_day for row in files if row.last_day is not None), default=None)
    return LineageLine(
        source=clean_text(source),
        files=format_count(len(files), language),
        newest_export=format_day(newest.date(), language) if newest else "",
        days=edition.days(first, last),
        rows=format_count(sum(row.rows_loaded for row in files), language),
        file_names=tuple(sorted({clean_text(row.file_name) for row in files})),
    )
