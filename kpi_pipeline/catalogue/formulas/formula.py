"""A metric's formula: one line of arithmetic over measure names.

Here: what may stand in a formula, which side of it is the numerator, and its SQL. Add an operator here. Where measures
come from and how they are added up before the formula is applied belongs to ``compiler``.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp

from kpi_pipeline.config.problems import did_you_mean
from kpi_pipeline.errors import FormulaError

OPERATORS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
ALLOWED = "names of measures, numbers, + - * /, parentheses, previous(x), weeks_earlier(x, weeks) and trailing(x, days)"
LONGEST_WINDOW = {"weeks_earlier": 104, "trailing": 366}


@dataclass(frozen=True)
class Window:
    """From when a measure is taken, where that is not the period itself.

    Attributes:
        weeks_earlier: how far the window lies before the period.
        is_previous: the period before takes the place of the period.
        trailing_days: the window is this many days up to the end of the period.
    """

    weeks_earlier: int = 0
    is_previous: bool = False
    trailing_days: int | None = None

    @property
    def suffix(self) -> str:
        """What the names of columns and common tables of this window end in."""
        weeks = "week" if self.weeks_earlier == 1 else "weeks"
        return (
            (f"_{self.weeks_earlier}_{weeks}_earlier" if self.weeks_earlier else "")
            + ("_previous" if self.is_previous else "")
            + (f"_trailing_{self.trailing_days}_days" if self.trailing_days else "")
        )


@dataclass(frozen=True)
class Operand:
    """A measure as it stands in a formula.

    Attributes:
        spelling: how the formula writes it, such as ``previous(followers)``.
    """

    measure: str
    window: Window
    spelling: str

    @property
    def name(self) -> str:
        """Its column."""
        return f"{self.measure}{self.window.suffix}"


@dataclass(frozen=True)
class FirstAge:
    """``first_age(gained >= needed)``: the first cohort age at which what was gained reaches what was needed."""

    gained: str
    needed: str


@dataclass(frozen=True)
class Formula:
    """A parsed formula.

    Attributes:
        expression: the whole formula; a measure of another window stands in it by its operand's name.
        operands: the measures with their windows, in the order in which they appear.
        numerator: what stands above the last division, with any constant factor.
        denominator: what stands below it; None if the formula is not a division.
        first_age: set instead of the two where the formula asks for an age.
    """

    text: str
    expression: exp.Expr
    operands: tuple[Operand, ...]
    numerator: exp.Expr
    denominator: exp.Expr | None
    first_age: FirstAge | None = None

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures, in the order in which they appear."""
        return tuple(dict.fromkeys(operand.measure for operand in self.operands))

    @property
    def divisors(self) -> tuple[exp.Expr, ...]:
        """Everything that is divided by; nothing has a value while one of them is zero."""
        inner = [division.expression for side in self.sides for division in side.find_all(exp.Div)]
        return (*([self.denominator] if self.denominator is not None else []), *inner)

    @property
    def sides(self) -> tuple[exp.Expr, ...]:
        """The numerator and, where there is one, the denominator."""
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)


# The same formula is asked for several times in a run, and parsing is most of the work of planning a metric.
@lru_cache(maxsize=1024)
def parse_formula(text: str, place: str) -> Formula:
    """Parse a formula; ``place`` names the metric in messages.

    Raises:
        FormulaError: it holds anything but measures, numbers, the four operations and the functions of windows, or it
            is not one expression.
    """
    try:
        expression = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise FormulaError(f'{place}: the formula "{text}" cannot be read; expected {ALLOWED}') from error
    if isinstance(expression, exp.Anonymous) and expression.name.lower() == "first_age":
        first_age = _first_age(expression, text, place)
        operands = tuple(Operand(name, Window(), name) for name in (first_age.gained, first_age.needed))
        return Formula(text, expression, operands, expression, None, first_age)
    found: dict[str, Operand] = {}
    resolved = _Windows(text, place, found).resolved(expression, Window())
    for node in resolved.walk():
        _refuse_foreign(node, text, place)
    if not found:
        raise FormulaError(f'{place}: the formula "{text}" names no measure; expected {ALLOWED}')
    numerator, denominator = _sides_of(resolved)
    return Formula(text, resolved, tuple(found.values()), numerator, denominator)


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


class _Windows:
    """Replaces the functions of windows by columns of their own, outermost function first."""

    def __init__(self, text: str, place: str, found: dict[str, Operand]) -> None:
        self._text, self._place, self._found = text, place, found

    def resolved(self, expression: exp.Expr, window: Window) -> exp.Expr:
        """Return the expression over the columns of ``window``, and note its operands in the order of reading."""
        if isinstance(expression, exp.Anonymous):
            inner, inner_window = self._call(expression, window)
            resolved = self.resolved(inner, inner_window)
            return resolved if isinstance(resolved, exp.Column) else exp.Paren(this=resolved)
        if isinstance(expression, exp.Column) and not expression.table and not expression.this.quoted:
            spelling = _spelled(expression.name, window)
            operand = Operand(expression.name, window, spelling)
            self._found.setdefault(operand.name, operand)
            return exp.column(operand.name)
        copied = expression.copy()
        for key, value in expression.args.items():
            if isinstance(value, exp.Expr) and not isinstance(value, exp.Identifier):
                copied.set(key, self.resolved(value, window))
        return copied

    def _call(self, call: exp.Anonymous, window: Window) -> tuple[exp.Expr, Window]:
        name, arguments = call.name.lower(), call.expressions
        number = int(arguments[1].this) if len(arguments) == 2 and _is_whole_number(arguments[1]) else None
        if window != Window():
            raise self._error(call, "functions of windows cannot stand inside each other")
        if name == "previous" and len(arguments) == 1:
            return arguments[0], Window(is_previous=True)
        if name in LONGEST_WINDOW and number is not None and 1 <= number <= LONGEST_WINDOW[name]:
            earlier = name == "weeks_earlier"
            return arguments[0], Window(weeks_earlier=number) if earlier else Window(trailing_days=number)
        hint = f"expected previous(x), weeks_earlier(x, 1 to {LONGEST_WINDOW['weeks_earlier']})"
        raise self._error(call, f"{hint} or trailing(x, 1 to {LONGEST_WINDOW['trailing']})")

    def _error(self, call: exp.Anonymous, message: str) -> FormulaError:
        shown = call.sql(dialect="duckdb", normalize_functions=False)
        return FormulaError(f'{self._place}: "{shown}" cannot stand in the formula "{self._text}"; {message}')


def _spelled(measure: str, window: Window) -> str:
    if window.is_previous:
        return f"previous({measure})"
    if window.weeks_earlier:
        return f"weeks_earlier({measure}, {window.weeks_earlier})"
    return f"trailing({measure}, {window.trailing_days})" if window.trailing_days else measure


def _is_whole_number(expression: exp.Expr) -> bool:
    return isinstance(expression, exp.Literal) and not expression.is_string and expression.this.isdigit()


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
