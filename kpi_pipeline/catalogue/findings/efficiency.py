"""``kpi.efficiency``: what came of the effort behind a KPI, for each unit of it, in the recent weeks.

Here: the two figures that a commitment names under ``where``, each a metric or a measure, and their quotient. How a
metric becomes SQL belongs to ``metric_sql``.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.metrics.measure_sql import Selection
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.metric_sql import metric_sql
from kpi_pipeline.catalogue.metrics.weeks import ONE_WEEK, read_weeks
from kpi_pipeline.catalogue.tables.row_tables import Row
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Text
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.sql_file import AGE_COLUMN
from kpi_pipeline.warehouse.sql_project import SqlProject

RECENT_WEEKS = 13

ValuesOfWeeks = Mapping[date, float | None]


def efficiency_rows(engine: Engine, audiences: Audiences, project: SqlProject, week_start: date) -> Iterator[Row]:
    """Yield one row per KPI and week, for the weeks up to ``week_start``, the last complete one."""
    configuration = audiences.configuration
    first = week_start - (RECENT_WEEKS - 1) * ONE_WEEK
    named: dict[str, tuple[str, str]] = {}
    for kpi_id in sorted(audiences.of_kpi):
        where = configuration.kpis[kpi_id].where
        if where is not None:
            named[kpi_id] = (where.efficiency_metric, where.per)
    wanted = {name for pair in named.values() for name in pair}
    values = _of_metrics(engine, wanted & configuration.metrics.keys(), first, week_start)
    for kpi_id, pair in named.items():
        age = configuration.metrics[configuration.kpis[kpi_id].metric].cohort_age_days
        for name in pair:
            if name not in values:
                values[name] = _of_measure(engine, name, age, configuration, project, since=first, until=week_start)
        result, effort = (values[name] for name in pair)
        for week in sorted(result.keys() & effort.keys()):
            brought, spent = result[week], effort[week]
            yield {
                "kpi_id": kpi_id,
                "week_start": week,
                "efficiency_metric": pair[0],
                "per": pair[1],
                "result": brought,
                "effort": spent,
                "result_per_effort": brought / spent if brought is not None and spent else None,
            }


def _of_metrics(engine: Engine, metrics: Collection[str], first: date, last: date) -> dict[str, ValuesOfWeeks]:
    return {
        name: {week.start: week.value for week in weeks if first <= week.start <= last}
        for name, weeks in read_weeks(engine, metrics).items()
    }


def _of_measure(
    engine: Engine,
    name: str,
    cohort_age_days: int | None,
    configuration: Configuration,
    project: SqlProject,
    *,
    since: date,
    until: date,
) -> ValuesOfWeeks:
    """The sums of a measure by week; of a cohort measure, up to the age that the KPI's own metric looks at."""
    files = [file for file in project.files if any(measure.name == name for measure in file.measures)]
    has_age = any(AGE_COLUMN in file.keys for file in files)
    # Tables that no connected source fills are not built.
    if not files or (has_age and cohort_age_days is None) or not all(engine.exists(file.table) for file in files):
        return {}
    plain = Metric(
        name=Text(en=name, fa=name),
        formula=name,
        unit="count",
        direction="higher_better",
        cohort_age_days=cohort_age_days if has_age else None,
        source="",
    )
    plan = plan_metric(name, replace(configuration, metrics={name: plain}), project)
    statement = metric_sql(plan, Selection(("week",), (None,), since, until))
    rows = engine.read(f"select period_start, value from ({statement}) as weeks")
    return dict(zip(rows.column("period_start").to_pylist(), rows.column("value").to_pylist(), strict=True))
