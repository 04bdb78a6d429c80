import math
from datetime import date, timedelta

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from kpi_pipeline.analysis.anomalies import JudgedWeek, Observation, centre_and_spread, judge_amounts
from kpi_pipeline.analysis.forecast import Scale

RESIDUALS = [120, -80, 40, -30, 60, -110, 10, 75, -45, 20, -15]
FIRST = date(2024, 1, 1)


def week(number: int) -> date:
    return FIRST + timedelta(weeks=number)


def observations(values: list[float], special: tuple[int, ...] = ()) -> list[Observation]:
    return [Observation(week(number), value, number in special) for number, value in enumerate(values)]


def noisy(weeks: int, level: float = 1000.0, noise: float = 0.05, seed: int = 2) -> list[float]:
    random = np.random.Generator(np.random.PCG64(seed))
    return [level * math.exp(noise * step) for step in random.standard_normal(weeks)]


def unusual(values: list[float], special: tuple[int, ...] = (), scale: Scale = "log") -> dict[int, float]:
    """Number of the week → its score, for the unusual ones."""
    found = judge_amounts(observations(values, special), 3.5, scale)
    return {(one.week - FIRST).days // 7: one.score for one in found if one.rule}


def test_robust_z_of_the_published_residuals() -> None:
    middle, spread = centre_and_spread(RESIDUALS)

    assert (middle, spread) == (10, pytest.approx(1.4826 * 50))
    assert spread is not None
    assert (-620 - middle) / spread == pytest.approx(-8.4986, abs=5e-5)


def test_spread_falls_back_to_the_quartiles_where_half_of_the_weeks_are_alike() -> None:
    # Sorted: -3, 0 six times, 2, 4, 6. The median distance is 0; the quartiles are 0 and 1.5.
    middle, spread = centre_and_spread([0, 0, 0, 0, 0, 0, 2, 4, 6, -3])

    assert middle == 0
    assert spread == pytest.approx(1.5 / 1.349)


def test_weeks_that_are_all_alike_have_no_spread_and_raise_no_alarm() -> None:
    assert centre_and_spread([5.0] * 7 + [9.0]) == (5.0, None)
    assert unusual([100.0] * 20 + [500.0]) == {}


def test_nothing_is_judged_before_eight_surprises() -> None:
    # Three weeks without a forecast, eight surprises: the twelfth week is the first.
    assert judge_amounts(observations(noisy(11)), 3.5, "log") == []
    assert [one.week for one in judge_amounts(observations(noisy(12)), 3.5, "log")] == [week(11)]


def test_a_drop_by_a_third_is_found_with_its_band() -> None:
    values = noisy(40)
    values[30] *= 0.67

    found = unusual(values)
    assert list(found) == [30]
    assert found[30] < -3.5
    judged = next(one for one in judge_amounts(observations(values), 3.5, "log") if one.week == week(30))
    assert judged.value < judged.low < judged.expected < judged.high
    assert judged.expected == pytest.approx(1000, rel=0.1)
    # The band is even on the scale of logarithms, and 3.5 standard deviations wide on each side.
    assert judged.high / judged.expected == pytest.approx(judged.expected / judged.low)
    distance = math.log(judged.value / judged.expected) / math.log(judged.high / judged.expected)
    assert judged.score == pytest.approx(3.5 * distance)
    assert judged.baseline == 26


def plain_theta(values: list[float]) -> float:
    """Simple exponential smoothing with the best weight, and half of the slope of the straight line as drift."""

    def level_and_error(weight: float) -> tuple[float, float]:
        level, error = values[0], 0.0
        for value in values[1:]:
            error += (value - level) ** 2
            level += weight * (value - level)
        return level, error

    weight = minimize_scalar(lambda each: level_and_error(each)[1], bounds=(1e-6, 1), method="bounded").x
    slope = np.polyfit(range(len(values)), values, 1)[0]
    return level_and_error(weight)[0] + slope / 2 * (1 - (1 - weight) ** len(values)) / weight


def test_z_is_that_of_a_plain_recomputation() -> None:
    values = noisy(24)
    values[23] *= 0.8
    logs = [math.log(value) for value in values]
    surprises = [logs[number] - plain_theta(logs[:number]) for number in range(3, 24)]
    past = np.array(surprises[:-1])
    spread = 1.4826 * np.median(np.abs(past - np.median(past)))
    expected = (surprises[-1] - np.median(past)) / spread

    judged = judge_amounts(observations(values), 3.5, "log")
    assert all(one.rule is None for one in judged[:-1])
    # Both search for the smoothing weight by numbers of their own.
    assert judged[-1].score == pytest.approx(expected, rel=0.02)


def test_a_single_unusual_week_does_not_make_the_next_one_unusual() -> None:
    values = noisy(40)
    values[30] *= 0.5

    assert list(unusual(values)) == [30]


def test_a_level_that_stays_is_soon_usual() -> None:
    values = [value * (0.6 if number >= 30 else 1) for number, value in enumerate(noisy(45))]

    assert list(unusual(values)) == [30, 31]


def test_an_unusual_week_does_not_widen_the_band_of_later_weeks() -> None:
    values, marred = noisy(40), noisy(40)
    marred[25] *= 0.4

    width, width_after = (
        math.log(one.high / one.low)
        for one in (judge_amounts(observations(each), 3.5, "log")[-1] for each in (values, marred))
    )
    assert width_after == pytest.approx(width, rel=0.25)


def test_weeks_that_vary_more_than_they_used_to_become_usual() -> None:
    values = noisy(20, noise=0.01) + noisy(60, noise=0.2, seed=3)
    # At first each is a surprise; after half a year, one may be by chance.
    assert len([number for number in unusual(values) if number < 46]) > 5
    assert len([number for number in unusual(values) if number >= 46]) <= 1


def test_a_special_week_is_judged_but_nothing_is_learnt_from_it() -> None:
    values, special = noisy(40), noisy(40)
    for number in (24, 25, 26):
        special[number] *= 2

    judged = judge_amounts(observations(special, (24, 25, 26)), 3.5, "log")
    assert {one.week for one in judged if one.rule} == {week(24), week(25), week(26)}
    kept = [*range(24), *range(27, 40)]
    without = judge_amounts([observations(values)[number] for number in kept], 3.5, "log")
    assert [one for one in judged if one.week > week(26)] == [one for one in without if one.week > week(26)]


def test_a_peak_that_comes_every_year_is_not_unusual_once_it_is_known() -> None:
    peaks = {10, 23, 24, 37, 48}
    values = [value * (2.5 if number % 52 in peaks else 1) for number, value in enumerate(noisy(140, noise=0.03))]

    assert peaks - {10} <= set(unusual(values[:52]))
    assert not {number for number in unusual(values) if number >= 104}


def test_amounts_that_may_be_zero_are_judged_on_their_own_scale() -> None:
    values = [100 * value / 1000 for value in noisy(30)]
    values[29] = 0

    assert list(unusual(values, scale="level")) == [29]


def test_judgement_of_a_week_does_not_change_when_later_weeks_come() -> None:
    values = noisy(60, seed=3)
    values[40] *= 0.6

    def judged(count: int) -> list[JudgedWeek]:
        return judge_amounts(observations(values[:count]), 3.5, "log")

    assert judged(60)[: len(judged(45))] == judged(45)
