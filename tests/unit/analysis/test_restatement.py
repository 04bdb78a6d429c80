import itertools
import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from kpi_pipeline.analysis.restatement import (
    PRECEDENCE,
    Cause,
    Evidence,
    first_cause,
    moves_beyond,
    split_difference,
)

Value = Callable[[frozenset[Cause]], Fraction | None]


def ratio(before: dict[Cause, tuple[int, int]], after: dict[Cause, tuple[int, int]]) -> Value:
    """A ratio of sums, of which each cause changed a part: cause → numerator and denominator."""

    def value_with(some: frozenset[Cause]) -> Fraction | None:
        sides = [(after if cause in some else before)[cause] for cause in before]
        above, below = (sum(side) for side in zip(*sides, strict=True))
        return Fraction(above, below) if below else None

    return value_with


def test_amount_is_split_into_what_each_cause_added() -> None:
    added: dict[Cause, Fraction] = {"late_data": Fraction(120), "refund": Fraction(-45), "fx": Fraction(1, 2)}

    effects = split_difference(
        1000.0, 1075.5, added, lambda some: Fraction(1000) + sum((added[cause] for cause in some), Fraction(0))
    )
    assert effects == {"late_data": 120.0, "refund": -45.0, "fx": 0.5}


def test_ratio_is_split_by_the_mean_over_both_orders() -> None:
    # 10 of 100; late data brings 10 more above, a correction takes 20 away below: 20 of 80.
    before: dict[Cause, tuple[int, int]] = {"late_data": (10, 0), "source_correction": (0, 100)}
    after: dict[Cause, tuple[int, int]] = {"late_data": (20, 0), "source_correction": (0, 80)}

    effects = split_difference(0.1, 0.25, before, ratio(before, after))
    # Late data first: 0.2 - 0.1; last: 0.25 - 0.125. The correction first: 0.125 - 0.1; last: 0.25 - 0.2.
    assert effects["late_data"] == pytest.approx((0.1 + 0.125) / 2, rel=1e-12)
    assert effects["source_correction"] == pytest.approx((0.025 + 0.05) / 2, rel=1e-12)


def test_new_definition_is_taken_off_before_the_data() -> None:
    # The old formula gave 100 and gives 110 from today's sums; the new one gives 90.
    effects = split_difference(
        100.0, 90.0, ["late_data"], lambda some: Fraction(110 if some else 100), redefined=Fraction(90 - 110)
    )
    assert effects == {"definition": -20.0, "late_data": 10.0}


def test_cause_that_accounts_for_nothing_is_left_out() -> None:
    effects = split_difference(5.0, 6.0, ["fx", "refund"], lambda some: Fraction(6 if "refund" in some else 5))
    assert effects == {"refund": 1.0}


def test_where_the_causes_cannot_be_taken_apart_all_counts_for_the_first() -> None:
    # All of the denominator moved from one part to another: with only one of the two changes there is none, or twice.
    before: dict[Cause, tuple[int, int]] = {"late_data": (5, 0), "source_correction": (5, 20)}
    after: dict[Cause, tuple[int, int]] = {"late_data": (5, 10), "source_correction": (5, 0)}

    assert split_difference(0.5, 1.0, before, ratio(before, after)) == {"late_data": 0.5}


def shapley(causes: list[Cause], value_with: Value) -> dict[Cause, Fraction]:
    """The mean over all orders, written out."""
    effects = dict.fromkeys(causes, Fraction(0))
    orders = list(itertools.permutations(causes))
    for order in orders:
        for position, cause in enumerate(order):
            after, before = value_with(frozenset(order[: position + 1])), value_with(frozenset(order[:position]))
            assert after is not None and before is not None
            effects[cause] += (after - before) / len(orders)
    return effects


def test_a_thousand_random_restatements_add_up_exactly() -> None:
    chance = random.Random(5)
    exact = 0
    for turn in range(1000):
        causes: list[Cause] = chance.sample(PRECEDENCE[1:], chance.randint(1, 4))
        before, after = (
            {cause: (chance.randrange(10_000), chance.randrange(1, 90_000)) for cause in causes} for _ in range(2)
        )
        value_with = ratio(before, after)
        old, today = value_with(frozenset()), value_with(frozenset(causes))
        assert old is not None and today is not None
        redefined = Fraction(chance.choice((0, 0, chance.randrange(-500, 500))), 7000)
        new = float(today + redefined)

        effects = split_difference(float(old), new, causes, value_with, redefined=redefined)
        difference = Fraction(new) - Fraction(float(old))
        rest = difference - sum((Fraction(effect) for effect in effects.values()), Fraction(0))
        exact += rest == 0
        # Not every difference of two doubles is one; what none can say is less than the last digit of the largest.
        assert abs(rest) <= Fraction(math.ulp(max(map(abs, effects.values())))) / 2
        assert math.fsum([float(old), *effects.values()]) == pytest.approx(new, rel=1e-15)
        for cause, effect in shapley(causes, value_with).items() if turn % 10 == 0 else ():
            assert effects.get(cause, 0.0) == pytest.approx(float(effect), rel=1e-9, abs=1e-9)
    assert exact > 850


@pytest.mark.parametrize(
    ("known", "cause"),
    [
        ({"was_missing": True, "has_refunds": True, "own_rows_changed": True}, "late_data"),
        ({"has_refunds": True, "own_rows_changed": True, "was_provisional": True, "rates_changed": True}, "refund"),
        ({"own_rows_changed": True, "was_provisional": True, "rates_changed": True}, "late_data"),
        ({"own_rows_changed": True, "rates_changed": True}, "source_correction"),
        ({"rates_changed": True, "others_changed": True, "meaning_changed": True}, "fx"),
        ({"others_changed": True, "others_were_open": True}, "late_data"),
        ({"others_changed": True, "meaning_changed": True}, "source_correction"),
        ({"meaning_changed": True}, "definition"),
        ({}, None),
    ],
)
def test_cause_of_a_changed_sum(known: dict[str, Any], cause: Cause | None) -> None:
    assert Evidence(**known).cause == cause


def test_first_cause_is_fixed() -> None:
    assert first_cause(["fx", "refund", "source_correction"]) == "refund"


@pytest.mark.parametrize(
    ("old", "new", "is_beyond"),
    [
        (200.0, 202.0, False),
        (200.0, 202.1, True),
        (200.0, 197.9, True),
        (-200.0, -202.1, True),
        (0.0, 0.001, True),
        (0.0, 0.0, False),
        (None, None, False),
        (None, 5.0, True),
        (5.0, None, True),
    ],
)
def test_value_moves_beyond_one_per_cent_of_itself(old: float | None, new: float | None, is_beyond: bool) -> None:
    assert moves_beyond(old, new, 1.0) is is_beyond
