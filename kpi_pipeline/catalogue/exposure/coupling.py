"""Mechanical coupling: two metrics that are computed from the same measures move together, whatever happens.

Here: what two metrics share, and what one of them then is to the other by arithmetic alone. Whether metrics move
together in the data belongs to ``analysis.relation``; what a formula says to ``algebra``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from kpi_pipeline.catalogue.exposure.audience import canonical_filter
from kpi_pipeline.catalogue.formulas.algebra import Product, product_of
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan


@dataclass(frozen=True)
class Coupling:
    """What two metrics have in common.

    Attributes:
        measures: measures of the first one that stand in columns which the other one is computed from too.
        elasticity: per cent of the other one for one per cent of the first, in the same week and with the rest as it
            is; None where arithmetic does not tell.
    """

    measures: tuple[str, ...]
    elasticity: int | None


def coupling(kpi: MetricPlan, objective: MetricPlan) -> Coupling:
    """Return what a KPI's metric shares with its objective's, under any definition that either ever had."""
    columns = set(_columns(objective).values())
    shared = tuple(name for name, column in _columns(kpi).items() if column in columns)
    return Coupling(shared, _elasticity(_meaning(kpi), _meaning(objective)) if shared else None)


def _elasticity(kpi: Product, objective: Product) -> int | None:
    """One or minus one if the KPI or its inverse is a factor of the objective's metric, and the rest is free of it."""
    common = kpi.powers.keys() & objective.powers.keys()
    exponents = {Fraction(objective.powers[factor], kpi.powers[factor]) for factor in common}
    rest = {name for factor in objective.powers.keys() - common for name in factor.names}
    if exponents not in ({Fraction(1)}, {Fraction(-1)}) or not rest.isdisjoint(kpi.names):
        return None
    return int(exponents.pop())


def _columns(plan: MetricPlan) -> Mapping[str, tuple[str, str]]:
    """Measure → the table and column that it stands in."""
    return {
        measure.name: (measure.table, measure.column)
        for version in plan.versions
        for each in version.inputs
        for measure in each.measures
    }


def _meaning(plan: MetricPlan) -> Product:
    return product_of(plan.formula.expression, partial(_name, plan))


def _name(plan: MetricPlan, column: str) -> str | None:
    """The number behind a column: two metrics mean the same by it only if it is of the same cases and time."""
    if column in plan.zeros:
        return None
    (source,) = (each for each in plan.inputs if column in each.columns)
    condition = canonical_filter(plan.metric.filter) if not source.is_undivided else ""
    age = plan.metric.cohort_age_days if source.is_cohort else None
    return f"{source.columns[column].name}{source.window.suffix} {plan.metric.trailing_weeks} {age} {condition}"
