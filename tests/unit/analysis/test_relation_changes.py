import math

import numpy as np
import pytest
from scipy.stats import linregress, pearsonr, spearmanr
from statsmodels.regression.linear_model import OLS

from kpi_pipeline.analysis.relation_changes import (
    ChangePairs,
    Correlation,
    correlate,
    effective_pairs,
    fisher_interval,
    pair_changes,
    pearson,
    rank_correlation,
    slope,
)
from tests.unit.analysis.published_series import REAL_KPI, REAL_OBJECTIVE, SPURIOUS_KPI, SPURIOUS_OBJECTIVE


def levels(kpi: list[float], objective: list[float]) -> ChangePairs:
    return ChangePairs(tuple(range(len(kpi))), tuple(kpi), tuple(objective))


def correlation(kpi: list[float], objective: list[float], lag_weeks: int) -> Correlation:
    found = correlate(pair_changes(kpi, objective, lag_weeks))
    assert found is not None
    return found


def test_the_series_are_the_published_ones() -> None:
    line = linregress(SPURIOUS_KPI, SPURIOUS_OBJECTIVE)
    residuals = np.array(SPURIOUS_OBJECTIVE) - line.intercept - line.slope * np.array(SPURIOUS_KPI)
    weeks = np.arange(40)
    detrended = [
        series - np.polyval(np.polyfit(weeks, series, 1), weeks) for series in (SPURIOUS_KPI, SPURIOUS_OBJECTIVE)
    ]

    assert line.pvalue == pytest.approx(2.3e-32, rel=0.03)
    assert line.stderr == pytest.approx(0.0047622, abs=5e-8)
    assert np.sum(np.diff(residuals) ** 2) / np.sum(residuals**2) == pytest.approx(1.88, abs=5e-3)
    assert pearsonr(*detrended).statistic == pytest.approx(0.02723, abs=5e-6)
    assert linregress(np.diff(SPURIOUS_KPI), np.diff(SPURIOUS_OBJECTIVE)).stderr == pytest.approx(0.0422647, abs=1e-7)
    changes = np.diff(REAL_KPI)[:-2], np.diff(REAL_OBJECTIVE)[2:]
    assert linregress(*changes).stderr == pytest.approx(0.0104206, abs=5e-8)


def test_levels_of_independent_trends_correlate_and_their_slope_looks_certain() -> None:
    both = levels(SPURIOUS_KPI, SPURIOUS_OBJECTIVE)

    assert pearson(SPURIOUS_KPI, SPURIOUS_OBJECTIVE) == pytest.approx(0.98790, abs=5e-6)
    assert rank_correlation(both) == pytest.approx(0.99278, abs=5e-6)
    assert slope(both).value == pytest.approx(0.187016, abs=5e-7)
    assert slope(both).standard_error == pytest.approx(0.0038866, abs=5e-8)


def test_changes_of_independent_trends_say_nothing() -> None:
    found = correlation(SPURIOUS_KPI, SPURIOUS_OBJECTIVE, 0)

    assert found.r == pytest.approx(-0.037521, abs=5e-7)
    assert found.effective_pairs == pytest.approx(30.0428, abs=5e-5)
    assert (found.low, found.high) == (pytest.approx(-0.3922, abs=5e-5), pytest.approx(0.3269, abs=5e-5))
    assert found.p_value == pytest.approx(0.845, abs=5e-4)
    line = slope(pair_changes(SPURIOUS_KPI, SPURIOUS_OBJECTIVE, 0))
    assert line.value == pytest.approx(-0.0096529, abs=5e-8)
    assert line.standard_error == pytest.approx(0.0401880, abs=5e-8)


def test_changes_find_the_relation_at_its_lag() -> None:
    pairs = pair_changes(REAL_KPI, REAL_OBJECTIVE, 2)
    found, line = correlation(REAL_KPI, REAL_OBJECTIVE, 2), slope(pairs)

    assert len(pairs) == 37
    assert found.r == pytest.approx(0.8934, abs=5e-5)
    # Their autocorrelations have opposite signs; more than all pairs there are not.
    assert found.effective_pairs == 37
    assert (found.low, found.high) == (pytest.approx(0.8014, abs=5e-5), pytest.approx(0.9441, abs=5e-5))
    assert rank_correlation(pairs) == pytest.approx(0.8825, abs=5e-5)
    assert line.value == pytest.approx(0.122597, abs=5e-7)
    assert line.standard_error == pytest.approx(0.0109187, abs=5e-8)
    assert (line.low, line.high) == (pytest.approx(0.1004, abs=5e-5), pytest.approx(0.1448, abs=5e-5))


