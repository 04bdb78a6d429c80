"""What members and factors account for: published numbers, exact sums, and what is worth naming."""

import math
from itertools import permutations

import numpy as np
import pytest

from kpi_pipeline.analysis.drivers import Candidate, drivers, explained_share, ranked_dimensions
from kpi_pipeline.analysis.factor_effects import factor_effects, logarithmic_mean
from kpi_pipeline.analysis.mix_rate import MemberEffect, Part, differences, is_simpson, mix_and_rate

DECOMPOSITIONS = 10_000
Week = dict[str, Part]


def parts(denominators: list[float], numerators: list[float]) -> Week:
    """Members a, b, c …; one whose sides are both zero is not there."""
    return {
        name: Part(above, below)
        for name, above, below in zip("abcdefgh", numerators, denominators, strict=False)
        if above or below
    }


def ratio(week: Week) -> float:
    return math.fsum(part.numerator for part in week.values()) / math.fsum(part.denominator for part in week.values())


def columns(found: dict[str, MemberEffect]) -> tuple[list[float | None], list[float | None]]:
    return [each.mix for each in found.values()], [each.rate for each in found.values()]


TWO = (parts([6000, 4000], [180, 40]), parts([5000, 7000], [155, 77]))
SIMPSON = (parts([2000, 1000], [200, 20]), parts([1000, 4000], [110, 100]))
NEW = (parts([6000, 4000, 0], [180, 40, 0]), parts([5000, 0, 3000], [155, 0, 60]))


@pytest.mark.parametrize(
    ("weeks", "mix", "rate", "change"),
    [
        (TWO, [-0.00180278, -0.00186389], [0.00050833, 0.00049167], -0.00266667),
        (SIMPSON, [-0.02208889, -0.01641111], [0.00433333, 0.00283333], 0.042 - 0.0733333),
        (NEW, [0.00015156, 0.005775, -0.00166406], [0.0006125, 0, 0], 0.004875),
    ],
    ids=["two segments", "simpson", "vanished and new"],
)
def test_mix_and_rate_are_the_published_ones(
    weeks: tuple[Week, Week], mix: list[float], rate: list[float], change: float
) -> None:
    found = mix_and_rate(*weeks)

    assert columns(found)[0] == pytest.approx(mix, abs=5e-9)
    assert columns(found)[1] == pytest.approx(rate, abs=5e-9)
    assert sum(each.effect for each in found.values()) == pytest.approx(change, abs=5e-8)


def test_weights_are_shares_of_the_denominator() -> None:
    found = mix_and_rate(*NEW)

    assert [(each.previous_weight, each.weight) for each in found.values()] == [(0.6, 0.625), (0.4, 0), (0, 0.375)]


def test_a_member_with_nothing_in_both_weeks_is_left_out() -> None:
    before, after = TWO

    assert list(mix_and_rate(before | {"z": Part()}, after | {"z": Part()})) == ["a", "b"]


def test_a_numerator_without_denominator_has_an_effect_and_neither_mix_nor_rate() -> None:
    """Costs of 30 without a customer, then of 60: of 100 and 120 customers altogether."""
    before, after = {"a": Part(200, 100), "z": Part(30, 0)}, {"a": Part(240, 120), "z": Part(60, 0)}
    found = mix_and_rate(before, after)

    assert (found["z"].mix, found["z"].rate) == (None, None)
    assert found["z"].effect == pytest.approx(60 / 120 - 30 / 100)
    assert found["a"].effect == pytest.approx(0)


def random_weeks(random: np.random.Generator) -> tuple[Week, Week]:
    """Up to eight members, some new, some vanished, some without numerator, at scales from tiny to huge."""
    count = int(random.integers(1, 9))
    members = "abcdefgh"[:count]
    scale_above, scale_below = 10.0 ** random.uniform(-9, 9, 2)
    kind = random.random()
    weeks: list[Week] = []
    for _ in range(2):
        below = random.lognormal(0, 3, count) * scale_below * (random.random(count) > 0.25)
        rates = random.lognormal(-2, 2, count) * (random.random(count) > 0.2)
        above = rates * below * scale_above / scale_below
        if kind < 0.1:
            above += scale_above * (random.random(count) > 0.7)
        if kind > 0.9:
            above *= random.choice([-1, 1], count)
        if not below.any():
            below[0] = scale_below
        weeks.append({name: Part(float(above[n]), float(below[n])) for n, name in enumerate(members)})
    return weeks[0], weeks[1]


def test_ten_thousand_random_decompositions_add_up() -> None:
    """To 1e-9 of the largest of what is added, and of ratios between 0 and 1 to 1e-9 itself."""
    random = np.random.default_rng(7)
    worst, proportions, kinds = 0.0, 0, {"new": 0, "vanished": 0, "neither": 0}
    for _ in range(DECOMPOSITIONS):
        before, after = random_weeks(random)
        found = mix_and_rate(before, after)
        change = ratio(after) - ratio(before)
        total = math.fsum(each.effect for each in found.values())
        size = max(
            abs(part.numerator) / math.fsum(each.denominator for each in week.values())
            for week in (before, after)
            for part in week.values()
        )
        worst = max(worst, abs(total - change) / size if size else abs(total - change))
        if size <= 1:
            proportions += 1
            assert abs(total - change) <= 1e-9
        kinds["new"] += any(each.previous_weight == 0 < each.weight for each in found.values())
        kinds["vanished"] += any(each.weight == 0 < each.previous_weight for each in found.values())
        kinds["neither"] += any(each.mix is None for each in found.values())
        assert all(each.mix is None or each.effect == each.mix + (each.rate or 0) for each in found.values())
    assert worst <= 1e-9
    assert min(proportions, *kinds.values()) > 100, kinds


