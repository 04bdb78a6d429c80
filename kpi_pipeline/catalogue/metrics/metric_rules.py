"""What the options of a metric must keep to: each other, the formula and the tables of its measures.

Here: one rule after the other, each with the message that it gives. Add the rule for a new option of ``Metric`` here.
What follows from the options belongs to ``metric_plan``; whether fields have the right types to ``config.metric``.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from kpi_pipeline.config.metric import EarlierDefinition, Metric
from kpi_pipeline.config.problems import did_you_mean
from kpi_pipeline.warehouse.sql_file import AGE_COLUMN, Measure, SqlFile

if TYPE_CHECKING:
    from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan


def option_problems(plan: "MetricPlan", found: Mapping[str, tuple[SqlFile, Measure]]) -> Iterator[str]:
    """Yield what contradicts itself or the tables; ``found`` holds each measure of the formula with its table."""
    metric = plan.metric
    options = (("lagged", metric.lagged), ("optional", metric.optional), ("undivided", metric.undivided))
    for option, names in options:
        for name in names:
            if name not in found:
                yield f'"{name}" under {option} does not stand in the formula "{metric.formula}"'
    if not plan.inputs:
        yield "all its measures are optional and no source delivers them; configure a source or remove the metric"
    if metric.undivided and set(metric.undivided) >= set(found):
        yield "all its measures are undivided, so there is nothing to split"
    if bool(metric.cost_lag_weeks) != bool(metric.lagged):
        yield "cost_lag_weeks and lagged need each other; give both or none"
    yield from _cohort_problems(plan, found)
    if (quantile := plan.quantile) and plan.formula.text.strip() != quantile.name:
        yield f'{quantile.name} is a {quantile.kind} of single rows: it stands alone, found "{metric.formula}"'
    if metric.min_denominator and plan.formula.denominator is None and not quantile:
        yield f'min_denominator is set, but the formula "{metric.formula}" is no division'
    for name in metric.dimensions or ():
        if name not in plan.common:
            listed = ", ".join(plan.common) or "none"
            yield f'the dimension "{name}" is not common to all tables of its measures; common are: {listed}'
    if not metric.has_total and not plan.dimensions:
        yield "has_total is false and there is no dimension to split it by, so it has no value at all"
    if metric.filter is not None:
        yield from filter_problems(metric.filter, plan.common)
    yield from _apart_problems(plan)
    yield from _version_problems(metric)


def _cohort_problems(plan: "MetricPlan", found: Mapping[str, tuple[SqlFile, Measure]]) -> Iterator[str]:
    metric, first_age = plan.metric, plan.formula.first_age
    cohorts = {name for name, (file, _) in found.items() if AGE_COLUMN in file.keys}
    if cohorts and metric.cohort_age_days is None:
        yield f"{', '.join(sorted(cohorts))} grows with the cohort's age; say up to which age with cohort_age_days"
    if metric.cohort_age_days is not None and not cohorts:
        yield "cohort_age_days is set, but no measure of the formula has an age"
    if first_age and (first_age.gained not in cohorts or first_age.needed in cohorts):
        yield f"first_age(a >= b) needs a measure with an age as a and one without as b, found {metric.formula}"
    if bool(first_age) != (metric.unit == "months"):
        yield "first_age and the unit months belong together"
    for each in plan.inputs:
        if each.is_cohort and (each.window.is_previous or each.window.trailing_days):
            yield f"{', '.join(sorted(cohorts))} has an age: shift_weeks moves it, previous and trailing cannot"


def _apart_problems(plan: "MetricPlan") -> Iterator[str]:
    """What overlaps must not be added up: each member stands for itself, or a filter picks one."""
    for each in plan.inputs:
        apart = each.file.apart
        if not apart or _picks_one(plan.metric.filter, apart):
            continue
        if plan.metric.has_total or each.is_undivided or set(plan.dimensions) - set(apart):
            names = " or ".join(apart)
            yield (
                f"{each.file.table} counts some things once for every {apart[0]}, so that they are never added up; set"
                f" has_total: false and split by {names} alone, or pick one in the filter"
            )


def _picks_one(condition: str | None, columns: Collection[str]) -> bool:
    if condition is None:
        return False
    parsed = sqlglot.parse_one(condition, dialect="duckdb", into=exp.Condition)
    parts = parsed.flatten() if isinstance(parsed, exp.And) else (parsed,)
    return any(
        isinstance(part, exp.EQ) and isinstance(part.expression, exp.Literal) and part.this.name in columns
        for part in parts
    )


def _version_problems(metric: Metric) -> Iterator[str]:
    versions: list[EarlierDefinition] = list(metric.earlier)
    if not versions:
        if metric.effective_from is not None:
            yield "effective_from is set without an earlier definition for the time before"
        return
    if [each.until for each in versions] != sorted({each.until for each in versions}):
        yield "the earlier definitions are not in order of until"
    if [each.version for each in versions] != sorted({each.version for each in versions}):
        yield "the earlier definitions are not in order of version"
    if versions[-1].version >= metric.version:
        yield f"version {metric.version} is not above the earlier one, {versions[-1].version}"
    if versions[-1].until != metric.effective_from:
        yield f"effective_from is not the day {versions[-1].until}, until which the definition before it holds"


def filter_problems(condition: str, common: Collection[str]) -> Iterator[str]:
    """Yield why a predicate cannot be a filter over the dimensions ``common``."""
    columns = filter_columns(condition)
    if not columns:
        yield f'the filter "{condition}" cannot be read; expected a predicate on the dimensions: {", ".join(common)}'
    for name in sorted(columns - set(common)):
        hint = did_you_mean(name, common) or f"possible are: {', '.join(common) or 'none'}"
        yield f'the filter "{condition}" names "{name}", which is no dimension common to all its tables; {hint}'


def mixed_bases(plan: "MetricPlan") -> tuple[str, ...]:
    """Return what the days of a metric's measures are, where they are not all the same."""
    bases = tuple(dict.fromkeys(each.file.basis for each in plan.inputs if each.file.basis))
    return bases if len(bases) > 1 else ()


@lru_cache(maxsize=1024)
def filter_columns(condition: str) -> frozenset[str]:
    """Return the names that a filter compares; empty if it cannot be read as a predicate."""
    try:
        parsed = sqlglot.parse_one(condition, dialect="duckdb", into=exp.Condition)
    except sqlglot.errors.SqlglotError:
        return frozenset()
    if parsed.find(exp.Query) or parsed.find(exp.Block):
        return frozenset()
    return frozenset(column.sql(dialect="duckdb") for column in parsed.find_all(exp.Column))
