"""Which members of which dimension are worth naming when it is asked what moved a KPI.

Here: choosing among effects that are known. Computing them belongs to ``mix_rate`` and ``factor_effects``; whether a
member's own change is more than chance to ``own_change``. Nothing here says why anything moved.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_DRIVERS = 5
# Below this share of all movement a member says nothing that is worth a sentence.
SMALLEST_SHARE = 0.05


@dataclass(frozen=True)
class Candidate:
    """A member and what it accounts for.

    Attributes:
        weight: the share of the effects that it would have if all members changed by the same factor, 0 to 1: its share
            of the numerator or of the amount, over both weeks.
        is_nameable: whether its own change is more than chance, or may be taken for that.
    """

    member: str
    effect: float
    weight: float
    is_nameable: bool


def drivers(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return at most five members that may be named, the largest effect first.

    Left out are those that may not be named, and those with less than 5 % of all movement, which is the sum
    of the sizes of all effects.
    """
    movement = _movement(candidates)
    named = [
        each
        for each in candidates
        if each.is_nameable and each.effect and abs(each.effect) >= SMALLEST_SHARE * movement
    ]
    return sorted(named, key=lambda each: (-abs(each.effect), each.member))[:MOST_DRIVERS]


def explained_share(candidates: Sequence[Candidate]) -> float:
    """Return how much of all movement a dimension's drivers account for beyond their weight, 0 to 1.

    For each driver that is its share of all movement less its weight, where that is above zero. A dimension of which
    every member moved alike explains nothing, however few its members are; one of which a small member moved alone
    explains nearly everything.
    """
    movement = _movement(candidates)
    return math.fsum(max(abs(each.effect) / movement - each.weight, 0.0) for each in drivers(candidates))


def ranked_dimensions(dimensions: Mapping[str, Sequence[Candidate]]) -> list[str]:
    """Return the dimensions with a driver, the one that explains most first.

    Of equals, the one with fewer drivers comes first, then the one that comes first in the alphabet. A dimension with
    a single member says no more than the total and is left out.
    """
    named = {name: len(drivers(each)) for name, each in dimensions.items() if len(each) > 1}
    return sorted(
        (name for name, count in named.items() if count),
        key=lambda name: (-round(explained_share(dimensions[name]), 9), named[name], name),
    )


def _movement(candidates: Sequence[Candidate]) -> float:
    return math.fsum(abs(each.effect) for each in candidates)
