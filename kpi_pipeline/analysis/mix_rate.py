"""What the members of a dimension account for in the change of a ratio or an amount, so that it adds up exactly.

Here: mix and rate effects of ratios by midpoint weights (Kitagawa 1955), plain differences of amounts, and whether all
members moved one way and the total the other. Products of factors belong to ``factor_effects``; which members are worth
naming to ``drivers``.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple


class Part(NamedTuple):
    """What one member has above and below a ratio's division in one week."""

    numerator: float = 0.0
    denominator: float = 0.0

    @property
    def is_there(self) -> bool:
        """Whether the member has anything at all."""
        return self.numerator != 0 or self.denominator != 0


class MemberEffect(NamedTuple):
    """What one member accounts for, in the unit of numerator by denominator.

    Attributes:
        previous_weight: its share of the denominator in the earlier week.
        weight: the same in the later week.
        mix: what the change of its weight accounts for; None where it has no ratio of its own to weigh.
        rate: what the change of its ratio accounts for; None in the same case.
        effect: both together; over all members these add up to the change of the ratio.
    """

    previous_weight: float
    weight: float
    mix: float | None
    rate: float | None
    effect: float


def mix_and_rate(before: Mapping[str, Part], after: Mapping[str, Part]) -> dict[str, MemberEffect]:
    """Split the change of a ratio by member.

    A member that is absent in one week takes its ratio of the other week, so that all of its effect is mix; one with
    neither side in both weeks is left out. A numerator without a denominator, such as costs without customers, moves
    the ratio but is no ratio: its member has an effect and neither mix nor rate.

    Args:
        before: member → its part in the earlier week; the denominators do not add up to zero.
        after: the same in the later week.
    """
    first_total, second_total = (math.fsum(part.denominator for part in week.values()) for week in (before, after))
    first_ratio = math.fsum(part.numerator for part in before.values()) / first_total
    second_ratio = math.fsum(part.numerator for part in after.values()) / second_total
    middle = (first_ratio + second_ratio) / 2
    found = {}
    for member in dict.fromkeys((*before, *after)):
        first, second = before.get(member, Part()), after.get(member, Part())
        if not first.is_there and not second.is_there:
            continue
        first_weight, second_weight = first.denominator / first_total, second.denominator / second_total
        rates = _rates(first, second)
        if rates is None:
            step = second.numerator / second_total - first.numerator / first_total
            effect = step - (second_weight - first_weight) * middle
            found[member] = MemberEffect(first_weight, second_weight, None, None, effect)
            continue
        mix = (second_weight - first_weight) * ((rates[0] + rates[1]) / 2 - middle)
        rate = (rates[1] - rates[0]) * (first_weight + second_weight) / 2
        found[member] = MemberEffect(first_weight, second_weight, mix, rate, mix + rate)
    return found


def differences(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return what each member of an amount accounts for; one that is absent in a week has nothing there."""
    members = dict.fromkeys((*before, *after))
    return {member: after.get(member, 0.0) - before.get(member, 0.0) for member in members}


def is_simpson(before: Mapping[str, Part], after: Mapping[str, Part]) -> bool:
    """Tell whether the ratios of all members moved one way and that of all together the other.

    Members that have a ratio in one of the weeks alone did not move; at least two have to.
    """
    steps = [
        after[member].numerator / after[member].denominator - first.numerator / first.denominator
        for member, first in before.items()
        if first.denominator and member in after and after[member].denominator
    ]
    change = _ratio(after) - _ratio(before)
    if len(steps) < 2:
        return False
    return (change < 0 and all(step > 0 for step in steps)) or (change > 0 and all(step < 0 for step in steps))


def _rates(first: Part, second: Part) -> tuple[float, float] | None:
    if any(part.denominator == 0 and part.numerator != 0 for part in (first, second)):
        return None
    known = [part.numerator / part.denominator for part in (first, second) if part.denominator != 0]
    return known[0], known[-1]


def _ratio(parts: Mapping[str, Part]) -> float:
    numerator = math.fsum(part.numerator for part in parts.values())
    return numerator / math.fsum(part.denominator for part in parts.values())
