import math

import numpy as np
import pytest

from kpi_pipeline.analysis.seasonality import WEEKS_OF_A_YEAR, fit_season


def wave(number: int, order: int = 1) -> float:
    return math.sin(2 * math.pi * order * number / WEEKS_OF_A_YEAR)


def test_season_is_found_beside_a_trend_and_goes_on() -> None:
    random = np.random.Generator(np.random.PCG64(1))
    values = [50 + 0.3 * number + 8 * wave(number) + random.normal() for number in range(104)]
    season = fit_season(values)

    for number in (0, 13, 39, 110, 130):
        assert season.at(number) == pytest.approx(8 * wave(number), abs=1.2)


def test_number_of_pairs_follows_what_is_there() -> None:
    random = np.random.Generator(np.random.PCG64(2))
    noise = random.normal(size=120)
    one = [10 * wave(number) + noise[number] for number in range(120)]
    two = [value + 6 * wave(number, order=2) for number, value in enumerate(one)]

    assert len(fit_season(one).pairs) == 1
    assert len(fit_season(two).pairs) == 2


def test_series_without_any_rest_is_fitted_too() -> None:
    assert fit_season([5.0] * 80).at(10) == pytest.approx(0, abs=1e-9)
