"""Every metric's worked example, recomputed with decimals from the text of its formula alone."""

import ast
from decimal import ROUND_HALF_UP, Decimal

import pytest

from kpi_pipeline.config.metric import Metric

HUNDREDFOLD = ("percent", "points")


class Arithmetic:
    """A formula over given operands, read by Python's own parser."""

    def __init__(self, given: dict[str, Decimal]) -> None:
        self._given = {spelling.replace(" ", ""): value for spelling, value in given.items()}
        self.used: set[str] = set()

    def of(self, node: ast.expr, window: str = "{}") -> Decimal:
        match node:
            case ast.Name(id=name):
                spelling = window.format(name)
                self.used.add(spelling)
                return self._given[spelling]
            case ast.Constant(value=int() | float() as number):
                return Decimal(str(number))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.of(operand, window)
            case ast.BinOp(left=left, op=operator, right=right):
                first, second = self.of(left, window), self.of(right, window)
                match operator:
                    case ast.Add():
                        return first + second
                    case ast.Sub():
                        return first - second
                    case ast.Mult():
                        return first * second
                    case ast.Div():
                        return first / second
            case ast.Call(func=ast.Name(id=function), args=[inner, *rest]):
                numbers = "".join(f",{argument.value}" for argument in rest if isinstance(argument, ast.Constant))
                return self.of(inner, f"{function}({{}}{numbers})")
        raise AssertionError(ast.dump(node))

    @property
    def unused(self) -> set[str]:
        return set(self._given) - self.used


def worked_out(metric: Metric, given: dict[str, Decimal]) -> tuple[Decimal, set[str]]:
    arithmetic = Arithmetic(given)
    value = arithmetic.of(ast.parse(metric.formula, mode="eval").body)
    return value * 100 if metric.unit in HUNDREDFOLD else value, arithmetic.unused


def test_every_example_is_what_its_formula_says(library: dict[str, Metric]) -> None:
    wrong = {}
    for metric_id, metric in library.items():
        if metric.example is None or metric.formula.startswith("first_age"):
            continue
        value, unused = worked_out(metric, metric.example.given)
        rounded = value.quantize(metric.example.value, ROUND_HALF_UP)
        if rounded != metric.example.value or unused:
            wrong[metric_id] = (rounded, metric.example.value, unused)
    assert wrong == {}


def test_every_metric_says_what_a_reader_must_know(library: dict[str, Metric]) -> None:
    silent = {
        metric_id
        for metric_id, metric in library.items()
        if metric.definition is None or (metric.example is None and not metric.formula.startswith("first_age"))
    }
    assert silent == set()


def test_a_wrong_example_is_noticed() -> None:
    words = {"en": "Name", "fa": "نام"}
    metric = Metric.model_validate(
        {"name": words, "formula": "(a - previous(a)) / trailing(b, 30)", "unit": "percent"}
        | {"direction": "higher_better", "source": "test"}
    )
    given = {"a": Decimal(12), "previous(a)": Decimal(10), "trailing(b, 30)": Decimal(8), "c": Decimal(1)}
    assert worked_out(metric, given) == (Decimal(25), {"c"})
    with pytest.raises(KeyError):
        worked_out(metric, {"a": Decimal(1)})
