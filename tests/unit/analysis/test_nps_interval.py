import pytest

from kpi_pipeline.analysis.nps_interval import NetPromoterScore, compare_scores

PUBLISHED = NetPromoterScore(promoters=120, detractors=20, total=200)


def test_published_score_and_interval() -> None:
    assert PUBLISHED.value == 50
    assert PUBLISHED.standard_error == pytest.approx(4.7434, abs=5e-5)
    assert PUBLISHED.interval() == pytest.approx((40.70, 59.30), abs=5e-3)


def test_standard_error_is_that_of_the_mean_of_ones_zeros_and_minus_ones() -> None:
    answers = [1] * 120 + [0] * 60 + [-1] * 20
    mean = sum(answers) / 200
    variance = sum((answer - mean) ** 2 for answer in answers) / 200

    assert PUBLISHED.standard_error == pytest.approx(100 * (variance / 200) ** 0.5)


def test_interval_stays_on_the_scale() -> None:
    low, high = NetPromoterScore(9, 0, 10).interval()

    assert high == 100
    assert low == pytest.approx(90 - 1.959964 * 100 * (0.09 / 10) ** 0.5, abs=1e-4)


def test_two_weeks_are_compared_by_both_errors() -> None:
    lower, far_lower = NetPromoterScore(110, 30, 200), NetPromoterScore(90, 50, 200)

    # 50 to 40: errors 4.7434 and 5.2..; their root of squares times 1.96 is more than ten points.
    change = compare_scores(PUBLISHED, lower)
    assert change is not None
    reach = 1.959964 * (PUBLISHED.standard_error**2 + lower.standard_error**2) ** 0.5
    assert (change.low, change.high) == pytest.approx((-10 - reach, -10 + reach), abs=1e-5)
    assert not change.is_detectable
    change = compare_scores(PUBLISHED, far_lower)
    assert change is not None
    assert change.is_detectable


def test_answers_of_one_kind_alone_tell_nothing_about_chance() -> None:
    assert compare_scores(NetPromoterScore(10, 0, 10), PUBLISHED) is None
