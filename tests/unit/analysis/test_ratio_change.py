import math

import numpy as np
import pytest
from scipy import stats

from kpi_pipeline.analysis.ratio_change import (
    RatioEstimate,
    compare_ratios,
    is_change_beyond_surprises,
    ratio_estimate,
    ratio_overdispersion,
)

REVENUE = [30, 0, 55, 120, 0, 80, 40, 0, 25, 150]
SESSIONS = [2, 1, 3, 4, 1, 2, 2, 1, 1, 3]


def estimate(clusters: list[tuple[float, float]]) -> RatioEstimate:
    found = ratio_estimate(clusters)
    assert found is not None
    return found


def test_revenue_per_session_has_the_published_standard_error() -> None:
    found = estimate(list(zip(REVENUE, SESSIONS, strict=True)))

    assert found.value == 25.0
    assert found.standard_error == pytest.approx(5.190804, abs=5e-7)
    assert found.clusters == 10


def test_standard_error_is_that_of_the_formula_with_variances_and_covariance() -> None:
    random = np.random.Generator(np.random.PCG64(2))
    below = random.poisson(40, 7).astype(float)
    above = below * random.normal(60, 8, 7)
    (above_variance, covariance), (_, below_variance) = np.cov(above, below)
    ratio = above.sum() / below.sum()
    variance = (above_variance - 2 * ratio * covariance + ratio**2 * below_variance) / (7 * below.mean() ** 2)

    assert estimate(list(zip(above, below, strict=True))).standard_error == pytest.approx(math.sqrt(variance))


def test_too_few_clusters_or_nothing_to_divide_by_give_no_estimate() -> None:
    assert ratio_estimate([(5.0, 2.0)]) is None
    assert ratio_estimate([(5.0, 0.0), (3.0, 0.0)]) is None


def test_change_is_compared_by_students_interval() -> None:
    change = compare_ratios(RatioEstimate(60, 3, 7), RatioEstimate(70, 4, 7))

    reach = stats.t.ppf(0.975, 12) * 5
    assert (change.difference, change.low, change.high) == pytest.approx((10, 10 - reach, 10 + reach))
    assert not change.is_detectable
    assert compare_ratios(RatioEstimate(60, 3, 7), RatioEstimate(71, 4, 7)).is_detectable
    assert compare_ratios(RatioEstimate(71, 3, 7), RatioEstimate(60, 4, 7)).is_detectable


def test_weeks_that_differ_more_than_their_days_widen_the_interval_and_never_narrow_it() -> None:
    before, after = RatioEstimate(60, 3, 7), RatioEstimate(71, 4, 7)

    assert not compare_ratios(before, after, overdispersion=1.5).is_detectable
    assert compare_ratios(before, after, overdispersion=0.5) == compare_ratios(before, after)


def test_overdispersion_of_weeks_is_one_where_their_days_explain_them() -> None:
    random = np.random.Generator(np.random.PCG64(3))
    calm = [RatioEstimate(60 + value, 2.0, 7) for value in random.normal(0, 2, 2000)]
    wild = [RatioEstimate(60 + value, 2.0, 7) for value in random.normal(0, 6, 2000)]

    assert ratio_overdispersion(calm) == pytest.approx(1.0, rel=0.05)
    assert ratio_overdispersion(wild) == pytest.approx(3.0, rel=0.05)
    assert ratio_overdispersion(wild[:11]) == 1.0


def test_step_of_an_amount_is_compared_with_two_weeks_of_surprises() -> None:
    surprises = [0.01, -0.02, 0.03, -0.01, 0.02, -0.03, 0.0, 0.01]
    # Sorted distances from the median 0.005: 0.005 three times, 0.015 twice, then more; their median is 0.015.
    limit = 1.959964 * math.sqrt(2) * 1.4826 * 0.015

    assert is_change_beyond_surprises(limit * 1.001, surprises) is True
    assert is_change_beyond_surprises(-limit * 1.001, surprises) is True
    assert is_change_beyond_surprises(limit * 0.999, surprises) is False
    assert is_change_beyond_surprises(1.0, surprises[:7]) is None
    assert is_change_beyond_surprises(1.0, [0.0] * 9) is None