@pytest.mark.parametrize(
    ("lag", "changes", "themselves"),
    [
        *[(0, 0.0617, 0.818), (1, 0.0410, 0.873), (2, 0.8934, 0.934), (3, -0.1163, 0.889), (4, -0.0175, 0.848)],
        *[(5, 0.0949, 0.807), (6, -0.0059, 0.748), (7, -0.0751, 0.686), (8, 0.0869, 0.636)],
    ],
)
def test_changes_tell_the_lag_and_levels_do_not(lag: int, changes: float, themselves: float) -> None:
    assert correlation(REAL_KPI, REAL_OBJECTIVE, lag).r == pytest.approx(changes, abs=5e-5)
    assert pearson(REAL_KPI[: 40 - lag], REAL_OBJECTIVE[lag:]) == pytest.approx(themselves, abs=5e-4)


def test_autocorrelated_pairs_are_worth_fewer_independent_ones() -> None:
    effective = effective_pairs(40, 0.5, 0.4)

    assert effective == pytest.approx(26.667, abs=5e-4)
    assert fisher_interval(0.62, 40) == (pytest.approx(0.3823, abs=5e-5), pytest.approx(0.7807, abs=5e-5))
    assert fisher_interval(0.62, effective) == (pytest.approx(0.3114, abs=5e-5), pytest.approx(0.8103, abs=5e-5))
    assert effective_pairs(40, 0.5, -0.4) == 40
    assert effective_pairs(40, 0.99, 0.99) == 4


def test_pairs_are_of_changes_and_of_the_declared_lag() -> None:
    pairs = pair_changes([1, 2, 4, 8, 16], [0, 10, 30, 60, 100], 1)

    assert pairs == ChangePairs(weeks=(2, 3, 4), kpi=(1, 2, 4), objective=(20, 30, 40))
    assert pair_changes([1, 2, 4, 8, 16], [0, 10, 30, 60, 100], 1, over_weeks=3).weeks == (4,)
    assert pair_changes([1, 2], [3, 4], 5) == ChangePairs((), (), ())


def test_week_that_is_left_out_has_no_part_in_any_change() -> None:
    # Week 3 stands in the changes of weeks 3 and 4, and one week later behind those of weeks 4 and 5.
    assert pair_changes(list(range(8)), list(range(8)), 1, without=[3]).weeks == (2, 6, 7)


def test_pairs_on_both_sides_of_a_gap_are_no_neighbours() -> None:
    pairs = ChangePairs(weeks=(0, 1, 2, 5, 6), kpi=(1, 2, -3, -4, 4), objective=(3, 2, -4, -2, 1))
    found = correlate(pairs)

    # Both have the mean 0: neighbours are 0-1, 1-2 and 5-6.
    kpi = (1 * 2 + 2 * -3 + -4 * 4) / (1 + 4 + 9 + 16 + 16)
    objective = (3 * 2 + 2 * -4 + -2 * 1) / (9 + 4 + 16 + 4 + 1)
    assert found is not None
    assert found.effective_pairs == pytest.approx(5 * (1 - kpi * objective) / (1 + kpi * objective))


def test_what_does_not_vary_has_no_correlation() -> None:
    assert correlate(pair_changes([5.0] * 30, SPURIOUS_OBJECTIVE[:30], 0)) is None
    assert correlate(pair_changes([1, 2, 4], [1, 3, 4], 0)) is None


def test_perfect_correlation_has_an_interval_and_no_error() -> None:
    found = correlation(SPURIOUS_KPI, [2 * value for value in SPURIOUS_KPI], 0)

    assert found.r == pytest.approx(1)
    assert 0.99 < found.low <= found.high <= 1
    assert found.p_value < 1e-12
    line = slope(pair_changes(SPURIOUS_KPI, [0.1 * value for value in SPURIOUS_KPI], 0))
    assert (line.value, line.standard_error) == (pytest.approx(0.1), pytest.approx(0, abs=1e-12))


def test_correlations_agree_with_scipy_on_random_series() -> None:
    rng = np.random.default_rng(7)
    for weeks in (6, 30, 150):
        one, other = rng.normal(size=(2, weeks)).tolist()
        assert pearson(one, other) == pytest.approx(pearsonr(one, other).statistic, abs=1e-12)
        tied = [round(value) for value in one], [round(value) for value in other]
        for pair in ((one, other), tied):
            expected = spearmanr(*pair).statistic
            assert rank_correlation(levels(*pair)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("weeks", "lag"), [(21, 0), (40, 1), (150, 3)])
def test_errors_of_the_slope_are_those_of_the_library(weeks: int, lag: int) -> None:
    rng = np.random.default_rng(weeks)
    one, other = rng.normal(size=(2, weeks)).cumsum(axis=1).tolist()
    pairs = pair_changes(one, other, lag)
    fitted = OLS(np.array(pairs.objective), np.column_stack([np.ones(len(pairs)), pairs.kpi])).fit(
        cov_type="HAC",
        cov_kwds={"maxlags": math.floor(4 * (len(pairs) / 100) ** (2 / 9)), "use_correction": True},
        use_t=True,
    )

    found = slope(pairs)
    assert found.value == pytest.approx(fitted.params[1], rel=1e-9)
    assert found.standard_error == pytest.approx(fitted.bse[1], rel=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(fitted.conf_int()[1]), rel=1e-9)