def test_amounts_are_split_by_difference() -> None:
    assert differences({"de": 100.0, "fr": 50.0}, {"de": 80.0, "it": 5.0}) == {"de": -20.0, "fr": -50.0, "it": 5.0}


def test_all_up_and_the_total_down_is_simpsons_paradox() -> None:
    assert is_simpson(*SIMPSON)
    assert is_simpson(*reversed(SIMPSON))
    assert is_simpson(*TWO)
    assert not is_simpson(*NEW)
    assert not is_simpson({"a": Part(1, 10)}, {"a": Part(2, 10)})
    assert not is_simpson(parts([10, 10], [1, 2]), parts([10, 10], [2, 3]))


def test_factors_of_revenue_are_the_published_ones() -> None:
    before, after = [100_000, 0.020, 50], [110_000, 0.018, 55]

    assert logarithmic_mean(108_900, 100_000) == pytest.approx(104386.7733, abs=5e-5)
    assert factor_effects(before, after) == pytest.approx([9949.122, -10998.244, 9949.122], abs=5e-4)


def test_a_percentage_among_the_factors_makes_no_difference() -> None:
    before, after = [100_000, 2.0, 50], [110_000, 1.8, 55]

    assert factor_effects(before, after, 0.01) == pytest.approx([9949.122, -10998.244, 9949.122], abs=5e-4)


def in_all_orders(before: list[float], after: list[float]) -> list[float]:
    """The mean over all orders in which the factors may have changed, one after the other."""
    found = [0.0] * len(before)
    orders = list(permutations(range(len(before))))
    for order in orders:
        now = list(before)
        for position in order:
            was = math.prod(now)
            now[position] = after[position]
            found[position] += (math.prod(now) - was) / len(orders)
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [([100.0, 0.0, 50.0], [120.0, 0.02, 55.0]), ([5.0, 0.2], [0.0, 0.3]), ([4.0, -2.0, 3.0], [5.0, 1.0, 2.0])],
)
def test_a_factor_without_logarithm_gives_the_mean_over_all_orders(before: list[float], after: list[float]) -> None:
    assert factor_effects(before, after) == pytest.approx(in_all_orders(before, after))


def test_factors_of_random_products_add_up() -> None:
    random = np.random.default_rng(11)
    for _ in range(2_000):
        count = int(random.integers(2, 6))
        before = random.lognormal(0, 4, count)
        # Equal, nearly equal and quite different factors, and some that are zero.
        after = before * np.exp(random.choice([0, 1e-12, 0.1, 3], count) * random.normal(size=count))
        if random.random() < 0.3:
            after[random.integers(count)] = 0
        found = factor_effects(before.tolist(), after.tolist(), 0.01)
        first, second = 0.01 * math.prod(before), 0.01 * math.prod(after)
        assert math.fsum(found) == pytest.approx(second - first, abs=1e-9 * max(first, second, *map(abs, found)))


def candidates(*rows: tuple[str, float, float, bool]) -> list[Candidate]:
    return [Candidate(*row) for row in rows]


def test_drivers_are_at_most_five_members_that_may_be_named_with_the_largest_effects() -> None:
    found = drivers(
        candidates(
            ("chance", -90, 0.1, False),
            *((f"m{n}", -10.0 - n, 0.1, True) for n in range(5)),
            ("other way", 20, 0.1, True),
            ("tiny", 1, 0.3, True),
            ("none", 0, 0.3, True),
        )
    )

    assert [each.member for each in found] == ["other way", "m4", "m3", "m2", "m1"]


def test_a_dimension_explains_what_goes_beyond_the_weights_of_its_drivers() -> None:
    """Of a movement of 10, mobile has 9 with a weight of 0.6; the others have their weight or less."""
    device = candidates(("mobile", -9, 0.6, True), ("desktop", 0.5, 0.3, False), ("tablet", 0.5, 0.1, True))

    assert explained_share(device) == pytest.approx(0.3)
    even = candidates(("de", -6, 0.6, True), ("fr", -4, 0.4, True))
    assert explained_share(even) == 0


def test_the_dimension_that_explains_most_comes_first() -> None:
    device = candidates(("mobile", -9, 0.6, True), ("desktop", -1, 0.4, True))
    even = candidates(("de", -6, 0.6, True), ("fr", -4, 0.4, True))
    alone = candidates(("all", -10, 0.1, True))
    chance = candidates(("x", -9, 0.1, False), ("y", -1, 0.9, False))

    assert ranked_dimensions({"country": even, "alone": alone, "device": device, "chance": chance}) == [
        "device",
        "country",
    ]
    assert ranked_dimensions({"b": even, "a": even}) == ["a", "b"]
    assert ranked_dimensions({}) == []
