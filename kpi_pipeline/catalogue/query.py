"""Values asked for by hand: any metrics, grain, dimension and days, computed on a published internal file.

Here: compiling the metrics and putting their rows together. Printing belongs to the command line; the values that are
kept stand in ``kpi.values``.
"""

from collections.abc import Sequence
from datetime import date

import duckdb
import pyarrow as pa

from kpi_pipeline.catalogue.compiler import compile_metric
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.model import Grain
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.warehouse.sql_project import SqlProject


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
) -> pa.Table:
    """Return the metrics' values with the columns of ``kpi.values``, metric by metric.

    Args:
        connection: an internal snapshot, opened with ``open_snapshot``; the executive one does not hold the measures.
        configuration: the configuration that the snapshot was made with.
        project: the SQL files that it was made with.
        metric_ids: at least one.
        grain: day, week, month, quarter or year.
        dimension: what to split by; None for the total.
        since: leave out periods that end before this day.
        until: leave out periods that start after this day.

    Raises:
        FormulaError: if a metric does not exist, cannot be split so, or needs a table that the file does not hold.
    """
    tables = []
    for metric_id in metric_ids:
        compiled = compile_metric(metric_id, configuration, project, grain, dimension, since=since, until=until)
        try:
            tables.append(connection.sql(compiled.sql).to_arrow_table())
        except duckdb.CatalogException as error:
            raise FormulaError(
                f"metric {metric_id}: the opened file does not hold {', '.join(compiled.tables)} or what it is joined"
                f" with; open the internal snapshot: {error}"
            ) from error
    return pa.concat_tables(tables)
