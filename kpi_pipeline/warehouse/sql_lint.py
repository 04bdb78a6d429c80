"""Constructs that do not stand in our SQL: not additive, not repeatable, or other rows on another engine.

Here: what a parsed SELECT shows beyond doubt. Add a construct when it has been seen to give other rows elsewhere. Where
types decide, nothing is said here: only running a file on both engines tells. Names and tables belong to ``sql_file``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

ADDITIVE_SCHEMAS = ("core", "measures")
NOT_REPEATABLE = "the same inputs must give the same rows; join core.company for the day of the run"
NO_ORDER = "other engines drop the order; aggregate with min, max or string_agg"
CALENDAR = "join core.calendar for the weekday"


@dataclass(frozen=True)
class Finding:
    """One construct to be replaced."""

    line: int
    code: str
    message: str
    hint: str


Rule = Callable[[exp.Expr], tuple[str, str] | None]


def find_banned(query: exp.Query, schema: str) -> Iterator[Finding]:
    """Yield what must be replaced in a query that makes a table of ``schema``."""
    for node in query.walk():
        rule = RULES.get(type(node))
        if rule and (found := rule(node)):
            yield Finding(line_of(node), "SQL040", *found)
        elif isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
            yield from _divisions(node, schema)
        elif isinstance(node, exp.Avg) and schema == "measures":
            yield Finding(line_of(node), "SQL042", "a mean is no measure", "give the sum and the count as two columns")
    order = query.args.get("order")
    if order and not query.args.get("limit"):
        yield Finding(line_of(order), "SQL040", "order by has no effect in a table", "remove it; publishing sorts")


def line_of(node: exp.Expr) -> int:
    """Return the line on which the first name inside a node stands, or 1 if it holds none."""
    return next((int(part.meta["line"]) for part in node.walk() if "line" in part.meta), 1)


def _divisions(node: exp.Div | exp.IntDiv | exp.Mod, schema: str) -> Iterator[Finding]:
    divisor = node.right
    while isinstance(divisor, exp.Paren | exp.Cast):
        divisor = divisor.this
    is_safe = isinstance(divisor, exp.Nullif) or (isinstance(divisor, exp.Literal) and float(divisor.name) != 0)
    if not is_safe:
        yield Finding(line_of(node), "SQL041", f"{node.sql('duckdb')} may divide by zero", "divide by nullif(..., 0)")
    if schema in ADDITIVE_SCHEMAS and node.left.find(exp.AggFunc) and node.right.find(exp.AggFunc):
        yield Finding(
            line_of(node),
            "SQL042",
            f"{node.sql('duckdb')} is a ratio",
            "give both sums as columns; ratios are made by metrics",
        )


def _always(message: str, hint: str) -> Rule:
    return lambda node: (message, hint)


def _join(node: exp.Expr) -> tuple[str, str] | None:
    if node.args.get("method") == "ASOF":
        return "asof join exists in DuckDB alone", "join on valid-from and valid-to days made with lead()"
    if node.args.get("method") == "POSITIONAL":
        return "positional join pairs rows by accident", "join by a key"
    return None


def _extract(node: exp.Expr) -> tuple[str, str] | None:
    part = node.this.name.lower()
    return (f"{part} counts differently elsewhere", CALENDAR) if part in ("dow", "isodow", "dayofweek") else None


def _array(node: exp.Expr) -> tuple[str, str] | None:
    return ("an ordered list aggregate", NO_ORDER) if isinstance(node.this, exp.Order) else None


def _log(node: exp.Expr) -> tuple[str, str] | None:
    return None if node.expression else ("log(x) has another base elsewhere", "write log10(x) or ln(x)")


def _regexp_replace(node: exp.Expr) -> tuple[str, str] | None:
    modifiers = node.args.get("modifiers")
    if modifiers and "g" in modifiers.name:
        return None
    return "regexp_replace replaces the first match here and all elsewhere", "pass 'g' as the last argument"


def _window(node: exp.Expr) -> tuple[str, str] | None:
    if isinstance(node.this, exp.Count) and node.this.find(exp.Distinct):
        return "count(distinct ...) over a window", "count in a CTE and join it"
    return None


def _function(node: exp.Expr) -> tuple[str, str] | None:
    if node.name.lower() in ("now", "get_current_timestamp", "current_localtimestamp", "setseed"):
        return f"{node.name}() gives something else each time", NOT_REPEATABLE
    return None


RULES: dict[type[exp.Expr], Rule] = {
    exp.Join: _join,
    exp.Pivot: _always("pivot exists in few engines", "write one conditional aggregate per column"),
    exp.DayOfWeek: _always("dayofweek counts differently elsewhere", CALENDAR),
    exp.DayOfWeekIso: _always("isodow counts differently elsewhere", CALENDAR),
    exp.Extract: _extract,
    exp.Monthname: _always("month names differ elsewhere", "publish the number; reports name months"),
    exp.Dayname: _always("day names differ elsewhere", "publish the number; reports name days"),
    exp.ArrayAgg: _array,
    exp.Log: _log,
    exp.RegexpReplace: _regexp_replace,
    exp.PercentileCont: _always("percentile_cont rounds differently elsewhere", "median(cast(x as double))"),
    exp.Window: _window,
    exp.AtTimeZone: _always("time zones are settled when a file is read", "use the instant in UTC or the column day"),
    exp.TryCast: _always("try_cast hides a bad value", "write cast; the source's contract stops bad values"),
    exp.Rand: _always("random() gives something else each time", NOT_REPEATABLE),
    exp.Uuid: _always("uuid() gives something else each time", NOT_REPEATABLE),
    exp.CurrentDate: _always("the current day gives something else each time", NOT_REPEATABLE),
    exp.CurrentTimestamp: _always("the current time gives something else each time", NOT_REPEATABLE),
    exp.Anonymous: _function,
}
