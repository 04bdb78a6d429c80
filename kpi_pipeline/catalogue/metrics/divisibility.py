"""Whether the members of a dimension add up to a metric, so that its change can be split among them.

Here: what follows from the formula and the kinds of its measures. Splitting belongs to ``analysis``; what is told about
a dimension that cannot be split to ``contribution_rows``.
"""

from functools import partial
from typing import Literal

from sqlglot import exp

from kpi_pipeline.catalogue.formulas.algebra import Polynomial, product_of
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan

Obstacle = Literal["no_sum", "overlap", "undivided"]


def obstacle_to_splitting(plan: MetricPlan) -> Obstacle | None:
    """Return why members do not add up to the metric; None if its sides are sums over them.

    ``no_sum``: a median, an age, or a formula that multiplies or divides inside its sides. ``overlap``: one thing is
    counted for several members. ``undivided``: every member has the figure of all together.
    """
    reasons = [reason for version in plan.versions if (reason := _obstacle(version)) is not None]
    return reasons[0] if reasons else None


def _obstacle(plan: MetricPlan) -> Obstacle | None:
    if plan.quantile or plan.formula.first_age or not all(_is_sum(side, plan) for side in plan.formula.sides):
        return "no_sum"
    if not plan.metric.has_total or any(one.kind == "distinct" for each in plan.inputs for one in each.measures):
        return "overlap"
    return "undivided" if any(each.is_undivided for each in plan.inputs) else None


def _is_sum(side: exp.Expr, plan: MetricPlan) -> bool:
    """Whether a side adds up multiples of measures: a constant would count once for every member."""
    said = product_of(side, partial(_name, plan))
    below = said.denominator == Polynomial.constant(said.denominator.terms[0][1])
    return below and all(sum(power for _, power in names) == 1 for names, _ in said.numerator.terms)


def _name(plan: MetricPlan, column: str) -> str | None:
    return None if column in plan.zeros else column
