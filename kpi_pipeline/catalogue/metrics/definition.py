"""What exactly a metric's number means at the moment, as one hash.

Here: everything that can change a metric's values without a change of the data. Two numbers with different hashes must
not be compared as if they were one. ``definition_hash`` also changes with the SQL files and with this program,
``meaning_hash`` only with what stands in the metric's YAML.
"""

import hashlib

from kpi_pipeline.catalogue.metrics.measure_sql import Selection
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.metric_sql import metric_sql
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.sql_project import SqlProject

HASH_LENGTH = 16
SQL_SCHEMAS = ("core", "measures")
# Texts, and how a value is shown, may change without changing the number.
WORDS = frozenset(
    {
        "name",
        "definition",
        "direction",
        "decimals",
        "dimensions",
        "mixed_basis",
        "factors",
        "default_audience",
        "profiles",
        "edge_rules",
        "example",
        "source",
        "grains",
        "version",
        "effective_from",
        "earlier",
    }
)


def definition_hash(plan: MetricPlan, project: SqlProject) -> str:
    """Return the hash of a metric's statement and of all SQL files that its measures are made by.

    Staging only renames and casts what sources deliver; a change there corrects a source and is no new definition.
    """
    files = {
        table
        for used in plan.tables
        for table in (used, *project.ancestors(used))
        if table.partition(".")[0] in SQL_SCHEMAS and table not in project.external_tables
    }
    dimensions = (None,) if plan.metric.has_total else plan.dimensions[:1]
    parts = [
        metric_sql(plan, Selection(("week",), dimensions)),
        *(project.file(table).fingerprint for table in sorted(files)),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:HASH_LENGTH]


def meaning_hash(metric: Metric) -> str:
    """Return the hash of the formula and of all options that decide what the number is."""
    text = metric.model_dump_json(exclude=set(WORDS), exclude_defaults=True)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]
