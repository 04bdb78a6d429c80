"""What a metric is, and what stands behind its numbers: the parts that pages of KPIs and of other metrics share.

Here: wording definition, files and data quality. What happened to a KPI belongs to ``kpi_page``.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from kpi_pipeline.reports.data_notes import lineage_lines, quality_notes, quarantined_files
from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.reports.internal_document import Fact
from kpi_pipeline.reports.snapshot_rows import ObjectiveRow
from kpi_pipeline.serve.published import MetricRow, Published
from kpi_pipeline.serve.site import Site, in_language
from kpi_pipeline.wording.outside_text import MESSAGE_LIMIT, clean_text, isolate


def definition(metric: MetricRow, site: Site, objectives: Sequence[ObjectiveRow] = ()) -> dict[str, Any]:
    """Return what a metric is, as facts, with its formula and its statement."""
    language = site.language
    return {
        "facts": [
            Fact(language.text(f"serve.{key}"), tuple(lines))
            for key, lines in _facts(metric, site, objectives)
            if any(lines)
        ],
        "formula": clean_text(metric.formula or "", MESSAGE_LIMIT),
        # A statement is shown as it is: its lines matter, and the page escapes it.
        "sql": metric.sql or "",
    }


def origin(published: Published, metric_id: str, edition: Edition, name: str) -> dict[str, Any]:
    """Return the files behind a metric's week, and what is to be known about them."""
    quality = published.quality(metric_id, edition.week_start)
    return {
        "lineage": lineage_lines(published.lineage(metric_id, edition.week_start), edition),
        "quarantine": quarantined_files(quality, edition),
        "quality": quality_notes(quality, {metric_id: name}, edition),
    }


def last_complete_week(weeks: Sequence[date], as_of: date) -> date | None:
    """Return the newest week of which every day was complete, the newest of all where there is none."""
    return next((week for week in weeks if (as_of - week).days >= 7), weeks[0] if weeks else None)


def _facts(metric: MetricRow, site: Site, objectives: Sequence[ObjectiveRow]) -> Iterator[tuple[str, list[str]]]:
    language = site.language
    yield "definition", [in_language(metric.definition_en, metric.definition_fa, language, MESSAGE_LIMIT)]
    yield "chain", [_chain(metric, site, objectives)]
    yield "question", [in_language(metric.question_en, metric.question_fa, language, MESSAGE_LIMIT)]
    yield "owner", [in_language(metric.owner_name_en, metric.owner_name_fa, language)]
    yield "unit", [language.known_text("serve_unit", metric.unit, metric.unit)]
    yield "direction", [language.known_text("serve_direction", metric.direction, metric.direction)]
    yield "sources", [clean_text(metric.sources or "")]
    yield "reference", [clean_text(metric.reference or "", MESSAGE_LIMIT)]
    yield "id", [clean_text(metric.kpi_id or metric.metric_id)]


def _chain(metric: MetricRow, site: Site, objectives: Sequence[ObjectiveRow]) -> str:
    statements = {
        row.objective_id: in_language(row.statement_en, row.statement_fa, site.language) for row in objectives
    }
    ids = [name.strip() for name in (metric.objective_chain or "").split(">")]
    return site.language.text("label.chain_separator").join(
        isolate(statements[name]) for name in ids if statements.get(name)
    )
