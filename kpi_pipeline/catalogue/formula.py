"""A metric's formula: one line of arithmetic over measure names.

Here: what may stand in a formula, which side of it is the numerator, and its SQL. Add an operator here. Where measures
come from and how they are added up before the formula is applied belongs to ``compiler``.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from kpi_pipeline.config.problems import did_you_mean
from kpi_pipeline.errors import FormulaError

OPERATORS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
ALLOWED = "names of measures, numbers, + - * / and parentheses"


@dataclass(frozen=True)
class FirstAge:
    """``first_age(gained >= needed)``: the first cohort age at which what was gained reaches what was needed."""

    gained: str
    needed: str


@dataclass(frozen=True)
class Formula:
    """A parsed formula.

    Attributes:
        expression: the whole formula.
        measures: names of the measures, in the order in which they appear.
        numerator: what stands above the last division, with any constant factor.
        denominator: what stands below it; None if the formula is not a division.
        first_age: set instead of the two where the formula asks for an age.
    """

    text: str
    expression: exp.Expr
    measures: tuple[str, ...]
    numerator: exp.Expr
    denominator: exp.Expr | None
    first_age: FirstAge | None = None

    @property
    def divisors(self) -> tuple[exp.Expr, ...]:
        """Everything that is divided by; nothing has a value while one of them is zero."""
        inner = [division.expression for side in self.sides for division in side.find_all(exp.Div)]
        return (*([self.denominator] if self.denominator is not None else []), *inner)

    @property
    def sides(self) -> tuple[exp.Expr, ...]:
        """The numerator and, where there is one, the denominator."""
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)


def parse_formula(text: str, place: str) -> Formula:
    """Parse a formula; ``place`` names the metric in messages.

    Raises:
        FormulaError: it holds anything but measures, numbers and the four operations, or it is not one expression.
    """
    try:
        expression = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise FormulaError(f'{place}: the formula "{text}" cannot be read; expected {ALLOWED}') from error
    if isinstance(expression, exp.Anonymous) and expression.name.lower() == "first_age":
        first_age = _first_age(expression, text, place)
        return Formula(text, expression, (first_age.gained, first_age.needed), expression, None, first_age)
    for node in expression.walk():
        _refuse_foreign(node, text, place)
    measures = tuple(dict.fromkeys(_names(expression)))
    if not measures:
        raise FormulaError(f'{place}: the formula "{text}" names no measure; expected {ALLOWED}')
    numerator, denominator = _sides_of(expression)
    return Formula(text, expression, measures, numerator, denominator)


def check_names(formula: Formula, known: Collection[str], place: str) -> None:
    """Refuse a formula with measures that do not exist.

    Raises:
        FormulaError: with the nearest existing name.
    """
    for name in formula.measures:
        if name not in known:
            hint = did_you_mean(name, known) or "measures are the columns of sql/measures"
            raise FormulaError(f'{place}: the formula "{formula.text}" names "{name}", which is no measure; {hint}')


def formula_sql(expression: exp.Expr, table: str) -> str:
    """Return the SQL of a formula's part over the columns of ``table``; every division is guarded and in doubles."""
    match expression:
        case exp.Column():
            return f"{table}.{expression.name}"
        case exp.Literal():
            return str(expression.this)
        case exp.Paren():
            return f"({formula_sql(expression.this, table)})"
        case exp.Neg():
            return f"- {formula_sql(expression.this, table)}"
        case exp.Div():
            return ratio_sql(expression.this, expression.expression, table)
        case _:
            left, right = formula_sql(expression.this, table), formula_sql(expression.expression, table)
            return f"{left} {OPERATORS[type(expression)]} {right}"


def ratio_sql(numerator: exp.Expr, denominator: exp.Expr, table: str) -> str:
    """Return the SQL of a division: NULL, never infinite, where the denominator is zero."""
    above, below = (formula_sql(side.unnest(), table) for side in (numerator, denominator))
    return f"cast({above} as double) / nullif(cast({below} as double), 0)"


def canonical_text(expression: exp.Expr) -> str:
    """Return one spelling for what differs only in spaces, outer parentheses or a constant factor."""
    inner = expression.unnest()
    if isinstance(inner, exp.Mul):
        for factor, other in ((inner.this, inner.expression), (inner.expression, inner.this)):
            if not any(_names(factor)):
                return canonical_text(other)
    if isinstance(inner, exp.Div):
        above = canonical_text(inner.this)
        return f"({above}) / ({canonical_text(inner.expression)})" if any(_names(inner.expression)) else above
    return str(inner.sql(dialect="duckdb", comments=False)).lower()


def _refuse_foreign(node: exp.Expr, text: str, place: str) -> None:
    is_measure = isinstance(node, exp.Column) and not node.table and not node.this.quoted
    is_number = isinstance(node, exp.Literal) and not node.is_string
    is_plain = isinstance(node, exp.Identifier | exp.Paren | exp.Neg) or type(node) in OPERATORS
    if not (is_measure or is_number or is_plain):
        raise FormulaError(
            f'{place}: "{node.sql(dialect="duckdb")}" cannot stand in the formula "{text}"; expected {ALLOWED}'
        )


def _first_age(call: exp.Anonymous, text: str, place: str) -> FirstAge:
    comparison = call.expressions[0] if len(call.expressions) == 1 else None
    if isinstance(comparison, exp.GTE):
        names = [side.name for side in (comparison.this, comparison.expression) if isinstance(side, exp.Column)]
        if len(names) == 2:
            return FirstAge(names[0], names[1])
    raise FormulaError(f'{place}: "{text}" cannot be read; expected first_age(measure >= measure)')


def _sides_of(expression: exp.Expr) -> tuple[exp.Expr, exp.Expr | None]:
    """Split at the last division; a constant factor before or behind it goes to the numerator."""
    top = expression.unnest()
    if isinstance(top, exp.Div):
        return top.this.unnest(), top.expression.unnest()
    if isinstance(top, exp.Mul):
        for factor, other in ((top.this, top.expression), (top.expression, top.this)):
            inner = other.unnest()
            if not any(_names(factor)) and isinstance(inner, exp.Div):
                product = exp.Mul(this=_grouped(factor), expression=_grouped(inner.this))
                return product, inner.expression.unnest().copy()
    return top, None


def _grouped(expression: exp.Expr) -> exp.Expr:
    copied = expression.copy()
    return copied if isinstance(copied, exp.Column | exp.Literal | exp.Paren) else exp.Paren(this=copied)


def _names(expression: exp.Expr) -> Iterator[str]:
    # Depth first from the left: the order in which a reader meets them.
    return (column.name for column in expression.find_all(exp.Column, bfs=False))
