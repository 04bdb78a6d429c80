"""The list of metrics with its search, and the page of a metric, whether somebody has committed to it or not.

Here: what is found and what is shown of it. What counts as the same word belongs to
``catalogue.metrics.metric_search``.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from kpi_pipeline.catalogue.metrics.metric_search import searchable
from kpi_pipeline.serve.definition_part import definition, origin
from kpi_pipeline.serve.published import MetricRow, Published
from kpi_pipeline.serve.site import Link, Site, in_language
from kpi_pipeline.serve.tables import Row, Table
from kpi_pipeline.wording.dates import format_days
from kpi_pipeline.wording.numbers import format_count, format_value
from kpi_pipeline.wording.outside_text import MESSAGE_LIMIT, clean_text

WEEKS_SHOWN = 13
SEARCH_LIMIT = 100


def metrics_page(published: Published, site: Site, search: str) -> dict[str, Any]:
    """Return the metrics in which all words of a search occur, KPIs first; all of them without a search."""
    language = site.language
    words = searchable(search[:SEARCH_LIMIT]).split()
    found = [row for row in published.metrics() if _holds(row, words)]
    found.sort(key=lambda row: (not _is_kpi(row), _name(row, site).casefold(), row.kpi_id or ""))
    return {
        "search": clean_text(search, SEARCH_LIMIT),
        "found": language.plural("serve.found", len(found), number=format_count(len(found), language)),
        "table": Table(
            columns=tuple(language.text(f"serve.{key}") for key in ("metric", "kind", "definition")),
            rows=[
                Row(
                    (
                        _name(row, site),
                        language.text("serve.is_kpi" if _is_kpi(row) else "serve.is_metric"),
                        in_language(row.definition_en, row.definition_fa, language, MESSAGE_LIMIT),
                    ),
                    site.kpi_address(row.kpi_id) if _is_kpi(row) and row.kpi_id else site.metric_address(row.metric_id),
                )
                for row in found
            ],
        ),
    }


def metric_page(published: Published, site: Site, metric_id: str, week: date | None) -> dict[str, Any] | None:
    """Return the page of a metric; None if there is none of that id."""
    rows = [row for row in published.metrics() if row.metric_id == metric_id]
    if not rows:
        return None
    metric = rows[0]
    language, name = site.language, _name(metric, site)
    edition = site.edition(week or site.as_of)
    style = edition.number_style(metric.unit, metric.decimals)
    weeks = published.metric_weeks(metric_id)[:WEEKS_SHOWN]
    return {
        "page_name": name,
        "kpis": [
            Link(site.kpi_address(row.kpi_id), row.kpi_id) for row in rows if row.kpi_id is not None and _is_kpi(row)
        ],
        "weeks": Table(
            columns=tuple(language.text(key) for key in ("label.week", "serve.value", "serve.state_of_data")),
            rows=[
                Row(
                    (
                        format_days(row.period_start, edition.last_day_of(row.period_start), language),
                        edition.reason(row.null_reason) if row.value is None else format_value(row.value, style),
                        language.known_text("serve_status", row.status, clean_text(row.status)),
                    )
                )
                for row in weeks
            ],
        ),
        **definition(metric, site),
        **origin(published, metric_id, edition, name),
    }


def _is_kpi(row: MetricRow) -> bool:
    return row.kpi_id is not None and not row.missing_parts


def _name(row: MetricRow, site: Site) -> str:
    return in_language(row.name_en, row.name_fa, site.language)


def _holds(row: MetricRow, words: Sequence[str]) -> bool:
    texts = (row.metric_id, row.kpi_id, row.name_en, row.name_fa, row.definition_en, row.definition_fa, row.formula)
    text = searchable(" ".join(text for text in texts if text))
    return all(word in text or word in text.replace("_", " ") for word in words)
