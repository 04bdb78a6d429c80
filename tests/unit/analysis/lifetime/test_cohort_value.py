import pytest

from kpi_pipeline.analysis.lifetime.cohort_value import Cohort

COHORT = Cohort(500, [12_000, 4_000, 3_000, 2_500])
# 24, 32, 38, 43, 48, 52 and 56 a customer.
LONGER = Cohort(1, [24, 8, 6, 5, 5, 4, 4])


def test_value_to_date_at_every_age() -> None:
    assert COHORT.value_by_age() == [24, 32, 38, 43]


def test_discounted_value_counts_the_first_month_in_full() -> None:
    values = COHORT.value_by_age(0.10)

    assert values[0] == 24
    assert values[3] == pytest.approx(42.7244, abs=5e-5)


def test_cost_is_paid_back_in_the_sixth_month() -> None:
    assert LONGER.payback_month(50) == 6
    assert LONGER.payback_month(24) == 1


def test_cost_that_is_not_reached_has_no_month() -> None:
    assert LONGER.payback_month(56.01) is None
    assert Cohort(1, []).payback_month(1) is None


def test_nothing_is_known_after_a_month_without_margin() -> None:
    gap = Cohort(2, [10, None, 10])

    assert gap.value_by_age() == [5, None, None]
    assert gap.payback_month(5) == 1
    assert gap.payback_month(6) is None
