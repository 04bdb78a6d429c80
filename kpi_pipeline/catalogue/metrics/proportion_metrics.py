"""Which metrics are proportions: so many out of so many, so that chance alone explains a known amount of change.

Here: the rule. What follows from it is computed in ``analysis``.
"""

from collections.abc import Mapping

from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.warehouse.engine import Engine

COUNT_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")


def proportion_metrics(engine: Engine, plans: Mapping[str, MetricPlan]) -> frozenset[str]:
    """Return the metrics among ``plans`` whose numerator and denominator are sums of whole things."""
    rows = engine.read(
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'measures'"
    ).to_pylist()
    counts = {(f"measures.{row['table_name']}", row["column_name"]) for row in rows if row["data_type"] in COUNT_TYPES}
    return frozenset(metric_id for metric_id, plan in plans.items() if _is_proportion(plan, counts))


def _is_proportion(plan: MetricPlan, counts: set[tuple[str, str]]) -> bool:
    """Windows that reach beyond the week overlap: neighbouring weeks share cases, and a growth is no share."""
    return (
        plan.metric.unit == "percent"
        and plan.formula.denominator is not None
        and not plan.has_window
        and all(
            measure.kind == "sum" and (measure.table, measure.column) in counts
            for each in plan.inputs
            for measure in each.measures
        )
    )
