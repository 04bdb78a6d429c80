"""Who may see what: the audience of every KPI, and what has to be kept back so that no internal KPI reaches executives.

Here: the only place that knows the rule, which no setting can change: a KPI of an internal objective is for the
internal audience alone, all others are for executives too. Which columns and rows a file gets belongs to
``snapshot_plan``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import get_args

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.simplify import simplify

from kpi_pipeline.catalogue.formulas.algebra import Product, product_of
from kpi_pipeline.catalogue.formulas.formula import Formula, Window, parse_formula
from kpi_pipeline.config.commitment import missing_parts
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Grain
from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import ConfigurationError


def is_committed(kpi: Kpi) -> bool:
    """Tell whether a KPI is one: active, with every part of a commitment."""
    return kpi.status == "active" and not missing_parts(kpi)


@dataclass(frozen=True)
class Audiences:
    """The audiences of one configuration's KPIs."""

    configuration: Configuration

    @cached_property
    def of_kpi(self) -> dict[str, Audience]:
        """KPI → the audience that it is made for; only of KPIs that somebody is committed to."""
        objectives = self.configuration.goals.objectives
        found: dict[str, Audience] = {}
        for kpi_id, kpi in self.configuration.kpis.items():
            if is_committed(kpi) and kpi.objective is not None:
                found[kpi_id] = "internal" if objectives[kpi.objective].level == "internal" else "executive"
        return found

    @property
    def executive_kpis(self) -> tuple[str, ...]:
        """The KPIs that executives see, in the order of their ids."""
        return tuple(sorted(kpi_id for kpi_id, audience in self.of_kpi.items() if audience == "executive"))

    @cached_property
    def internal_kpis(self) -> tuple[str, ...]:
        """The KPIs that executives must not see, also those that are not finished, in the order of their ids."""
        objectives = self.configuration.goals.objectives
        return tuple(
            kpi_id
            for kpi_id, kpi in sorted(self.configuration.kpis.items())
            if kpi.status != "retired" and kpi.objective is not None and objectives[kpi.objective].level == "internal"
        )

    @property
    def executive_metrics(self) -> tuple[str, ...]:
        """The metrics behind the executive KPIs, in the order of their ids."""
        return tuple(sorted({self.configuration.kpis[kpi_id].metric for kpi_id in self.executive_kpis}))

    @cached_property
    def metrics_without_sides(self) -> frozenset[str]:
        """Executive metrics whose numerator or denominator is something that an internal KPI shows.

        That is its value, or one of its own sides; what an executive KPI shows as its value is no secret.
        """
        shown = [self._numbers[metric] for metric in self.executive_metrics]
        secret = [
            part
            for metric in self._internal_metrics
            for part in self._numbers[metric].parts
            if not any(each.shows(part.number, self._numbers[metric]) for each in shown)
        ]
        return frozenset(
            metric
            for metric in self.executive_metrics
            if any(side.tells(part) for side in self._numbers[metric].parts[1:] for part in secret)
        )

    def check(self) -> None:
        """Refuse commitments that no week can show, or that show executives an internal KPI under another name.

        Raises:
            ConfigurationError: naming all such KPIs.
        """
        if problems := list(self.problems()):
            raise ConfigurationError("\n".join(problems))

    def problems(self) -> Iterator[str]:
        """Yield what ``check`` would refuse."""
        for kpi_id in self.of_kpi:
            if not self._metric(kpi_id).has_total:
                yield (
                    f'KPI "{kpi_id}": its metric {self.configuration.kpis[kpi_id].metric} has no total, so no week has'
                    " a value; commit to a metric with has_total: true"
                )
        for inner in self.internal_kpis:
            metric_id = self.configuration.kpis[inner].metric
            for name in sorted({inner, metric_id}.intersection((*self.executive_kpis, *self.executive_metrics))):
                # One metric for both audiences is refused below.
                if name != metric_id or metric_id not in self.executive_metrics:
                    yield (
                        f'KPI "{inner}" is internal, and executives see something else under the id "{name}"; give one'
                        " of the two another id"
                    )
            for outer in self.executive_kpis:
                shown = self._numbers[self.configuration.kpis[outer].metric].how_it_shows(self._numbers[metric_id])
                if shown is not None:
                    yield (
                        f'KPI "{outer}" is for executives and shows {shown} "{inner}", which is internal;'
                        " internal KPIs must not be reported to executives: give one of the two up"
                    )

    def _metric(self, kpi_id: str) -> Metric:
        return self.configuration.metrics[self.configuration.kpis[kpi_id].metric]

    @cached_property
    def _numbers(self) -> dict[str, "_Number"]:
        metrics = {kpi.metric for kpi in self.configuration.kpis.values()}
        return {name: _Number(name, self.configuration.metrics[name]) for name in metrics}

    @cached_property
    def _internal_metrics(self) -> frozenset[str]:
        return frozenset(self.configuration.kpis[kpi_id].metric for kpi_id in self.internal_kpis)


