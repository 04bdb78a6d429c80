"""``kpi.segments``: the members of every KPI's dimensions, ranked in the last complete week.

Here: the ranking. The rank of a week among other weeks stands in the weekly tables.
"""

from datetime import date

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL
from kpi_pipeline.catalogue.tables.catalogue_columns import SEGMENTS, types
from kpi_pipeline.warehouse.engine import Engine


def refresh_segments(engine: Engine, audiences: Audiences, week_start: date) -> None:
    """Rank the members with a value; equal values share a place and leave no gap. Inside a transaction."""
    configuration = audiences.configuration
    kpis = sorted(audiences.of_kpi)
    metrics = [configuration.kpis[kpi_id].metric for kpi_id in kpis]
    signs = [-1 if configuration.metrics[name].direction == "higher_better" else 1 for name in metrics]
    columns = ", ".join(f"{name} {data_type}" for name, data_type in types(SEGMENTS).items())
    engine.run(f"create or replace table kpi.segments ({columns})")
    engine.run(
        "insert into kpi.segments by name"
        " with kpis as (select unnest($kpis) as kpi_id, unnest($metrics) as metric_id, unnest($signs) as sign)"
        " select kpis.kpi_id, split.period_start as week_start, split.dimension, split.member, split.value,"
        " dense_rank() over (partition by kpis.kpi_id, split.dimension order by kpis.sign * split.value) as rank,"
        " count(*) over (partition by kpis.kpi_id, split.dimension) as members"
        " from kpi.values as split inner join kpis using (metric_id)"
        f" where split.grain = 'week' and split.dimension <> '{TOTAL}' and split.period_start = $week"
        " and split.value is not null",
        {"kpis": kpis, "metrics": metrics, "signs": signs, "week": week_start},
    )
