"""``kpi.lineage``: which loaded files stand behind which metric.

Here: the way from a metric back to the raw subjects, the sources and the batches. How far a period is covered is part
of the values themselves, see ``metric_sql``.
"""

from collections.abc import Mapping

from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.sources.loading.raw_tables import BATCHES, COVERED_DAYS
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.sql_project import SqlProject

DAY_UNITS = ("day", "event_day")


def metric_subjects(plans: Mapping[str, MetricPlan], project: SqlProject) -> dict[str, frozenset[str]]:
    """Return metric → the raw subjects that its measures are made from, directly or by way of other tables."""
    return {
        metric_id: frozenset(
            name
            for name, subject in SUBJECTS.items()
            if any(subject.table in project.ancestors(table) for table in plan.tables)
        )
        for metric_id, plan in plans.items()
    }


def refresh_lineage(engine: Engine, subjects: Mapping[str, frozenset[str]]) -> None:
    """Write ``kpi.lineage``: for each metric the batches that own a day or a row of what it is made from.

    Args:
        engine: the warehouse, inside a transaction.
        subjects: metric → raw subjects.
    """
    pairs = [(metric_id, subject) for metric_id in sorted(subjects) for subject in sorted(subjects[metric_id])]
    owned = [f"select subject, batch_id, min(day) as first_day, max(day) as last_day from {COVERED_DAYS} group by all"]
    owned += [
        f"select '{subject.name}', batch_id, min(day), max(day) from {subject.table} group by all"
        for subject in SUBJECTS.values()
        if subject.unit not in DAY_UNITS
    ]
    engine.run(
        "create or replace table kpi.lineage (metric_id varchar, source varchar, batch_id varchar, file_name varchar,"
        " sha256 varchar, exported_at timestamp, first_day date, last_day date, rows_loaded bigint)"
    )
    engine.run(
        "insert into kpi.lineage"
        " with needed as ("
        "    select unnest(cast($metrics as varchar[])) as metric_id, unnest(cast($subjects as varchar[])) as subject"
        f" ), owned as ({' union all '.join(owned)}), fed as ("
        "    select needed.metric_id, owned.batch_id, min(owned.first_day) as first_day,"
        "        max(owned.last_day) as last_day"
        "    from needed inner join owned using (subject) group by needed.metric_id, owned.batch_id"
        " )"
        " select fed.metric_id, batches.source, fed.batch_id, batches.file_name, batches.sha256, batches.exported_at,"
        " fed.first_day, fed.last_day, batches.rows_loaded"
        f" from fed inner join {BATCHES} as batches using (batch_id)",
        {"metrics": [metric_id for metric_id, _ in pairs], "subjects": [subject for _, subject in pairs]},
    )
