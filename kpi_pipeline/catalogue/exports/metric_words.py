"""A metric's options, form and worked example in words.

Here: one sentence for each option that changes what the number is. Add a sentence together with an option of
``Metric``. Edge rules have texts of their own in ``edge_rules``.
"""

from collections.abc import Iterator
from decimal import Decimal

from sqlglot import exp

from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan
from kpi_pipeline.catalogue.metrics.metric_sql import HUNDREDFOLD_UNITS
from kpi_pipeline.config.model import Unit

UNIT_SIGNS: dict[Unit, str] = {
    "percent": " %",
    "points": " points",
    "ratio": " ×",
    "minutes": " min",
    "hours": " h",
    "days": " d",
    "months": " months",
}


def form_of(plan: MetricPlan) -> str:
    """Return how the number comes about, which decides whether it can be added up."""
    kinds = {measure.kind for each in plan.inputs for measure in each.measures}
    if plan.formula.first_age:
        return "age at which a cohort has brought enough"
    if plan.quantile:
        return f"{plan.quantile.kind.replace('percentile_90', '90th percentile')} of single cases, taken anew for each"
    if plan.formula.denominator is not None:
        return "ratio of sums: never the mean of other ratios"
    if "distinct" in kinds:
        return "distinct count: counted anew at every grain, never added up"
    if "last" in kinds:
        return "stock figure: the last day's counts"
    return "sum: may be added up over days and members"


def options_in_words(plan: MetricPlan) -> Iterator[str]:
    """Yield a sentence for each option that is set."""
    metric = plan.metric
    if metric.filter:
        yield f"Only rows with `{metric.filter}` count."
    if metric.trailing_weeks > 1:
        yield (
            f"The value of a week is that of {metric.trailing_weeks} weeks up to its end;"
            " a month, quarter or year is taken as it is."
        )
    if metric.lagged:
        yield f"{_listed(metric.lagged)} is taken {_weeks(metric.cost_lag_weeks)} earlier."
    if metric.shift_weeks:
        yield f"The value of a period is that of the period {_weeks(metric.shift_weeks)} earlier."
    if metric.cohort_age_days:
        yield (
            f"Only what a cohort did in its first {metric.cohort_age_days} days counts, and only cohorts that have"
            " reached that age; the day is the one on which the cohort began."
        )
    if metric.min_denominator:
        counted = "number of cases" if plan.quantile else "denominator"
        yield f"The value is withheld while the {counted} is below {metric.min_denominator}."
    if metric.optional:
        yield f"{_listed(metric.optional)} counts as zero where no connected source delivers it."
    if metric.undivided:
        yield f"{_listed(metric.undivided)} is taken whole for every member."
    if not metric.has_total:
        yield "Its members must never be added up, so that there is no total."
    if metric.mixed_basis:
        yield f"Its measures are counted by different days: {metric.mixed_basis.en}"


def example_in_words(plan: MetricPlan) -> str | None:
    """Return the worked example as an equation; None if the metric has none."""
    example = plan.metric.example
    if example is None:
        return None
    given = {operand.name: example.given.get(operand.spelling) for operand in plan.formula.operands}
    result = value_in_words(example.value, plan.metric.unit)
    if plan.formula.first_age or plan.quantile or None in given.values():
        known = ", ".join(f"{name} = {value:,}" for name, value in example.given.items())
        return f"{known} gives {result}"

    def fill(node: exp.Expr) -> exp.Expr:
        return exp.Var(this=f"{given[node.name]:,}") if isinstance(node, exp.Column) else node

    written = plan.formula.expression.copy().transform(fill).sql(dialect="duckdb").replace("*", "×")
    if plan.metric.unit in HUNDREDFOLD_UNITS:
        written = f"100 × {written}" if plan.formula.denominator is not None else f"100 × ({written})"
    return f"{written} = {result}"


def value_in_words(value: Decimal, unit: Unit) -> str:
    """Return an exact value with its unit; amounts are in the reporting currency."""
    return f"{value:,}{UNIT_SIGNS.get(unit, '')}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _weeks(count: int) -> str:
    return "1 week" if count == 1 else f"{count} weeks"
