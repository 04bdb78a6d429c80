"""Values asked for by hand: any metrics, grain, dimension, filter and days, from a published internal file.

Here: finding the values that the file holds already, computing the others, and putting their rows together. Printing
belongs to the command line; the values that are kept stand in ``kpi.values``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from kpi_pipeline.catalogue.metrics.compiler import compile_metric
from kpi_pipeline.catalogue.metrics.definition import definition_hash
from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan, plan_metric
from kpi_pipeline.catalogue.metrics.values import GRAINS
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.model import Grain
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.warehouse.sql_project import SqlProject

COLUMNS = (
    "metric_id",
    "grain",
    "period_start",
    "period_end",
    "dimension",
    "member",
    "numerator",
    "denominator",
    "value",
    "null_reason",
    "status",
    "currency",
)


@dataclass(frozen=True)
class _Asked:
    grain: Grain
    dimension: str | None
    since: date | None
    until: date | None
    where: str | None


def query_metrics(
    connection: duckdb.DuckDBPyConnection,
    configuration: Configuration,
    project: SqlProject,
    metric_ids: Sequence[str],
    *,
    grain: Grain = "week",
    dimension: str | None = None,
    since: date | None = None,
    until: date | None = None,
    where: str | None = None,
) -> pa.Table:
    """Return the metrics' values with the columns of ``kpi.values``, metric by metric.

    Args:
        connection: an internal snapshot, opened with ``open_snapshot``; the executive one does not hold the measures.
        configuration: the configuration now; what it defines otherwise than the snapshot is computed anew.
        project: the SQL files.
        metric_ids: at least one.
        grain: day, week, month, quarter or year.
        dimension: what to split by; None for the total.
        since: leave out periods that end before this day.
        until: leave out periods that start after this day.
        where: SQL predicate on the dimensions that all tables of the metric share.

    Raises:
        FormulaError: if a metric does not exist, has no meaning at that grain or cannot be split or filtered so, or if
            the file does not hold what it is computed from.
    """
    asked = _Asked(grain, dimension, since, until, where)
    _refuse_other_files(connection)
    # Everything is refused before anything is computed.
    plans = {metric_id: _checked(metric_id, configuration, project, asked) for metric_id in metric_ids}
    tables = []
    for metric_id, plan in plans.items():
        if _is_kept(connection, plan, project, asked):
            tables.append(_kept(connection, metric_id, asked))
        else:
            _refuse_missing_tables(connection, plan)
            tables.append(_computed(connection, metric_id, configuration, project, asked))
    return pa.concat_tables(tables)


def _refuse_other_files(connection: duckdb.DuckDBPyConnection) -> None:
    audience = connection.execute("select audience from kpi.snapshot").fetchall()
    if audience != [("internal",)]:
        raise FormulaError("the opened file does not hold what metrics are computed from; open the internal snapshot")


def _refuse_missing_tables(connection: duckdb.DuckDBPyConnection, plan: MetricPlan) -> None:
    held = {
        name
        for (name,) in connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
    }
    if missing := [table for table in plan.tables if table not in held]:
        raise FormulaError(
            f"metric {plan.metric_id}: the snapshot does not hold {', '.join(missing)}, because no source delivered"
            f" {' or '.join(plan.subjects)} when it was made; connect one, then: kpi run"
        )


def _checked(metric_id: str, configuration: Configuration, project: SqlProject, asked: _Asked) -> MetricPlan:
    plan = plan_metric(metric_id, configuration, project)
    plan.check_grain(asked.grain)
    plan.check_dimension(asked.dimension)
    if asked.where is not None:
        plan.check_filter(asked.where)
    return plan


def _is_kept(connection: duckdb.DuckDBPyConnection, plan: MetricPlan, project: SqlProject, asked: _Asked) -> bool:
    """Whether the snapshot holds these values, computed by the definition that holds now."""
    if asked.grain not in GRAINS or asked.where is not None:
        return False
    found = connection.execute(
        "select definition_hash from kpi.catalogue where metric_id = ?", [plan.metric_id]
    ).fetchall()
    return (definition_hash(plan, project),) in found


def _kept(connection: duckdb.DuckDBPyConnection, metric_id: str, asked: _Asked) -> pa.Table:
    return connection.sql(
        f'select {", ".join(COLUMNS)} from kpi."values"'
        " where metric_id = $metric_id and grain = $grain and dimension = $dimension"
        " and ($since is null or period_end >= $since) and ($until is null or period_start <= $until)"
        " order by grain, period_start, dimension, member",
        params={
            "metric_id": metric_id,
            "grain": asked.grain,
            "dimension": asked.dimension or TOTAL,
            "since": asked.since,
            "until": asked.until,
        },
    ).to_arrow_table()


def _computed(
    connection: duckdb.DuckDBPyConnection,
    metric_id: str,
    configuration: Configuration,
    project: SqlProject,
    asked: _Asked,
) -> pa.Table:
    compiled = compile_metric(
        metric_id,
        configuration,
        project,
        asked.grain,
        asked.dimension,
        since=asked.since,
        until=asked.until,
        where=asked.where,
    )
    try:
        return connection.sql(compiled.sql).to_arrow_table()
    except duckdb.Error as error:
        # The names in a filter were checked; what they are compared with, only the database can tell.
        cause = f"the filter {asked.where!r} cannot be applied" if asked.where else "it cannot be computed"
        raise FormulaError(f"metric {metric_id}: {cause}: {error}") from error
