import numpy as np
import pytest

from benchmarks.simulations.anomalies import (
    AMOUNTS,
    WOBBLES,
    Count,
    false_alarms_of_amounts,
    false_alarms_of_proportions,
    power_of_amounts,
    power_of_proportions,
    tables,
)
from kpi_pipeline.analysis.false_alarms import false_alarm_rate

STEADY, WALK = "level with noise of 10 %", "random walk of 5 % with noise"


def test_a_spread_that_is_estimated_raises_more_alarms_than_the_textbook_says() -> None:
    assert false_alarm_rate("robust_z", 3.5, 26) > 10 * 0.000465
    assert false_alarm_rate("laney_p", 3.0, 26) > 3 * 0.0027
    assert false_alarm_rate("robust_z", 3.5, 8) > false_alarm_rate("robust_z", 3.5, 26)
    assert false_alarm_rate("robust_z", 3.5, 26) > false_alarm_rate("robust_z", 4.5, 26)


@pytest.mark.parametrize(("weeks", "limit"), [(12, 3.0), (26, 3.0), (20, 2.5)])
def test_rate_of_proportions_is_that_of_simulated_weeks(weeks: int, limit: float) -> None:
    """Normal scores: 13 new weeks beyond the limits, and runs of eight in a long stretch, against one baseline."""
    random = np.random.Generator(np.random.PCG64(4))
    baseline, new = random.standard_normal((20_000, weeks)), random.standard_normal((20_000, 13))
    middle = baseline.mean(axis=1, keepdims=True)
    distances = baseline - middle
    correlation = (distances[:, 1:] * distances[:, :-1]).sum(axis=1) / (distances**2).sum(axis=1)
    moving = np.abs(np.diff(baseline, axis=1)).mean(axis=1) / 1.128
    width = np.where(correlation < -0.3, baseline.std(axis=1, ddof=1), moving)[:, None]
    beyond = (np.abs(new - middle) / width > limit).mean()
    above = new > middle
    # A run is completed in the ninth week if eight weeks lie on one side and the one before them does not.
    runs = (above[:, 1:9].all(axis=1) & ~above[:, 0]) | (~above[:, 1:9].any(axis=1) & above[:, 0])

    assert false_alarm_rate("laney_p", limit, weeks) == pytest.approx(beyond + runs.mean(), rel=0.12)


def within(count: Count, times: float) -> bool:
    """Whether the measured rate is that many times the stated one at most, give or take the luck of the draw."""
    luck = 3 * (count.stated * times / count.judged) ** 0.5
    return count.rate <= count.stated * times + luck


def test_false_alarms_of_usual_weeks_keep_to_the_stated_rate() -> None:
    amounts = false_alarms_of_amounts(STEADY, 52, series=40)
    proportions = false_alarms_of_proportions(2.0, 39, series=60)

    assert amounts.judged == 40 * 13
    assert proportions.judged == 60 * 13
    assert within(amounts, 1.0)
    assert within(proportions, 1.0)


def test_a_real_drop_is_found_more_often_the_larger_it_is() -> None:
    small, large = (power_of_proportions(1.0, 39, drop, series=40) for drop in (0.05, 0.3))

    assert small < 0.3 < 0.85 < large


@pytest.mark.slow
@pytest.mark.parametrize("shape", AMOUNTS)
@pytest.mark.parametrize("weeks", [26, 52, 104])
def test_false_alarms_of_amounts_of_every_shape(shape: str, weeks: int) -> None:
    # A walk raises more alarms than a level, and is half as much again above the mean of the shapes.
    count = false_alarms_of_amounts(shape, weeks, series=300)

    assert count.judged == 300 * 13
    assert within(count, 1.6)


@pytest.mark.slow
@pytest.mark.parametrize("wobble", WOBBLES.values())
@pytest.mark.parametrize("weeks", [26, 39, 52])
def test_false_alarms_of_proportions_of_every_width(wobble: float, weeks: int) -> None:
    assert within(false_alarms_of_proportions(wobble, weeks, series=300), 1.3)


@pytest.mark.slow
def test_power_of_the_simulation() -> None:
    assert power_of_amounts(WALK, 52, 0.3) > 0.9
    assert power_of_proportions(1.0, 52, 0.3) > 0.9


@pytest.mark.slow
def test_simulation_makes_both_tables() -> None:
    false_alarms, power = tables(series=4)

    assert len(false_alarms.rows) == len(power.rows) == 3 * (len(AMOUNTS) + len(WOBBLES))
