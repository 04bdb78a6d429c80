import math

import pytest

from kpi_pipeline.analysis.proportions import Share
from kpi_pipeline.analysis.relation_scale import ScaledSeries, scaled


def test_proportions_become_log_odds_with_half_a_case_on_both_sides() -> None:
    found = scaled("percent", [0.0, 40.0, 100.0], [Share(0, 10), Share(4, 10), Share(10, 10)])

    assert found.scale == "logit"
    assert found.values == pytest.approx((math.log(0.5 / 10.5), math.log(4.5 / 6.5), math.log(10.5 / 0.5)))


def test_positive_amounts_become_logarithms() -> None:
    for unit in ("currency", "count", "ratio", "minutes", "days"):
        assert scaled(unit, [1.0, math.e], [None, None]) == ScaledSeries("log", (0.0, 1.0))  # type: ignore[arg-type]


def test_everything_else_stays_as_it_is() -> None:
    assert scaled("currency", [0.0, 3.0], [None, None]) == ScaledSeries("level", (0.0, 3.0))
    assert scaled("points", [20.0, 30.0], [Share(1, 2), Share(1, 2)]) == ScaledSeries("level", (20.0, 30.0))
    # One week in which the numerator passes the denominator is no proportion any more.
    assert scaled("percent", [50.0, 120.0], [Share(1, 2), None]) == ScaledSeries("level", (50.0, 120.0))
