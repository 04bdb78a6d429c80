"""A metric's value from kept sums, in fractions and without the warehouse.

Here: the arithmetic of formulas. The same arithmetic as SQL stands in ``formula`` and ``metric_sql``; a test compares
the two.
"""

from collections.abc import Mapping
from fractions import Fraction

from sqlglot import exp

from kpi_pipeline.catalogue.formulas.formula import Formula
from kpi_pipeline.catalogue.history.parts import Sums
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.metric_sql import DAYS_PER_MONTH_OF_AGE, HUNDREDFOLD_UNITS


def value_of(plan: MetricPlan, sums: Mapping[str, Sums]) -> Fraction | None:
    """Return a metric's value from the sums of its operands; None where one is unknown or zero divides.

    A smallest denominator is not asked for: it decides what is shown, not what the value is.
    """
    scale = 100 if plan.metric.unit in HUNDREDFOLD_UNITS else 1
    if plan.formula.first_age:
        value = _first_age(plan.formula, sums)
    else:
        value = _worked_out(plan.formula.expression, {name: one.figure() for name, one in sums.items()})
    return None if value is None else scale * value


def _worked_out(expression: exp.Expr, figures: Mapping[str, Fraction | None]) -> Fraction | None:
    match expression:
        case exp.Column():
            return figures.get(expression.name, Fraction(0))
        case exp.Literal():
            return Fraction(expression.this)
        case exp.Paren():
            return _worked_out(expression.this, figures)
        case exp.Neg():
            inner = _worked_out(expression.this, figures)
            return None if inner is None else -inner
    left, right = (_worked_out(side, figures) for side in (expression.this, expression.expression))
    if left is None or right is None:
        return None
    match expression:
        case exp.Add():
            return left + right
        case exp.Sub():
            return left - right
        case exp.Mul():
            return left * right
    return left / right if right else None


def _first_age(formula: Formula, sums: Mapping[str, Sums]) -> Fraction | None:
    """The number of the month at whose age the cohort first reached what was needed."""
    assert formula.first_age is not None
    gained = sums[formula.first_age.gained].figures
    needed = sums[formula.first_age.needed].figure()
    if needed is None or None in gained.values():
        return None
    reached = Fraction(0)
    for age in sorted(gained, key=int):
        reached += Fraction(gained[age] or 0)
        if reached >= needed:
            return Fraction(int(age) // DAYS_PER_MONTH_OF_AGE + 1)
    return None
