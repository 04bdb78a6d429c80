"""Metrics compiled to SQL.

Here: the way from a metric's id to one statement, for everybody who asks for values. What is read belongs to
``metric_plan``, the text to ``metric_sql``.
"""

from dataclasses import dataclass
from datetime import date

from kpi_pipeline.catalogue.metrics.measure_sql import Selection
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.metrics.metric_rules import mixed_bases
from kpi_pipeline.catalogue.metrics.metric_sql import metric_sql
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.model import Grain
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.warehouse.sql_project import SqlProject


@dataclass(frozen=True)
class CompiledMetric:
    """One metric at one grain.

    Attributes:
        sql: a SELECT that runs as it is on the warehouse and on the published internal file.
        tables: the measures tables that it reads.
        subjects: the subjects that must have been delivered for it.
    """

    metric_id: str
    grain: Grain
    dimension: str | None
    sql: str
    tables: tuple[str, ...]
    subjects: tuple[str, ...]


def compile_metric(
    metric_id: str,
    configuration: Configuration,
    project: SqlProject,
    grain: Grain,
    dimension: str | None = None,
    *,
    since: date | None = None,
    until: date | None = None,
    where: str | None = None,
) -> CompiledMetric:
    """Compile one metric, in total or by one dimension, for all periods or those that touch ``since`` to ``until``.

    Raises:
        FormulaError: if there is no such metric, it has no meaning at that grain, cannot be split or filtered so, or
            its formula or options are wrong.
    """
    plan = plan_metric(metric_id, configuration, project)
    plan.check_grain(grain)
    plan.check_dimension(dimension)
    if where is not None:
        plan.check_filter(where)
    statement = metric_sql(plan, Selection((grain,), (dimension,), since, until, where=where))
    heading = f"-- {metric_id} = {plan.formula.text}, by {grain}{f' and {dimension}' if dimension else ''}\n"
    return CompiledMetric(metric_id, grain, dimension, heading + statement, plan.tables, plan.subjects)


def basis_problems(configuration: Configuration, project: SqlProject) -> list[str]:
    """Return the metrics whose measures are counted by different days and do not say why (KPI027), and the reverse."""
    problems = []
    for metric_id, metric in configuration.metrics.items():
        plan = plan_metric(metric_id, configuration, project)
        bases = mixed_bases(plan)
        if bases and metric.mixed_basis is None:
            listed = ", ".join(bases)
            problems.append(
                f"KPI027  metric {metric_id}: numerator and denominator use different time bases: {listed}; choose"
                " measures of one basis, or say under mixed_basis why these go together"
            )
        # An optional measure that nobody delivers yet may be the one with another basis.
        if metric.mixed_basis is not None and not bases and not plan.zeros:
            problems.append(f"KPI027  metric {metric_id}: all its measures have one basis; remove mixed_basis")
    return problems


def formula_problems(configuration: Configuration, project: SqlProject) -> list[str]:
    """Return what is wrong in the formulas and options of all metrics, one message for each wrong metric."""
    problems = []
    for metric_id in configuration.metrics:
        try:
            plan_metric(metric_id, configuration, project)
        except FormulaError as error:
            problems.append(str(error))
    return problems
