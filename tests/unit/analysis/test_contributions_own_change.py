"""The array forms say what the plain ones say, member by member."""

from itertools import pairwise
from statistics import NormalDist, median, quantiles

import numpy as np
import pytest

from kpi_pipeline.analysis.own_change import beyond_chance, beyond_usual
from kpi_pipeline.analysis.proportions import Share, compare_proportions, overdispersion

NOTHING = float("nan")


def before(series: np.ndarray) -> np.ndarray:
    """A baseline of all weeks but the last."""
    mask = np.ones(series.shape, dtype=bool)
    mask[:, -1] = False
    return mask


def test_many_proportions_at_once_are_judged_as_one_by_one() -> None:
    random = np.random.default_rng(5)
    weeks, members = 20, 400
    totals = random.integers(20, 4000, (members, weeks)).astype(float)
    rates = random.beta(2, 20, (members, 1)) * random.lognormal(
        0, random.choice([0, 0.1, 0.5], (members, 1)), (members, weeks)
    )
    counts = np.floor(totals * np.minimum(rates, 1))
    counts[0] = 0
    counts[:, -1] = np.floor(
        counts[:, -1] * random.choice([1, 1.5], members).clip(max=totals[:, -1] / np.maximum(counts[:, -1], 1))
    )
    found = beyond_chance(counts, totals, before(counts), week=weeks - 1)

    expected = []
    for above, below in zip(counts, totals, strict=True):
        shares = [Share(*pair) for pair in zip(above, below, strict=True)]
        expected.append(compare_proportions(shares[-2], shares[-1], overdispersion(shares[:-1])).is_detectable)
    assert found == expected
    assert 20 < sum(each is True for each in found) < 380


def test_the_published_change_of_a_proportion_is_no_change() -> None:
    """2.0000 % to 2.1538 %, interval -0.09 to +0.40 points; with ten times the cases, -0.02 to +0.32 is left behind."""
    counts, totals = np.array([[500.0, 560.0]]), np.array([[25_000.0, 26_000.0]])
    none = np.zeros((1, 2), dtype=bool)

    assert beyond_chance(counts, totals, none, week=1) == [False]
    assert beyond_chance(10 * counts, 10 * totals, none, week=1) == [True]


@pytest.mark.parametrize(("count", "total"), [(NOTHING, NOTHING), (0, 0), (30, 20), (-1, 20)])
def test_what_is_no_proportion_is_not_judged(count: float, total: float) -> None:
    counts, totals = np.array([[5.0, count]]), np.array([[20.0, total]])

    assert beyond_chance(counts, totals, np.zeros((1, 2), dtype=bool), week=1) == [None]


def usual(steps: list[float], step: float) -> bool:
    middle = median(steps)
    spread = 1.4826 * median(abs(each - middle) for each in steps)
    if spread == 0:
        low, _, high = quantiles(steps, n=4, method="inclusive")
        spread = (high - low) / 1.349
    return abs(step - middle) > NormalDist().inv_cdf(0.975) * spread


def test_a_step_is_compared_with_the_usual_ones() -> None:
    random = np.random.default_rng(9)
    values = np.cumsum(random.normal(1, 5, (300, 15)), axis=1)
    values[0, ::2] = 0
    values[:, -1] += random.choice([0, 12], 300)
    found = beyond_usual(values, before(values), week=14)

    expected = []
    for row in values:
        steps = [float(later - earlier) for earlier, later in pairwise(row[:-1])]
        expected.append(usual(steps, row[-1] - row[-2]))
    assert found == expected
    assert 30 < sum(each is True for each in found) < 270


def test_without_eight_steps_or_any_spread_nothing_is_told() -> None:
    short = np.arange(9.0)[None, :] ** 2
    same = np.array([[5.0] * 12 + [9.0]])
    gaps = np.array([[1.0, NOTHING] * 6 + [9.0]])

    assert beyond_usual(short, before(short), week=8) == [None]
    enough = np.arange(10.0)[None, :] ** 2
    assert beyond_usual(enough, before(enough), week=9) == [False]
    assert beyond_usual(same, before(same), week=12) == [None]
    assert beyond_usual(gaps, before(gaps), week=12) == [None]


def test_mostly_equal_steps_are_judged_by_their_quartiles() -> None:
    """Of twelve steps seven are nothing: the median distance is zero, the quartiles are not."""
    values = np.cumsum([[0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 2, 3, 9.0]], axis=1)

    assert beyond_usual(values, before(values), week=12) == [True]
