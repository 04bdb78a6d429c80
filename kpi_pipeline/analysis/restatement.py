"""Why a published value is another one now: its difference, split by cause so that the parts add up.

Here: the order of the causes, which of them a changed sum belongs to, and sharing a difference among several. Add a
cause together with the rule that finds it. What arrived and which sums a value was made from is read in ``catalogue``.

A difference is shared out by Shapley's rule: what a cause accounts for is the mean, over all orders in which the causes
could have come one after the other, of what it changes when its turn comes. So the order does not matter, and nothing
is left over (L. S. Shapley, A Value for n-Person Games, 1953).
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Literal, get_args

Cause = Literal["definition", "late_data", "refund", "source_correction", "fx"]
# Where two causes touch the same sum, it counts for the one that stands first.
PRECEDENCE: tuple[Cause, ...] = get_args(Cause)
# A smaller effect would be bent too much by what the rounding of the others leaves over.
LEAST_SHARE_THAT_TAKES_THE_REST = Fraction(1, 10**6)


@dataclass(frozen=True)
class Evidence:
    """What is known of a sum that changed, or of everything that reached it, since it was published.

    Attributes:
        was_missing: a source has brought days of it for the first time.
        has_refunds: refunds arrived, and it holds some.
        own_rows_changed: rows of its own days are others now.
        was_provisional: and a source had reserved the right to change them still.
        rates_changed: an exchange rate of its days is another one, and it is an amount that was converted.
        others_changed: rows of other days or subjects are others now that it depends on.
        others_were_open: and some of those were missing or provisional.
        meaning_changed: how it is counted was changed.
    """

    was_missing: bool = False
    has_refunds: bool = False
    own_rows_changed: bool = False
    was_provisional: bool = False
    rates_changed: bool = False
    others_changed: bool = False
    others_were_open: bool = False
    meaning_changed: bool = False

    @property
    def cause(self) -> Cause | None:
        """The cause that the change counts for; None if nothing that is known explains it."""
        if self.was_missing:
            return "late_data"
        if self.has_refunds:
            return "refund"
        if self.own_rows_changed:
            return "late_data" if self.was_provisional else "source_correction"
        if self.rates_changed:
            return "fx"
        if self.others_changed:
            return "late_data" if self.others_were_open else "source_correction"
        return "definition" if self.meaning_changed else None


def first_cause(causes: Collection[Cause]) -> Cause:
    """Return the one of some causes that comes before the others."""
    return min(causes, key=PRECEDENCE.index)


def split_difference(
    old: float,
    new: float,
    causes: Collection[Cause],
    value_with: Callable[[frozenset[Cause]], Fraction | None],
    *,
    redefined: Fraction = Fraction(0),
) -> dict[Cause, float]:
    """Return cause → what it accounts for in ``new`` less ``old``; causes that account for nothing are left out.

    Added up without rounding, the effects are the difference itself, or differ from it by less than the last digit of
    the largest of them, where that is so much larger than the difference that no double could say more.

    Args:
        old: the value as it was published.
        new: the value as it is now.
        causes: those that changed any sum; at least one unless ``redefined`` is all of the difference.
        value_with: the value where the sums of these causes are the new ones and all others still the old, by the
            definition of ``old``; None where there is none. Causes of which it gives none together count for the first.
        redefined: what the new definition gives more than the old one from the same sums of today.
    """
    total = Fraction(new) - Fraction(old)
    shares = _shares(sorted(causes, key=PRECEDENCE.index), value_with)
    if shares is None:
        shares = {first_cause(causes): total - redefined}
    effects = {cause: shares.get(cause, Fraction(0)) for cause in PRECEDENCE}
    effects["definition"] += redefined
    return _as_doubles({cause: effect for cause, effect in effects.items() if effect}, total)


def _shares(
    causes: Sequence[Cause], value_with: Callable[[frozenset[Cause]], Fraction | None]
) -> dict[Cause, Fraction] | None:
    values: dict[frozenset[Cause], Fraction] = {}
    for size in range(len(causes) + 1):
        for some in combinations(causes, size):
            value = value_with(frozenset(some))
            if value is None:
                return None
            values[frozenset(some)] = value
    count = len(causes)
    shares = {}
    for cause in causes:
        others = [one for one in values if cause not in one]
        # In so many of all orders exactly these come before the cause.
        weights = {one: Fraction(1, count * math.comb(count - 1, len(one))) for one in others}
        shares[cause] = sum(
            (weight * (values[one | {cause}] - values[one]) for one, weight in weights.items()), Fraction(0)
        )
    return shares


def _as_doubles(effects: Mapping[Cause, Fraction], total: Fraction) -> dict[Cause, float]:
    """Round all effects but one, which takes the rest: the smallest that can say it exactly, else the largest."""
    if not effects:
        return {}
    by_size = sorted(effects, key=lambda cause: abs(effects[cause]))
    largest = by_size[-1]
    for taker in by_size:
        if abs(effects[taker]) >= LEAST_SHARE_THAT_TAKES_THE_REST * abs(effects[largest]):
            rest = _rest(effects, total, taker)
            if Fraction(float(rest)) == rest:
                return _rounded(effects, taker, rest)
    return _rounded(effects, largest, _rest(effects, total, largest))


def _rest(effects: Mapping[Cause, Fraction], total: Fraction, taker: Cause) -> Fraction:
    return total - sum((Fraction(float(effects[cause])) for cause in effects if cause != taker), Fraction(0))


def _rounded(effects: Mapping[Cause, Fraction], taker: Cause, rest: Fraction) -> dict[Cause, float]:
    return {cause: float(rest if cause == taker else effect) for cause, effect in effects.items()}


def moves_beyond(old: float | None, new: float | None, tolerance_pct: float) -> bool:
    """Tell whether a value moved by more than so many per cent of itself, or came or went; any step from 0 is more."""
    if old is None or new is None:
        return old is not new
    return abs(new - old) > abs(old) * tolerance_pct / 100
