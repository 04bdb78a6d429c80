"""Which internal KPIs could be computed back from what executives see.

Here: what follows from the numbers of the executive KPIs by adding, subtracting, multiplying and dividing them. Such a
KPI is reported and not refused: the business may accept it. One number for both audiences is refused in ``audience``;
what a formula says belongs to ``algebra``.

Executives are taken to know each of their numbers for all weeks: its value and, unless withheld, what stands above and
below its division. A window of a whole metric then makes no difference, and a number of this week tells that of any
earlier one.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from sqlglot import exp

from kpi_pipeline.catalogue.exposure.audience import Audiences, canonical_filter
from kpi_pipeline.catalogue.formulas.algebra import Polynomial, Product, product_of
from kpi_pipeline.catalogue.formulas.formula import Window
from kpi_pipeline.catalogue.metrics.metric_plan import MetricPlan, plan_metric
from kpi_pipeline.catalogue.metrics.values import grains_of
from kpi_pipeline.warehouse.sql_project import SqlProject

NUMBER = Polynomial.constant(Fraction(1))
Vector = dict[Hashable, Fraction]


@dataclass(frozen=True)
class Derivable:
    """An internal KPI that can be computed back, and the executive KPIs that are enough for it."""

    kpi_id: str
    executive_kpis: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f'KPI "{self.kpi_id}" is internal and can be computed back from what executives see:'
            f" {', '.join(self.executive_kpis)}"
        )


def derivable_kpis(audiences: Audiences, project: SqlProject) -> list[Derivable]:
    """Return the internal KPIs that can be computed back, in the order of their ids.

    Raises:
        FormulaError: if a metric cannot be compiled.
    """
    kpis = audiences.configuration.kpis
    plans = {
        kpi_id: plan_metric(kpis[kpi_id].metric, audiences.configuration, project)
        for kpi_id in (*audiences.executive_kpis, *audiences.internal_kpis)
    }
    windows = {operand.window for plan in plans.values() for operand in plan.formula.operands} | {Window()}
    shown = {
        kpi_id: [
            product
            for window in windows
            for product in _shown(plans[kpi_id], window, kpis[kpi_id].metric in audiences.metrics_without_sides)
        ]
        for kpi_id in audiences.executive_kpis
    }
    found = []
    for kpi_id in audiences.internal_kpis:
        formula = plans[kpi_id].formula
        # Known for another period, it is known for this one.
        wanted = {_said(plans[kpi_id], formula.expression, each) for each in windows if each.trailing_days is None}
        # Months tell nothing about weeks: what is put together is of one grain.
        together = {
            tuple(outer for outer in shown if grain in grains_of(plans[outer])) for grain in grains_of(plans[kpi_id])
        }
        needed = [
            _needed(each, _related(each, {outer: shown[outer] for outer in outers}), shown)
            for each in wanted
            if each.multiple
            for outers in together
        ]
        if enough := [each for each in needed if each is not None]:
            found.append(Derivable(kpi_id, min(enough, key=lambda names: (len(names), names))))
    return found


def _related(wanted: Product, shown: Mapping[str, Sequence[Product]]) -> list[str]:
    """The KPIs that have anything to do with a number, or with one that has."""
    names, related = set(wanted.names), list[str]()
    while True:
        more = [
            kpi_id
            for kpi_id, products in shown.items()
            if kpi_id not in related and any(not names.isdisjoint(product.names) for product in products)
        ]
        if not more:
            return related
        related += more
        names.update(name for kpi_id in more for product in shown[kpi_id] for name in product.names)


def _needed(
    wanted: Product, kpi_ids: Collection[str], shown: Mapping[str, Sequence[Product]]
) -> tuple[str, ...] | None:
    """Leave out one KPI after the other as long as the rest is enough; None if not even all are."""
    needed = sorted(kpi_ids)
    if not _follows(wanted, needed, shown):
        return None
    for kpi_id in tuple(needed):
        rest = [each for each in needed if each != kpi_id]
        if _follows(wanted, rest, shown):
            needed = rest
    return tuple(needed)


def _follows(wanted: Product, kpi_ids: Collection[str], shown: Mapping[str, Sequence[Product]]) -> bool:
    known = [product for kpi_id in kpi_ids for product in shown[kpi_id]]
    return bool(known) and _Knowledge(known, wanted).holds(wanted)


def _shown(plan: MetricPlan, window: Window, is_without_sides: bool) -> Iterator[Product]:
    """What executives see of a metric, as it is in a window."""
    formula = plan.formula
    sides = () if is_without_sides or formula.denominator is None else formula.sides
    for expression in (formula.expression, *sides):
        if window.trailing_days is None or _adds_up(plan, expression, window.trailing_days):
            yield _said(plan, expression, window)


def _adds_up(plan: MetricPlan, expression: exp.Expr, days: int) -> bool:
    """Whether the weeks of a number can be added up to that of so many days."""
    kinds = {
        operand: measure.kind == "sum" and not each.has_bounds
        for each in plan.inputs
        for operand, measure in each.columns.items()
    }
    is_sum = all(kinds.get(column.name, True) for column in expression.find_all(exp.Column))
    return days % 7 == 0 and is_sum and not expression.find(exp.Mul, exp.Div, exp.Anonymous)


def _said(plan: MetricPlan, expression: exp.Expr, window: Window) -> Product:
    """What a part of a formula says, moved into a window unless it compares windows itself."""
    operands = {operand.name: operand for operand in plan.formula.operands}
    own = {operands[column.name].window for column in expression.find_all(exp.Column)}
    only = next(iter(own)) if len(own) == 1 else None
    # A number of an earlier period alone is as good as that of this one, and so are sums of weeks: from the first day
    # on, each differs from the one before by the week that came in and one that is known.
    moves = only is not None and (only.trailing_days is None or _adds_up(plan, expression, only.trailing_days))
    return product_of(expression, partial(_name, plan, window if moves else None))


def _name(plan: MetricPlan, window: Window | None, column: str) -> str | None:
    """The number behind a column: whose measure it is, of whom, up to which age, and of when."""
    if column in plan.zeros:
        return None
    operand = next(each for each in plan.formula.operands if each.name == column)
    (source,) = (each for each in plan.inputs if column in each.columns)
    condition = f" where {canonical_filter(plan.metric.filter)}" if not source.is_undivided else ""
    age = f" up to {plan.metric.cohort_age_days} days" if source.is_cohort else ""
    return f"{operand.measure}{condition}{age}{(operand.window if window is None else window).suffix}"


class _Knowledge:
    """What follows from numbers that are known, as far as it may lead to the one that is wanted."""

    def __init__(self, known: Sequence[Product], wanted: Product) -> None:
        self._products = _Space()
        self._sums = _Space()
        self._sums.add(_terms(NUMBER))
        for product in known:
            self._learn(product)
        candidates = [Product.of(product.numerator) for product in (*known, wanted)]
        self._parts = list({part for product in (*known, *candidates, wanted) for part in product.powers})
        self._divisors = list({product.denominator: None for product in (*known, wanted)})
        while self._learn_more():
            pass

    def holds(self, product: Product) -> bool:
        """Tell whether a number follows."""
        is_known_sum = product.denominator == NUMBER and self._sums.holds(_terms(product.numerator))
        return is_known_sum or self._products.holds(_powers(product))

    def _learn(self, product: Product) -> None:
        self._products.add(_powers(product))
        if product.denominator == NUMBER:
            self._sums.add(_terms(product.numerator))

    def _learn_more(self) -> bool:
        found = False
        for part in self._parts:
            alone = _alone(part)
            in_products, in_sums = self._products.holds(_powers(alone)), self._sums.holds(_terms(part))
            if in_products != in_sums:
                self._learn(alone)
                found = True
        for divisor in self._divisors:
            below = Product.of(divisor)
            # Known shares of one whole can be added up, and taken from the whole.
            shares = _Space()
            shares.add(_terms(divisor))
            unknown = []
            for part in self._parts:
                share = _alone(part).times(below, -1)
                if self._products.holds(_powers(share)):
                    shares.add(_terms(part))
                else:
                    unknown.append((part, share))
            for part, share in unknown:
                if shares.holds(_terms(part)):
                    self._learn(share)
                    found = True
        return found


class _Space:
    """All vectors that follow from some by adding multiples of them."""

    def __init__(self) -> None:
        # Each row has a key that no other row has.
        self._rows: dict[Hashable, Vector] = {}

    def add(self, vector: Vector) -> None:
        if rest := self._rest(vector):
            pivot = next(iter(rest))
            added = {key: value / rest[pivot] for key, value in rest.items()}
            for key, row in self._rows.items():
                if factor := row.get(pivot):
                    self._rows[key] = _less(row, factor, added)
            self._rows[pivot] = added

    def holds(self, vector: Vector) -> bool:
        return not self._rest(vector)

    def _rest(self, vector: Vector) -> Vector:
        rest = vector
        for key, factor in vector.items():
            if key in self._rows:
                rest = _less(rest, factor, self._rows[key])
        return rest


def _less(vector: Vector, factor: Fraction, row: Vector) -> Vector:
    rest = dict(vector)
    for key, value in row.items():
        rest[key] = rest.get(key, Fraction()) - factor * value
    return {key: value for key, value in rest.items() if value}


def _alone(factor: Polynomial) -> Product:
    return Product(Fraction(1), frozenset({(factor, 1)}))


def _powers(product: Product) -> Vector:
    return {part: Fraction(power) for part, power in product.powers.items()}


def _terms(polynomial: Polynomial) -> Vector:
    return dict[Hashable, Fraction](polynomial.terms)
