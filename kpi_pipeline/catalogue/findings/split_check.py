"""Problems of what a change is to be split by: factors of a metric, and dimensions that reports for executives name.

Here: whether factors give their metric, and whether dimensions exist. Which splits executives then see is decided in
``driver_exposure``.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce

from kpi_pipeline.catalogue.exposure.audience import canonical_filter
from kpi_pipeline.catalogue.findings.pieces import FACTORS
from kpi_pipeline.catalogue.formulas.algebra import Product, product_of
from kpi_pipeline.catalogue.formulas.formula import Window, parse_formula
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.draft import Draft
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem, did_you_mean
from kpi_pipeline.warehouse.sql_project import SqlProject


def factor_problems(draft: Draft, configuration: Configuration) -> Iterator[Problem]:
    """Yield a problem for each metric whose factors do not give it, among metrics that can all be computed."""
    metrics = configuration.metrics
    for metric_id, metric in metrics.items():
        factors = {name: metrics[name] for name in metric.factors if name in metrics}
        if not metric.factors or len(factors) < len(metric.factors):
            continue
        entry = draft.metrics.entries[metric_id]
        others = [name for name, each in {metric_id: metric, **factors}.items() if not _is_of(metric, each)]
        if others:
            message = Phrase(
                'metric "{metric}" cannot be split into factors: {others} count other cases or another time than the'
                " week itself",
                metric=metric_id,
                others=", ".join(others),
            )
            hint = Phrase("name factors with the same filter, and without windows, lags or cohorts")
            yield entry.problem("CFG053", message, "factors", hint=hint)
        elif not _is_product(metric, list(factors.values())):
            message = Phrase(
                'metric "{metric}" is not the product of its factors: {formula} is not {product}',
                metric=metric_id,
                formula=metric.formula,
                product=" * ".join(f"({each.formula})" for each in factors.values()),
            )
            hint = Phrase("name factors whose formulas, multiplied, give the formula of the metric")
            yield entry.problem("CFG053", message, "factors", hint=hint)


def driver_problems(draft: Draft, project: SqlProject) -> Iterator[Problem]:
    """Yield a problem for each dimension under ``drivers`` that no measures can be split by."""
    known = {name for file in project.files if file.measures for name in file.dimensions} | {FACTORS}
    for entry in draft.reports.entries.values():
        for position, name in enumerate(entry.value.drivers):
            if name not in known:
                message = Phrase('reference "{name}" in {field} does not exist', name=name, field="drivers")
                yield entry.problem("KPI004", message, "drivers", position, hint=did_you_mean(name, known))


def _is_of(metric: Metric, factor: Metric) -> bool:
    """Whether a metric counts the same cases as another, in the week itself."""
    formula = parse_formula(factor.formula, "a factor")
    return (
        canonical_filter(factor.filter) == canonical_filter(metric.filter)
        and factor.trailing_weeks == 1
        and not (factor.cost_lag_weeks or factor.shift_weeks or factor.cohort_age_days or factor.undivided)
        and formula.first_age is None
        and all(operand.window == Window() for operand in formula.operands)
    )


def _is_product(metric: Metric, factors: list[Metric]) -> bool:
    """Whether the formulas say the same; that percentages are 100 times theirs is allowed for when they are split."""
    said, *others = [_said(each) for each in (metric, *factors)]
    product = reduce(Product.times, others)
    return said.plus(product.times(Product(Fraction(-1)))).multiple == 0


def _said(metric: Metric) -> Product:
    return product_of(parse_formula(metric.formula, "a factor").expression, lambda name: name)
