"""Metrics as other tools can say them: what goes with every format, and what goes with none.

Here: the SQL of a measure's rows and of a formula in standard words, and the reasons for which no format can hold a
metric. The formats themselves belong to ``export_metricflow`` and ``export_osi``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from kpi_pipeline.catalogue.formulas.formula import OPERATORS
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.metric_rules import filter_columns
from kpi_pipeline.catalogue.metrics.metric_sql import HUNDREDFOLD_UNITS
from kpi_pipeline.warehouse.sql_file import Measure
from kpi_pipeline.warehouse.sql_header import PERIOD_BOUNDS


@dataclass(frozen=True)
class Export:
    """A catalogue in the words of another tool.

    Attributes:
        files: file name → text.
        expressed: the metrics that the format can hold.
        not_expressed: metric → why the format cannot hold it.
    """

    files: Mapping[str, str]
    expressed: tuple[str, ...]
    not_expressed: Mapping[str, str]


def reasons_against(plan: MetricPlan) -> Iterator[str]:
    """Yield why a metric cannot be said in a format that knows aggregations, ratios and windows only."""
    metric = plan.metric
    if not metric.has_total:
        yield "its members must never be added up, and no format can forbid the total"
    if metric.undivided:
        yield f"{', '.join(metric.undivided)} is taken whole for every member, also where the metric is split"
    if any(each.is_cohort for each in plan.inputs):
        yield f"only cohorts that have reached the age of {metric.cohort_age_days} days count"
    bounded = [measure for each in plan.inputs for measure in each.measures if _has_bounds(measure)]
    for measure in dict.fromkeys(bounded):
        yield f"{measure.name} depends on the first or last day of the period that is asked for"
    if plan.earlier:
        until = plan.metric.effective_from
        yield f"periods that began before {until} are computed by an earlier definition"


def row_sql(measure: Measure, table: str = "") -> str:
    """Return what a measure takes from each row, over the columns of ``table``; NULL where the row does not count."""
    column = _qualified(exp.column(measure.column), table)
    if measure.where is None:
        return column
    otherwise = " else 0" if measure.kind == "sum" else ""
    return f"case when {_qualified(_condition(measure.where), table)} then {column}{otherwise} end"


def predicate_sql(predicate: str, write_column: Callable[[str], str]) -> str:
    """Return a predicate with every column written by ``write_column``."""

    def rewrite(node: exp.Expr) -> exp.Expr:
        return exp.Var(this=write_column(node.name)) if isinstance(node, exp.Column) else node

    return _text(_condition(predicate).transform(rewrite))


def formula_text(plan: MetricPlan, write_operand: Callable[[str], str]) -> str:
    """Return the metric's value over its operands: every division guarded, percentages as hundredfold."""
    formula, metric = plan.formula, plan.metric

    def written(expression: exp.Expr) -> str:
        match expression:
            case exp.Column():
                return "0" if expression.name in plan.zeros else write_operand(expression.name)
            case exp.Literal():
                return str(expression.this)
            case exp.Paren():
                return f"({written(expression.this)})"
            case exp.Neg():
                return f"- {written(expression.this)}"
            case exp.Div():
                return ratio(expression.this, expression.expression)
            case _:
                operator = OPERATORS[type(expression)]
                return f"{written(expression.this)} {operator} {written(expression.expression)}"

    def ratio(above: exp.Expr, below: exp.Expr) -> str:
        top, bottom = (f"cast({written(side.unnest())} as double precision)" for side in (above, below))
        return f"{top} / nullif({bottom}, 0)"

    if formula.denominator is None:
        value = written(formula.numerator)
    else:
        value = ratio(formula.numerator, formula.denominator)
        if metric.min_denominator:
            floor = f"{written(formula.denominator)} >= {metric.min_denominator}"
            value = f"case when {floor} then {value} end"
    if metric.unit in HUNDREDFOLD_UNITS:
        return (
            f"100 * {value}" if formula.denominator is not None and not metric.min_denominator else f"100 * ({value})"
        )
    return value


def _has_bounds(measure: Measure) -> bool:
    return measure.where is not None and not PERIOD_BOUNDS.isdisjoint(filter_columns(measure.where))


def _condition(predicate: str) -> exp.Expr:
    return sqlglot.parse_one(predicate, dialect="duckdb", into=exp.Condition)


def _qualified(expression: exp.Expr, table: str) -> str:
    if not table:
        return _text(expression)

    def qualify(node: exp.Expr) -> exp.Expr:
        return exp.column(node.name, table=table) if isinstance(node, exp.Column) else node

    return _text(expression.transform(qualify))


def _text(expression: exp.Expr) -> str:
    return str(expression.sql(dialect="postgres", normalize_functions="lower"))
