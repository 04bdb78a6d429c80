from dataclasses import replace

import numpy as np
import pytest

from kpi_pipeline.analysis.lifetime.bg_nbd import BgNbd
from kpi_pipeline.analysis.lifetime.gamma_gamma import GammaGamma
from kpi_pipeline.analysis.lifetime.holdout import Holdout
from kpi_pipeline.analysis.lifetime.lifetime_value import (
    CustomerGroups,
    expected_margins,
    fit_lifetime,
    missing_data,
)
from kpi_pipeline.analysis.lifetime.purchase_history import RepeatMargins
from tests.unit.analysis.lifetime.fixtures import DEGENERATE, HEALTHY, histories, one
from tests.unit.analysis.lifetime.test_gamma_gamma import simulated

PURCHASES, MONEY = BgNbd(0.2113, 3.7218, 1.2276, 2.4091), GammaGamma(6.25, 3.74, 15.44)
CUSTOMERS = histories(HEALTHY)
MARGINS = simulated(300, 3, p=4.0, q=3.5, v=20.0)


def holdout(share: float = 1.0, rows: list[tuple[float, float, float, float]] = HEALTHY, weeks: int = 26) -> Holdout:
    """Purchases that are this share of what the model expects of each history."""
    known = histories(rows)
    expected = PURCHASES.expected_purchases(known.frequency, known.recency, known.age, weeks)
    return Holdout(known, share * known.customers * expected, weeks)


def test_what_there_must_be_enough_of() -> None:
    enough = histories([(0, 0, 39, 400), (1, 5, 39, 100)])
    assert missing_data(enough) is None
    assert missing_data(histories([(0, 0, 39, 399), (1, 5, 39, 100)])) == "few_customers"
    assert missing_data(histories([(0, 0, 39, 401), (1, 5, 39, 99)])) == "few_repeaters"
    assert missing_data(histories([(0, 0, 38.9, 400), (1, 5, 38.9, 100)])) == "short_history"


def test_a_model_that_foresaw_the_last_weeks_is_published() -> None:
    fit = fit_lifetime(CUSTOMERS, MARGINS, holdout())

    assert (fit.status, fit.reason) == ("published", None)
    assert fit.holdout_error == pytest.approx(0, abs=1e-3)
    assert fit.models is not None
    assert replace(fit, reason="holdout_missed").models is None


@pytest.mark.parametrize(
    ("share", "status", "error"),
    [
        (1 / 1.19, "published", 0.19),
        (1 / 1.21, "model_invalid", 0.21),
        (1 / 0.79, "model_invalid", -0.21),
    ],
)
def test_an_error_above_a_fifth_in_either_direction_is_too_much(share: float, status: str, error: float) -> None:
    fit = fit_lifetime(CUSTOMERS, MARGINS, holdout(share))

    assert fit.status == status
    assert fit.holdout_error == pytest.approx(error, abs=1e-3)
    assert fit.reason == ("holdout_missed" if status == "model_invalid" else None)
    assert (fit.models is None) == (status == "model_invalid")


def test_weeks_without_a_purchase_test_nothing() -> None:
    assert fit_lifetime(CUSTOMERS, MARGINS, holdout(0.0)).reason == "holdout_empty"


def test_customers_of_whom_nobody_leaves_are_not_predicted() -> None:
    fit = fit_lifetime(histories(DEGENERATE), MARGINS, holdout())

    assert (fit.status, fit.reason, fit.models) == ("model_invalid", "nobody_leaves", None)


def test_a_past_that_cannot_be_fitted_tests_nothing() -> None:
    assert fit_lifetime(CUSTOMERS, MARGINS, holdout(rows=DEGENERATE)).reason == "holdout_not_fitted"


def test_margins_that_cannot_be_trusted_are_not_predicted() -> None:
    dependent = RepeatMargins(MARGINS.frequency, MARGINS.mean_margin * MARGINS.frequency, MARGINS.customers)

    fit = fit_lifetime(CUSTOMERS, dependent, holdout())

    assert (fit.status, fit.reason, fit.models) == ("model_invalid", "margins_follow_frequency", None)


def test_a_group_is_worth_what_its_customers_are_worth_one_by_one() -> None:
    regular = histories([(3, 49, 52, 4)])
    # Two customers with known means of 10 and 30, two of whom nothing is known: they count as everybody.
    group = CustomerGroups(regular, np.array([2.0]), np.array([40.0]))

    (value,) = expected_margins((PURCHASES, MONEY), group, 52, 0.1)

    each = MONEY.expected_margin(np.array([3.0, 3.0]), np.array([10.0, 30.0])).sum() + 2 * MONEY.population_mean
    assert value == pytest.approx(each * PURCHASES.discounted_purchases(*one(3, 49, 52), 52, 0.1)[0])


def test_customers_who_never_came_back_are_worth_the_mean_margin() -> None:
    group = CustomerGroups(histories([(0, 0, 52, 7)]), np.array([0.0]), np.array([0.0]))

    (value,) = expected_margins((PURCHASES, MONEY), group, 52, 0.0)

    assert value == pytest.approx(7 * 35.2190 * 0.168400, rel=1e-4)
