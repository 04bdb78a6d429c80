"""Notes in ``kpi.quality`` that the values themselves give cause to.

Here: amounts that look as if they came in another unit. Notes on files and sources stand in ``quality``.
"""

from collections.abc import Iterator, Mapping

from kpi_pipeline.catalogue.metrics.measure_sql import TOTAL
from kpi_pipeline.catalogue.tables.row_tables import Row
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.warehouse.engine import Engine

# Ten times too much or too little, give or take: rial for toman, or a decimal mark at the wrong place.
SUSPICIOUS_RATIOS = ((8.0, 12.0), (0.08, 0.125))
MEDIAN_WEEKS = 8


def suspected_units(engine: Engine, metrics: Mapping[str, Metric]) -> Iterator[Row]:
    """Yield a row for every week in which an amount is about ten times, or a tenth of, its usual size."""
    amounts = [name for name, metric in metrics.items() if metric.unit == "currency"]
    among = " or ".join(f"value / usual between {low} and {high}" for low, high in SUSPICIOUS_RATIOS)
    rows = engine.read(
        "with weeks as ("
        " select metric_id, period_start, period_end, value,"
        " median(value) over eight as usual, count(value) over eight as known"
        " from kpi.values"
        f" where grain = 'week' and dimension = '{TOTAL}' and status <> 'partial'"
        " and list_contains($amounts, metric_id)"
        f" window eight as (partition by metric_id order by period_start rows between {MEDIAN_WEEKS} preceding"
        " and 1 preceding))"
        f" select metric_id, period_start, period_end, value / usual as ratio from weeks"
        f" where known = {MEDIAN_WEEKS} and usual <> 0 and ({among}) order by metric_id, period_start",
        {"amounts": amounts},
    )
    for row in rows.to_pylist():
        yield {
            "kind": "unit_suspected",
            "metric_id": row["metric_id"],
            "first_day": row["period_start"],
            "last_day": row["period_end"],
            "message": f"{row['ratio']:.2f} times the median of the {MEDIAN_WEEKS} weeks before: is it another unit,"
            " such as rial for toman?",
            "severity": "warning",
        }
