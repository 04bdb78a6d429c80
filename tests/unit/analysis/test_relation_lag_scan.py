import numpy as np
import pytest

from kpi_pipeline.analysis.lag_scan import ScannedLag, better_lag, scan_lags
from kpi_pipeline.analysis.relation_changes import Correlation
from tests.unit.analysis.published_series import REAL_KPI, REAL_OBJECTIVE, SPURIOUS_KPI, SPURIOUS_OBJECTIVE


def scanned(lag: int, r: float, adjusted_p_value: float) -> ScannedLag:
    return ScannedLag(lag, Correlation(r, 40.0, r - 0.1, r + 0.1, 0.001), adjusted_p_value)


def test_only_the_true_lag_stands_the_adjustment() -> None:
    adjusted = {lag.lag_weeks: lag.adjusted_p_value for lag in scan_lags(REAL_KPI, REAL_OBJECTIVE)}

    assert adjusted.pop(2) == pytest.approx(9.2e-13, abs=5e-15)
    assert adjusted == dict.fromkeys((0, 1, 3, 4, 5, 6, 7, 8), 1.0)


def test_true_lag_is_proposed_where_another_one_is_declared() -> None:
    found = scan_lags(REAL_KPI, REAL_OBJECTIVE)
    proposed = better_lag(found, 0, 1)

    assert proposed is not None
    assert proposed.lag_weeks == 2
    assert better_lag(found, 2, 1) is None


def test_nothing_is_proposed_that_chance_or_the_wrong_sign_would_explain() -> None:
    assert better_lag(scan_lags(SPURIOUS_KPI, SPURIOUS_OBJECTIVE), 0, 1) is None
    assert better_lag(scan_lags(REAL_KPI, REAL_OBJECTIVE), 0, -1) is None
    assert better_lag([scanned(0, 0.1, 1.0), scanned(3, 0.5, 0.051)], 0, 1) is None
    assert better_lag([scanned(0, 0.1, 1.0), scanned(3, 0.5, 0.049)], 0, 1) == scanned(3, 0.5, 0.049)
    assert better_lag([], 0, 1) is None


def test_lags_that_leave_no_pairs_are_not_scanned() -> None:
    assert [lag.lag_weeks for lag in scan_lags(REAL_KPI[:10], REAL_OBJECTIVE[:10])] == [0, 1, 2, 3, 4, 5]
    assert scan_lags([1.0, 2.0], [1.0, 2.0]) == []


def test_perfect_relation_is_found_at_its_lag() -> None:
    steps = np.random.default_rng(3).normal(size=43)
    kpi, objective = steps[3:].cumsum().tolist(), (2 * steps[:40]).cumsum().tolist()
    proposed = better_lag(scan_lags(kpi, objective), 0, 1)

    assert proposed is not None
    assert (proposed.lag_weeks, proposed.adjusted_p_value) == (3, pytest.approx(0, abs=1e-100))
