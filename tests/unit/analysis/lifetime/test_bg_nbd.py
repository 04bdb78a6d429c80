from dataclasses import astuple

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta

from kpi_pipeline.analysis.lifetime import bg_nbd
from kpi_pipeline.analysis.lifetime.bg_nbd import BgNbd, BgNbdLikelihood, fit_bg_nbd
from kpi_pipeline.analysis.lifetime.purchase_history import grouped_histories
from tests.unit.analysis.lifetime.fixtures import DEGENERATE, HEALTHY, histories, one, simulated

PAPER = BgNbd(0.243, 4.414, 0.793, 2.426)
FITTED = BgNbd(0.2113, 3.7218, 1.2276, 2.4091)


def test_published_parameters_give_the_published_expectations() -> None:
    regular = one(2, 30.43, 38.86)

    assert PAPER.expected_purchases(*regular, 39)[0] == pytest.approx(1.226028, abs=5e-7)
    assert PAPER.active_probability(*regular)[0] == pytest.approx(0.726579, abs=5e-7)
    assert PAPER.expected_purchases(*one(0, 0, 0), 39)[0] == pytest.approx(1.196723, abs=5e-7)
    assert PAPER.expected_purchases(*one(0, 0, 38.86), 39)[0] == pytest.approx(0.195098, abs=5e-7)


def test_the_most_likely_parameters_of_a_known_case() -> None:
    fit = fit_bg_nbd(histories(HEALTHY))

    assert [round(value, 5) for value in astuple(fit.model)] == [0.21126, 3.72182, 1.22761, 2.40913]
    assert round(fit.log_likelihood, 4) == -6277.3006
    assert fit.fault is None


