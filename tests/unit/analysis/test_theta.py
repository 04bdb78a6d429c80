import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kpi_pipeline.analysis.theta import ThetaFit, ThetaFitter

STEPS = 13


def series_of_many_kinds(lengths: tuple[int, ...], seed: int) -> Iterator[list[float]]:
    random = np.random.Generator(np.random.PCG64(seed))
    for weeks in lengths:
        noise = random.normal(size=weeks)
        yield (100 + 5 * noise).tolist()
        yield (100 + np.cumsum(2 * random.normal(size=weeks)) + 3 * noise).tolist()
        yield (100 + np.arange(weeks) + 5 * noise).tolist()
        yield (0.01 * np.cumsum(0.5 + 3 * random.normal(size=weeks)) + 0.01 * noise).tolist()


def fitted(values: list[float]) -> ThetaFit:
    fit = ThetaFitter(values).fit()
    assert fit is not None
    return fit


def reference(values: list[float]) -> tuple[Any, float, float]:
    """Result, point and standard error of statsmodels, thirteen weeks ahead."""
    from scipy.stats import norm
    from statsmodels.tsa.forecasting.theta import ThetaModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = ThetaModel(np.asarray(values), deseasonalize=False).fit()
        low, high = result.prediction_intervals(STEPS, alpha=0.2).iloc[-1]
        return result, float(result.forecast(STEPS).iloc[-1]), float((high - low) / 2 / norm.ppf(0.9))


def squared_errors(values: list[float], alpha: float) -> float:
    level, total = values[0], 0.0
    for value in values:
        total += (value - level) ** 2
        level += alpha * (value - level)
    return total


def compare_with_statsmodels(lengths: tuple[int, ...], seed: int) -> tuple[int, int]:
    """How many series there were, and how many of both have the same optimum; others must be better here."""
    series = list(series_of_many_kinds(lengths, seed))
    same = 0
    for values in series:
        fit, (result, point, standard_error) = fitted(values), reference(values)
        alpha = float(result.params["alpha"])
        # A curve with two valleys: whoever found the other one must not have found the deeper one.
        assert squared_errors(values, fit.alpha) <= squared_errors(values, alpha) * (1 + 1e-4)
        if abs(fit.alpha - alpha) < 0.01 and abs(fit.spread**2 / result.sigma2 - 1) < 0.005:
            same += 1
            assert fit.slope == pytest.approx(float(result.params["b0"]), rel=1e-6)
            assert abs(fit.mean(STEPS) - point) < 0.005 * standard_error
            assert fit.standard_error(STEPS) == pytest.approx(standard_error, rel=0.01)
    return len(series), same


def test_point_and_standard_error_are_those_of_statsmodels() -> None:
    series, same = compare_with_statsmodels((26,), seed=4)

    assert (series, same) == (4, 4)


@pytest.mark.slow
def test_point_and_standard_error_are_those_of_statsmodels_on_many_series() -> None:
    series, same = compare_with_statsmodels((8, 10, 13, 20, 26, 40, 52, 80, 104, 156) * 2, seed=4)

    assert series == 80
    # The rest ended in another valley of one of the two curves, or its optimiser stopped early.
    assert same >= 0.9 * series


def test_spread_is_the_exact_likelihood_of_the_steps() -> None:
    # The steps are normal with covariance σ²(1 + θ²) on and σ²θ beside the diagonal: all of it by hand, for one θ after
    # the other, without any recursion.
    values = list(series_of_many_kinds((30,), seed=5))[1]
    steps = np.diff(values)
    ones = np.ones_like(steps)
    best, lowest = math.nan, math.inf
    for theta in np.linspace(-0.999, 0.999, 2001):
        covariance = np.diag((1 + theta**2) * ones) + np.diag(theta * ones[1:], 1) + np.diag(theta * ones[1:], -1)
        inverse = np.linalg.inv(covariance)
        mean = (ones @ inverse @ steps) / (ones @ inverse @ ones)
        variance = (steps - mean) @ inverse @ (steps - mean) / len(steps)
        height = len(steps) * math.log(variance) + np.linalg.slogdet(covariance)[1]
        if height < lowest:
            best, lowest = variance, height

    assert fitted(values).spread ** 2 == pytest.approx(best, rel=1e-3)


def test_each_length_is_fitted_as_if_nothing_came_later() -> None:
    values = next(series_of_many_kinds((30,), seed=6))
    fitter = ThetaFitter()
    grown = []
    for value in values:
        fitter.add(value)
        grown.append(fitter.fit() if len(fitter.values) >= 3 else None)

    assert grown[19] == fitted(values[:20])
    assert grown[29] == fitted(values)


def test_level_of_pure_chance_is_the_mean_and_of_a_wandering_level_the_last_value() -> None:
    # Alternating around 10: nothing is learned from a single week. Steps that often go on: all is.
    alternating = fitted([10.0, *(10.0 + (-1) ** number for number in range(40))])
    wandering = fitted([0, 1, 2, 1, 2, 3, 4, 5, 4, 3, 2, 3, 4, 5, 6, 7, 8, 7, 8, 9, 8, 9, 10, 9])

    assert alternating.alpha < 0.05
    assert alternating.level == pytest.approx(10, abs=0.1)
    assert wandering.alpha > 0.95
    assert wandering.level == pytest.approx(9, abs=0.1)


@pytest.mark.parametrize("values", [[5.0] * 12, [5.0 + 0.1 * number for number in range(12)]])
def test_line_leaves_nothing_to_estimate(values: list[float]) -> None:
    assert ThetaFitter(values).fit() is None


def test_forecast_follows_half_of_the_slope() -> None:
    fit = ThetaFit(weeks=10, level=50.0, slope=2.0, alpha=1.0, spread=3.0)

    # With alpha 1 nothing lags behind: level + slope/2·h.
    assert fit.mean(1) == pytest.approx(51)
    assert fit.mean(4) == pytest.approx(54)
    assert fit.standard_error(4) == pytest.approx(3 * math.sqrt(1 + 3))
    # With alpha 0 the level is the first value, ten weeks behind: 50 + 1·(3 + 10).
    assert ThetaFit(weeks=10, level=50.0, slope=2.0, alpha=0.0, spread=3.0).mean(4) == pytest.approx(63)
