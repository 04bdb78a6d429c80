from dataclasses import astuple

import numpy as np
import pytest

from kpi_pipeline.analysis.lifetime.gamma_gamma import GammaGamma, GammaGammaLikelihood, fit_gamma_gamma
from kpi_pipeline.analysis.lifetime.purchase_history import RepeatMargins, grouped_margins

PUBLISHED = GammaGamma(6.25, 3.74, 15.44)


def simulated(
    customers: int, seed: int, *, p: float, q: float, v: float, frequency: np.ndarray | None = None
) -> RepeatMargins:
    """Customers with 1 to 6 repeat purchases whose margins follow the model, each purchase drawn by itself."""
    draws = np.random.default_rng(seed)
    counts = draws.integers(1, 7, customers) if frequency is None else frequency
    scales = draws.gamma(q, 1 / v, customers)
    means = [draws.gamma(p, 1 / scale, count).mean() for scale, count in zip(scales, counts, strict=True)]
    return grouped_margins(counts.astype(np.float64), np.array(means))


def test_published_parameters_give_the_published_margins() -> None:
    found = PUBLISHED.expected_margin(np.array([2.0, 1.0, 7.0]), np.array([22.35, 13.0, 73.74]))

    assert [round(value, 4) for value in found] == [24.6637, 19.7720, 71.4697]
    assert round(PUBLISHED.population_mean, 4) == 35.2190


def test_a_customer_without_repeat_purchases_is_like_all() -> None:
    assert PUBLISHED.expected_margin(np.array([0.0]), np.array([0.0]))[0] == PUBLISHED.population_mean


@pytest.mark.parametrize("unit", [1.0, 1e6])
def test_simulated_customers_give_their_parameters_back_in_any_currency(unit: float) -> None:
    fit = fit_gamma_gamma(simulated(2_000, 3, p=4.0, q=3.5, v=20.0 * unit))

    assert fit.fault is None
    assert fit.model is not None
    assert astuple(fit.model) == pytest.approx((4.0, 3.5, 20.0 * unit), rel=0.15)
    assert fit.model.population_mean == pytest.approx(4.0 * 20.0 * unit / 2.5, rel=0.03)


def test_the_gradient_is_that_of_the_likelihood() -> None:
    likelihood = GammaGammaLikelihood(simulated(200, 5, p=4.0, q=3.5, v=20.0))
    point, step = np.log([5.0, 3.0, 10.0]), 1e-6

    slopes = [(likelihood.value(point + one) - likelihood.value(point - one)) / (2 * step) for one in step * np.eye(3)]

    assert likelihood.gradient(point) == pytest.approx(slopes, abs=1e-7)


def test_margins_without_a_mean_are_refused() -> None:
    assert fit_gamma_gamma(simulated(500, 3, p=4.0, q=0.7, v=20.0)).fault == "margins_without_mean"


def test_margins_that_grow_with_the_number_of_purchases_are_refused() -> None:
    independent = simulated(500, 7, p=4.0, q=8.0, v=20.0)
    dependent = RepeatMargins(
        independent.frequency, independent.mean_margin * independent.frequency, independent.customers
    )

    fit = fit_gamma_gamma(dependent)

    plain = np.corrcoef(dependent.frequency, dependent.mean_margin)[0, 1]
    assert fit.correlation == pytest.approx(plain)
    assert plain >= 0.3
    assert fit.fault == "margins_follow_frequency"
    assert fit_gamma_gamma(independent).fault is None


def test_too_many_margins_below_zero_are_refused_and_a_few_left_out() -> None:
    found = simulated(400, 9, p=4.0, q=3.5, v=20.0)

    def with_losses(count: int) -> RepeatMargins:
        margins = found.mean_margin.copy()
        margins[:count] = -5.0
        return RepeatMargins(found.frequency, margins, found.customers)

    assert fit_gamma_gamma(with_losses(21)).fault == "margins_not_positive"
    few = fit_gamma_gamma(with_losses(20))
    rest = RepeatMargins(found.frequency[20:], found.mean_margin[20:], found.customers[20:])
    assert few.fault is None
    assert few.model == fit_gamma_gamma(rest).model


def test_nobody_with_a_margin_is_refused() -> None:
    nothing = np.zeros(0)

    fit = fit_gamma_gamma(RepeatMargins(nothing, nothing, nothing))

    assert (fit.model, fit.correlation, fit.fault) == (None, None, "margins_not_positive")


def test_margins_that_never_differ_drive_a_parameter_to_its_bound() -> None:
    same = grouped_margins(np.array([1.0, 2.0, 3.0] * 50), np.full(150, 12.0))

    fit = fit_gamma_gamma(same)

    assert fit.correlation is None
    assert fit.fault in {"margins_at_bound", "margins_starts_disagree"}