@pytest.mark.parametrize("start", bg_nbd.STARTS)
def test_every_starting_point_leads_there(start: tuple[float, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bg_nbd, "STARTS", (start,))

    fit = fit_bg_nbd(histories(HEALTHY))

    assert [round(value, 5) for value in astuple(fit.model)] == [0.21126, 3.72182, 1.22761, 2.40913]


@pytest.mark.parametrize(
    ("customer", "purchases", "active"),
    [
        ((3, 49, 52), 1.685179, 0.750427),
        ((3, 10, 52), 0.086139, 0.038359),
        ((12, 51, 52), 7.071519, 0.897499),
    ],
)
def test_customers_of_that_case(customer: tuple[float, ...], purchases: float, active: float) -> None:
    assert FITTED.expected_purchases(*one(*customer), 52)[0] == pytest.approx(purchases, abs=5e-7)
    assert FITTED.active_probability(*one(*customer))[0] == pytest.approx(active, abs=5e-7)


def test_a_customer_who_never_came_back_has_no_probability_of_being_there() -> None:
    assert np.isnan(FITTED.active_probability(*one(0, 0, 52))[0])
    assert FITTED.expected_purchases(*one(0, 0, 52), 52)[0] == pytest.approx(0.168400, abs=5e-7)


def test_a_year_of_margins_discounted_week_by_week() -> None:
    regular = one(3, 49, 52)

    assert 14 * FITTED.discounted_purchases(*regular, 52, 0.10)[0] == pytest.approx(22.58134, abs=5e-6)
    assert 14 * FITTED.discounted_purchases(*regular, 52, 0.0)[0] == pytest.approx(23.59251, abs=5e-6)


def test_many_customers_at_once_are_worth_what_each_is_alone() -> None:
    customers = [(3, 49, 52), (3, 10, 52), (0, 0, 52), (0, 0, 0), (12, 51, 52)]

    together = FITTED.discounted_purchases(
        *(np.array(column, float) for column in zip(*customers, strict=True)), 26, 0.1
    )

    assert list(together) == [FITTED.discounted_purchases(*one(*each), 26, 0.1)[0] for each in customers]


@pytest.mark.parametrize("model", [PAPER, FITTED, BgNbd(0.5, 8.0, 0.2, 0.5), BgNbd(1.5, 3.0, 4.0, 9.0)])
@pytest.mark.parametrize("weeks", [1.0, 39.0, 104.0])
def test_a_new_customer_buys_what_the_mixture_of_all_customers_buys(model: BgNbd, weeks: float) -> None:
    # With leaving probability p and rate l: (1 - e^(-l p t)) / p purchases; the mean over l is in closed form.
    def over_rates(p: float) -> float:
        return float((1 - (model.alpha / (model.alpha + p * weeks)) ** model.r) / p * beta.pdf(p, model.a, model.b))

    expected = sum(quad(over_rates, low, high, limit=200)[0] for low, high in ((0, 0.01), (0.01, 0.5), (0.5, 1)))

    assert model.expected_purchases(*one(0, 0, 0), weeks)[0] == pytest.approx(expected, rel=1e-6)


def test_customers_with_a_thousand_purchases_are_no_problem() -> None:
    found = PAPER.expected_purchases(*one(1000, 51.9, 52), 52)[0]

    # A rate of 19 a week and one chance in more than 1,000 to leave with each purchase: about 700 to 1,000.
    assert 500 < found < 1000


def test_a_case_in_which_nobody_leaves_is_refused() -> None:
    fit = fit_bg_nbd(histories(DEGENERATE))

    assert fit.fault == "nobody_leaves"
    assert fit.log_likelihood == pytest.approx(-5191.885, abs=5e-4)


def test_customers_who_all_leave_alike_are_refused() -> None:
    # After each purchase two of three never come back, whoever they are: the demo company's customers live like this.
    draws = np.random.default_rng(4)
    frequency = draws.geometric(2 / 3, 1_500) - 1.0
    recency = np.array([draws.uniform(0, 40, int(count)).max(initial=0.0) for count in frequency])

    assert fit_bg_nbd(grouped_histories(frequency, recency, np.full(1_500, 104.0))).fault == "all_leave_alike"


def test_starting_points_that_disagree_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    # From one point alone, this case looks settled: only leaving nobody is left to complain of.
    monkeypatch.setattr(bg_nbd, "SMALLEST_DROPOUT", 0.0)
    monkeypatch.setattr(bg_nbd, "LARGEST_B", float("inf"))

    assert fit_bg_nbd(histories(DEGENERATE)).fault in {"at_bound", "starts_disagree"}
    monkeypatch.setattr(bg_nbd, "STARTS", bg_nbd.STARTS[-2:-1])
    assert fit_bg_nbd(histories(DEGENERATE)).fault is None


def test_customers_who_all_buy_at_one_rate_drive_a_parameter_to_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    # Everybody buys 5 times in 52 weeks: less scatter than any rate of one's own allows, so that r grows without end.
    same = grouped_histories(*(np.repeat(column, 50) for column in one(5, 30, 52)))
    monkeypatch.setattr(bg_nbd, "SMALLEST_DROPOUT", 0.0)
    monkeypatch.setattr(bg_nbd, "LARGEST_B", float("inf"))

    assert fit_bg_nbd(same).fault == "at_bound"


def test_the_gradient_is_that_of_the_likelihood() -> None:
    likelihood = BgNbdLikelihood(histories(HEALTHY))
    point, step = np.log([0.3, 3.0, 0.9, 2.0]), 1e-6
    steps = step * np.eye(4)

    slopes = [(likelihood.value(point + one) - likelihood.value(point - one)) / (2 * step) for one in steps]

    assert likelihood.gradient(point) == pytest.approx(slopes, abs=1e-8)


def test_simulated_customers_give_their_parameters_back() -> None:
    truth = BgNbd(0.6, 6.0, 1.0, 3.0)
    columns = simulated(2_500, 11, weeks=104, **vars(truth))

    fit = fit_bg_nbd(grouped_histories(*columns))

    assert fit.fault is None
    assert astuple(fit.model) == pytest.approx(astuple(truth), rel=0.15)
    own = BgNbdLikelihood(grouped_histories(*columns)).value(np.log(astuple(truth))) * 2_500
    # Twice the distance to the truth is chi-square with 4 degrees of freedom: below 9.49 in 95 % of all samples.
    assert 0 <= 2 * (fit.log_likelihood - own) < 9.49
