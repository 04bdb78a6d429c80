import math

import numpy as np
import pytest

from benchmarks.simulations import forecasts
from kpi_pipeline.analysis.forecast import drift_forecast, to_scale
from kpi_pipeline.analysis.forecaster import Forecaster
from kpi_pipeline.analysis.seasonality import WEEKS_OF_A_YEAR
from kpi_pipeline.analysis.theta import ThetaFitter


def noisy(weeks: int, seed: int = 1) -> list[float]:
    random = np.random.Generator(np.random.PCG64(seed))
    found: list[float] = (100 + np.cumsum(random.normal(size=weeks)) + 3 * random.normal(size=weeks)).tolist()
    return found


def test_seven_weeks_are_too_few_and_nothing_behind_is_forecast() -> None:
    forecaster = Forecaster("count")

    assert forecaster.forecast(noisy(7), 4) is None
    assert forecaster.forecast(noisy(8), 4) is not None
    assert forecaster.forecast(noisy(8), 0) is None


def test_short_history_is_forecast_by_theta_on_the_scale_of_its_unit() -> None:
    history = noisy(20)
    found = Forecaster("count").forecast(history, 10)
    fit = ThetaFitter([to_scale(value, "log") for value in history]).fit()

    assert found is not None
    assert fit is not None
    assert found.scale == "log"
    assert found.point == pytest.approx(math.exp(fit.mean(10)))
    # Theta's own error, and half of the trend as doubt whether it goes on.
    assert found.standard_error == pytest.approx(math.hypot(fit.standard_error(10), fit.mean(10) - fit.level))


def test_interval_holds_both_a_trend_that_ends_and_one_that_goes_on() -> None:
    # Up by 2 a week from 100 to 150, straying by 0.5.
    rising = [100.0 + 2 * number + 0.5 * (-1) ** number for number in range(26)]
    found = Forecaster("ratio").forecast([value - 1000 for value in rising], 13)

    assert found is not None
    low, high = found.interval()
    assert low < 150 - 1000
    assert high > 150 + 13 * 2 - 1000


def test_line_is_continued_by_drift() -> None:
    growing = [100 * 1.02**number for number in range(12)]

    assert Forecaster("count").forecast(growing, 3) == drift_forecast(growing, 3, "log")
    assert Forecaster("count").forecast([7.0] * 12, 3) == drift_forecast([7.0] * 12, 3, "log")


def test_past_errors_set_the_width_as_soon_as_there_are_enough() -> None:
    history = [100.0 + 5 * (-1) ** number for number in range(30)]
    for weeks_ahead, is_changed in ((12, False), (11, True)):
        found = Forecaster("points").forecast(history, weeks_ahead)
        own = Forecaster("points").forecast(history, weeks_ahead, is_calibrated=False)
        assert found is not None
        assert own is not None
        assert (found.standard_error < own.standard_error) is is_changed
        assert found.mean == own.mean


def test_answers_do_not_depend_on_what_was_asked_before_or_came_later() -> None:
    values = noisy(120)
    asked_in_order = Forecaster("count")
    kept = {weeks: asked_in_order.forecast(values[:weeks], 13) for weeks in range(8, 121)}

    for weeks in (8, 40, 104, 119):
        assert kept[weeks] == Forecaster("count").forecast(values[:weeks], 13)
        assert kept[weeks] == asked_in_order.forecast(values[:weeks], 13)


def test_value_outside_the_scale_changes_the_scale_and_another_history_starts_anew() -> None:
    values, forecaster = noisy(20), Forecaster("count")
    forecaster.forecast(values, 4)
    fallen = forecaster.forecast([*values, -5.0], 4)
    other = forecaster.forecast(values[3:], 4)

    assert fallen is not None
    assert fallen.scale == "level"
    assert other == Forecaster("count").forecast(values[3:], 4)


def seasonal(weeks: int, seed: int) -> list[float]:
    random = np.random.Generator(np.random.PCG64(seed))
    return [
        500 * math.exp(0.3 * math.sin(2 * math.pi * number / WEEKS_OF_A_YEAR) + 0.05 * random.normal())
        for number in range(weeks)
    ]


def test_season_is_used_from_two_years_on_where_it_made_past_forecasts_better() -> None:
    values = seasonal(130, seed=3)
    errors: dict[int, float] = {}
    for weeks in (103, 104):
        found = Forecaster("count").forecast(values[:weeks], 20)
        assert found is not None
        errors[weeks] = abs(math.log(found.point / values[weeks + 19]))

    # A wave of ±30 %: only whoever knows it is right within 15 %.
    assert errors[104] < 0.15 < errors[103]


def test_season_that_is_not_there_is_not_used() -> None:
    values = noisy(117, seed=5)
    fit = ThetaFitter([math.log(value) for value in values]).fit()
    found = Forecaster("count").forecast(values, 10)

    assert fit is not None
    assert found is not None
    assert found.mean == fit.mean(10)


def test_interval_holds_what_comes_at_least_as_often_as_it_says() -> None:
    cell = forecasts.simulate(forecasts.random_walk, 26, runs=50)

    assert cell.coverage >= 0.8
    assert cell.coverage == cell.own_coverage
    assert cell.error < 1.2 * cell.drift_error


@pytest.mark.slow
@pytest.mark.parametrize("weeks", [26, 52])
@pytest.mark.parametrize("kind", forecasts.GENERATORS)
def test_interval_holds_what_comes_on_each_kind_of_series(kind: str, weeks: int) -> None:
    cell = forecasts.simulate(forecasts.GENERATORS[kind], weeks, runs=300)

    assert cell.coverage >= 0.8
