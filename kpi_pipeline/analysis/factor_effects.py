"""What each factor of a product accounts for in its change, so that it adds up exactly.

Here: the logarithmic mean Divisia index (LMDI, after Ang), and the Shapley value where a factor has no logarithm. What
a KPI is the product of is declared in ``config``; members of dimensions belong to ``mix_rate``.
"""

import math
from collections.abc import Collection, Sequence
from itertools import combinations


def factor_effects(before: Sequence[float], after: Sequence[float], scale: float = 1.0) -> list[float]:
    """Split the change of ``scale`` times the product of the factors, in the product's unit.

    Args:
        before: the factors in the earlier week.
        after: the same factors, in the same order, in the later week.
        scale: what their product is multiplied with, such as 0.01 where one of them is a percentage.
    """
    if all(value > 0 for value in (scale, *before, *after)):
        mean = logarithmic_mean(scale * math.prod(after), scale * math.prod(before))
        return [mean * _log_ratio(second, first) for first, second in zip(before, after, strict=True)]
    return [_shapley(position, before, after, scale) for position in range(len(before))]


def logarithmic_mean(one: float, other: float) -> float:
    """Return the mean that turns a difference of logarithms into one of numbers; both are positive."""
    return one if one == other else (one - other) / _log_ratio(one, other)


def _log_ratio(one: float, other: float) -> float:
    # Of nearly equal numbers, the logarithm of their quotient keeps few digits.
    step = (one - other) / other
    return math.log1p(step) if abs(step) < 0.5 else math.log(one) - math.log(other)


def _shapley(position: int, before: Sequence[float], after: Sequence[float], scale: float) -> float:
    """The mean effect of changing one factor, over all orders in which the factors may have changed."""
    count = len(before)
    others = [number for number in range(count) if number != position]
    terms = []
    for size in range(count):
        orders = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
        for changed in combinations(others, size):
            rest = math.prod(_mixed(others, changed, before, after))
            terms.append(orders * scale * rest * (after[position] - before[position]))
    return math.fsum(terms)


def _mixed(
    others: Sequence[int], changed: Collection[int], before: Sequence[float], after: Sequence[float]
) -> list[float]:
    return [after[number] if number in changed else before[number] for number in others]