@dataclass(frozen=True)
class _Part:
    """What a part of a formula counts.

    Attributes:
        number: whatever the window is that all of it shares, as long as it has whole weeks.
        of_weeks: whatever that window is: what is added up tells each week once the first ones are known.
    """

    number: Product
    of_weeks: Product

    def tells(self, other: "_Part") -> bool:
        return self.of_weeks.is_multiple_of(other.of_weeks)


class _Number:
    """What a metric counts, however its formula and filter are spelt.

    Attributes:
        value: the whole formula.
        parts: the whole, and what stands above and below its division.
    """

    def __init__(self, metric_id: str, metric: Metric) -> None:
        formula = parse_formula(metric.formula, f"metric {metric_id}")
        self.parts = [_part(each, formula) for each in (formula.expression, *formula.sides)]
        self.value = self.parts[0].number
        self._changes = _changes(formula)
        self._of_whom = canonical_filter(metric.filter), metric.cohort_age_days
        # Which period is the one before depends on the grain.
        compares = any(operand.window.is_previous for operand in formula.operands)
        self._grains = frozenset(metric.grains if compares and metric.grains else get_args(Grain))

    def how_it_shows(self, other: "_Number") -> str | None:
        """Tell how a reader of this number sees the other one; None if not at all.

        Another name, unit, window or threshold makes no other number of it.
        """
        if self._grains.isdisjoint(other._grains):
            return None
        if self.shows(other.value, other):
            return "the same number as"
        is_change = self._of_whom == other._of_whom and any(other.value.is_multiple_of(each) for each in self._changes)
        return "as its change on the week before what is" if is_change else None

    def shows(self, part: Product, of: "_Number") -> bool:
        """Tell whether the value is this part of another number."""
        return self._of_whom == of._of_whom and self.value.is_multiple_of(part)


def _part(expression: exp.Expr, formula: Formula) -> _Part:
    operands = {operand.name: operand for operand in formula.operands}
    windows = {operands[column.name].window for column in expression.find_all(exp.Column)}
    of_weeks = product_of(expression, lambda name: operands[name].measure if len(windows) == 1 else name)
    has_whole_weeks = all((window.trailing_days or 0) % 7 == 0 for window in windows)
    return _Part(of_weeks if has_whole_weeks else product_of(expression, lambda name: name), of_weeks)


def _changes(formula: Formula) -> list[Product]:
    """What a number's change on the period before counts, as a step and as a growth; none where it compares itself."""
    operands = {operand.name: operand for operand in formula.operands}
    windows = {operand.window for operand in formula.operands}
    if len(windows) != 1 or any(window.trailing_days for window in windows) or formula.first_age:
        return []
    now = product_of(formula.expression, lambda name: operands[name].measure)
    earlier = Window(is_previous=True).suffix
    before = product_of(formula.expression, lambda name: f"{operands[name].measure}{earlier}")
    step = now.plus(before.times(Product(Fraction(-1))))
    return [step, step.times(before, -1)]


def canonical_filter(condition: str | None) -> str:
    """Return one spelling for predicates that differ in order, parentheses and other ways of saying the same."""
    if condition is None:
        return ""
    parsed = sqlglot.parse_one(condition, dialect="duckdb", into=exp.Condition)
    return str(simplify(parsed.transform(_without_list)).sql(dialect="duckdb", comments=False))


def _without_list(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.In) or not node.expressions:
        return node
    return exp.paren(exp.or_(*(exp.EQ(this=node.this.copy(), expression=each.copy()) for each in node.expressions)))
