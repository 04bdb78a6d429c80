"""Formulas and predicates as configuration and headers spell them, worked out by plain Python.

Here: arithmetic over figures of which some may be unknown, and SQL's predicates over one row, where a comparison with
NULL is neither true nor false. Which rows and figures these are belongs to ``reference_calculator``.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

IN_PYTHON = {r"<>": "!=", r"(?<![<>!=])=": "==", r"\bis null\b": "is None", r"\bis not null\b": "is not None"}
OPERATIONS: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, several: one in several,
    ast.NotIn: lambda one, several: one not in several,
}


@dataclass(frozen=True)
class Operand:
    """A measure, inside a function of windows or not."""

    measure: str
    function: str
    number: int


def sides(node: ast.expr) -> tuple[ast.expr, ast.expr | None]:
    """What stands above and below the last division; a constant factor of a division stands above."""
    match node:
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return left, right
        case (
            ast.BinOp(left=ast.Constant() as factor, op=ast.Mult(), right=ast.BinOp(op=ast.Div()) as ratio)
            | ast.BinOp(left=ast.BinOp(op=ast.Div()) as ratio, op=ast.Mult(), right=ast.Constant() as factor)
        ):
            return ast.BinOp(factor, ast.Mult(), ratio.left), ratio.right
    return node, None


def worked_out(
    node: ast.expr, figure_of: Callable[[Operand], Decimal | None], function: str = "", number: int = 0
) -> Decimal | None:
    """Arithmetic over figures; unknown where one of them is, or where zero divides."""
    match node:
        case ast.Constant(value=written):
            return Decimal(str(written))
        case ast.Name(id=name):
            return figure_of(Operand(name, function, number))
        case ast.Call(func=ast.Name(id=called), args=[inner, *rest]):
            written = [each.value for each in rest if isinstance(each, ast.Constant)]
            return worked_out(inner, figure_of, "" if called == "first_age" else called, int(str((written or [0])[0])))
        case ast.Compare(left=left, comparators=[right]):
            for side in (left, right):
                worked_out(side, figure_of)
            return None
        case ast.UnaryOp(operand=negated):
            return worked_out(ast.BinOp(ast.Constant(0), ast.Sub(), negated), figure_of, function, number)
        case ast.BinOp(left=left, op=operation, right=right):
            one, other = (worked_out(side, figure_of, function, number) for side in (left, right))
            is_undefined = one is None or other is None or (isinstance(operation, ast.Div) and other == 0)
            return None if is_undefined else OPERATIONS[type(operation)](one, other)
    raise AssertionError(ast.dump(node))


def holds(predicate: str | None, row: Mapping[str, Any]) -> bool:
    """Tell whether a row counts; without a predicate every row does."""
    return predicate is None or _truth(_parsed(predicate), row) is True


@cache
def _parsed(predicate: str) -> ast.expr:
    parts = re.split(r"('[^']*')", predicate)
    for position in range(0, len(parts), 2):
        for pattern, python in IN_PYTHON.items():
            parts[position] = re.sub(pattern, python, parts[position])
    return ast.parse("".join(parts).strip(), mode="eval").body


def _truth(node: ast.expr, row: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            return row[name]
        case ast.Constant(value=value):
            return value
        case ast.Tuple(elts=several):
            return [_truth(each, row) for each in several]
        case ast.UnaryOp(op=ast.Not(), operand=denied):
            found = _truth(denied, row)
            return None if found is None else not found
        case ast.BoolOp(op=joint, values=parts):
            found = [_truth(part, row) for part in parts]
            decided = isinstance(joint, ast.Or)
            return decided if decided in found else None if None in found else not decided
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as how]):
            return (_truth(left, row) is None) == isinstance(how, ast.Is)
        case ast.Compare(left=left, ops=[how], comparators=[right]):
            one, other = _truth(left, row), _truth(right, row)
            return None if one is None or other is None else COMPARISONS[type(how)](one, other)
    raise AssertionError(ast.dump(node))
