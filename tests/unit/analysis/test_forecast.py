import math

import pytest

from kpi_pipeline.analysis.aim import Aim
from kpi_pipeline.analysis.forecast import drift_forecast, fits_scale, from_scale, scale_for, to_scale

HISTORY = [100, 104, 103, 108, 110, 109, 115, 117, 116, 121, 124, 123]


def test_drift_gives_the_published_forecast_error_and_intervals() -> None:
    forecast = drift_forecast(HISTORY, 13, "level")

    assert forecast.point == pytest.approx(150.1818, abs=5e-5)
    assert forecast.standard_error == pytest.approx(14.57633, abs=5e-6)
    assert forecast.interval(0.80) == pytest.approx((131.501, 168.862), abs=5e-4)
    assert forecast.interval(0.95) == pytest.approx((121.613, 178.751), abs=5e-4)


def test_one_week_ahead_shows_the_published_drift_and_spread() -> None:
    forecast = drift_forecast(HISTORY, 1, "level")

    assert forecast.point - HISTORY[-1] == pytest.approx(2.090909, abs=5e-7)
    assert forecast.standard_error / math.sqrt(1 + 1 / 11) == pytest.approx(2.736953, abs=5e-7)


@pytest.mark.parametrize(
    ("target", "probability", "digits"), [(150, 0.505, 3), (165, 0.155, 3), (180, 0.0204, 4), (140, 0.758, 3)]
)
def test_probability_of_reaching_a_target_is_the_published_one(target: float, probability: float, digits: int) -> None:
    found = drift_forecast(HISTORY, 13, "level").probability(Aim.at_least(target))

    assert found is not None
    assert round(found, digits) == probability


def test_probability_of_falling_to_a_target_is_the_other_side() -> None:
    forecast = drift_forecast(HISTORY, 13, "level")
    up = forecast.probability(Aim.at_least(165))
    down = forecast.probability(Aim.at_most(165))

    assert up is not None
    assert down == pytest.approx(1 - up)


def test_series_without_any_surprise_is_certain() -> None:
    forecast = drift_forecast([10, 20, 30, 40], 1, "level")

    assert forecast.interval() == (50, 50)
    assert forecast.probability(Aim.at_least(50)) == 1.0
    assert forecast.probability(Aim.at_least(51)) == 0.0


def test_growth_by_a_fixed_factor_is_a_line_on_the_log_scale() -> None:
    assert drift_forecast([1, 2, 4, 8], 2, "log").point == pytest.approx(32)


def test_percentage_never_leaves_0_to_100() -> None:
    forecast = drift_forecast([90, 92, 95, 96, 98, 99, 99.5, 99.9], 26, "logit")
    low, high = forecast.interval()

    assert 0 < low < forecast.point < high <= 100


def test_scale_follows_the_unit_and_steps_back_where_a_value_is_outside() -> None:
    assert scale_for("percent", [1.0, 99.0]) == "logit"
    assert scale_for("percent", [0.0, 5.0]) == "level"
    assert scale_for("percent", [140.0, 5.0]) == "level"
    assert scale_for("currency", [1.0, 20.0]) == "log"
    assert scale_for("currency", [-1.0, 20.0]) == "level"


def test_probability_of_a_band_is_what_lies_between_its_ends() -> None:
    # P(≥ 140) − P(≥ 165) of the published example: 0.758 − 0.155.
    found = drift_forecast(HISTORY, 13, "level").probability(Aim(140, 165))

    assert found == pytest.approx(0.758 - 0.155, abs=0.001)


def test_certain_series_is_inside_or_outside_a_band_with_both_ends_included() -> None:
    forecast = drift_forecast([10, 20, 30, 40], 1, "level")

    assert [forecast.probability(Aim(*band)) for band in ((50, 60), (40, 50), (51, 60))] == [1.0, 1.0, 0.0]


def test_end_that_the_scale_cannot_hold_is_no_restriction_of_a_band() -> None:
    forecast = drift_forecast([10, 12, 11, 14, 13], 2, "logit")

    assert forecast.probability(Aim(0, 20)) == forecast.probability(Aim.at_most(20))
    assert forecast.probability(Aim(5, 100)) == forecast.probability(Aim.at_least(5))


def test_target_outside_the_scale_has_no_probability() -> None:
    assert drift_forecast([1, 2, 3, 4], 2, "log").probability(Aim.at_most(0)) is None
    assert not fits_scale(100, "logit")


@pytest.mark.parametrize("scale", ["level", "log", "logit"])
def test_scales_can_be_undone(scale: str) -> None:
    assert from_scale(to_scale(37.5, scale), scale) == pytest.approx(37.5)  # type: ignore[arg-type]
