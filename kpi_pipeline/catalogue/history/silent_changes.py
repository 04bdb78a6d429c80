"""Definitions that changed without saying so.

Here: comparing each metric's definition with the one that the published snapshot was computed by. A number that means
something else needs a new version, and the old weeks keep the old definition.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import duckdb

from kpi_pipeline.catalogue.metrics.definition import meaning_hash
from kpi_pipeline.config.draft import Entry
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem

CODE = "KPI044"


@dataclass(frozen=True)
class PublishedDefinition:
    """How a metric was defined when the current snapshot was made."""

    metric_id: str
    version: int
    formula: str
    meaning_hash: str


def published_definitions(connection: duckdb.DuckDBPyConnection) -> list[PublishedDefinition]:
    """Read the definitions from an internal snapshot; none from one that an earlier release of this program made."""
    columns = connection.execute(
        "select column_name from duckdb_columns() where schema_name = 'kpi' and table_name = 'catalogue'"
    ).fetchall()
    if ("meaning_hash",) not in columns:
        return []
    rows = connection.execute(
        "select distinct metric_id, metric_version, formula, meaning_hash from kpi.catalogue order by metric_id"
    ).fetchall()
    return [PublishedDefinition(*row) for row in rows]


def silent_changes(
    entries: Mapping[str, Entry[Metric]], published: Collection[PublishedDefinition]
) -> Iterator[Problem]:
    """Yield the metrics whose definition is not the published one although their version is, or lost the one before."""
    for before in published:
        entry = entries.get(before.metric_id)
        if entry is None or meaning_hash(entry.value) == before.meaning_hash:
            continue
        metric = entry.value
        if metric.version <= before.version:
            message = Phrase(
                'the definition of "{metric}" is not the published one, but its version is still {version}',
                metric=before.metric_id,
                version=metric.version,
            )
            hint = Phrase(
                "raise version to {version}, set effective_from, and keep {formula} under earlier",
                version=before.version + 1,
                formula=before.formula,
            )
            yield entry.problem(CODE, message, "formula", hint=hint)
        elif not any(each.version == before.version and each.formula == before.formula for each in metric.earlier):
            message = Phrase(
                'version {version} of "{metric}" is published and no longer among its earlier definitions',
                metric=before.metric_id,
                version=before.version,
            )
            hint = Phrase("keep {formula} under earlier, so that old weeks stay what they were", formula=before.formula)
            yield entry.problem(CODE, message, "earlier", hint=hint)
