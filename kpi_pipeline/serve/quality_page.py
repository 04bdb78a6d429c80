"""How fresh and how whole the data is: what arrived of each source, what was refused, what is missing or doubtful.

Here: putting the page together; the notes are worded as in the report, over all days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from kpi_pipeline.reports.data_notes import quality_notes, quarantined_files
from kpi_pipeline.reports.snapshot_rows import QualityRow
from kpi_pipeline.serve.published import Published
from kpi_pipeline.serve.site import Site, in_language
from kpi_pipeline.serve.tables import Row, Table
from kpi_pipeline.wording.dates import format_day
from kpi_pipeline.wording.numbers import format_count
from kpi_pipeline.wording.outside_text import clean_text

METRICS_NAMED = 5


def quality_page(published: Published, site: Site, week: date | None) -> dict[str, Any]:
    """Return what is to be known about the data of all days."""
    language = site.language
    edition = site.edition(week or site.as_of)
    quality = published.quality()
    names = {row.metric_id: in_language(row.name_en, row.name_fa, language) for row in published.metrics()}
    return {
        "sources": Table(
            columns=tuple(
                language.text(key)
                for key in (
                    "label.source",
                    "serve.data_until",
                    "label.newest_export",
                    "serve.data_from",
                    "label.files",
                    "label.rows",
                )
            ),
            rows=[
                Row(
                    (
                        clean_text(row.source) or language.text("label.none"),
                        format_day(row.last_day, language) if row.last_day else "",
                        format_day(row.newest_export.date(), language) if row.newest_export else "",
                        format_day(row.first_day, language) if row.first_day else "",
                        format_count(row.files, language),
                        format_count(row.rows_loaded, language),
                    )
                )
                for row in published.sources()
            ],
        ),
        "quarantine": quarantined_files(quality, edition),
        "quality": quality_notes(list(_shortened(quality, names, site)), names, edition),
    }


def _shortened(quality: Sequence[QualityRow], names: dict[str, str], site: Site) -> Iterator[QualityRow]:
    """The rows, of which only some name a metric where the same is so of many; enters how many more into ``names``."""
    alike: dict[QualityRow, list[QualityRow]] = {}
    for row in quality:
        alike.setdefault(replace(row, metric_id=None), []).append(row)
    for fact, rows in alike.items():
        yield from rows[:METRICS_NAMED]
        hidden = len(rows) - METRICS_NAMED
        if hidden > 0:
            rest = f"{hidden} more"
            names[rest] = site.language.text("serve.more", number=format_count(hidden, site.language))
            yield replace(fact, metric_id=rest)
