import pytest

from kpi_pipeline.analysis.lifetime.constant_retention import constant_retention_value


def test_value_with_the_first_margin_a_year_away_and_at_once() -> None:
    later = constant_retention_value(20, 0.8, 0.1, first_margin_at_once=False)
    at_once = constant_retention_value(20, 0.8, 0.1, first_margin_at_once=True)

    assert later == pytest.approx(53.3333, abs=5e-5)
    assert at_once == pytest.approx(73.3333, abs=5e-5)


def test_both_are_the_sums_of_their_years() -> None:
    years = [20 * (0.8 / 1.1) ** year for year in range(400)]

    assert constant_retention_value(20, 0.8, 0.1, first_margin_at_once=True) == pytest.approx(sum(years))
    assert constant_retention_value(20, 0.8, 0.1, first_margin_at_once=False) == pytest.approx(sum(years[1:]))
