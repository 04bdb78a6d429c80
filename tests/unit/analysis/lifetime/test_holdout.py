import numpy as np
import pytest

from kpi_pipeline.analysis.lifetime.bg_nbd import BgNbd
from kpi_pipeline.analysis.lifetime.holdout import Bucket, Holdout, calibration, holdout_weeks, total_error
from tests.unit.analysis.lifetime.fixtures import histories

MODEL = BgNbd(0.2113, 3.7218, 1.2276, 2.4091)


@pytest.mark.parametrize(("span", "weeks"), [(39, 13), (40, 13), (60, 20), (78, 26), (300, 26)])
def test_a_third_is_kept_back_within_limits(span: float, weeks: int) -> None:
    assert holdout_weeks(span) == weeks


def test_customers_are_compared_by_what_they_had_bought_before() -> None:
    # Expected purchases in 52 weeks of (0, 0, 52), (3, 49, 52), (3, 10, 52) and (12, 51, 52): see test_bg_nbd.
    before = histories([(0, 0, 52, 100), (3, 49, 52, 10), (3, 10, 52, 20), (12, 51, 52, 2)])
    holdout = Holdout(before, np.array([20.0, 15.0, 0.0, 16.0]), 52)

    none, three, many = calibration(MODEL, holdout)

    assert none == Bucket(0, 0, 100, pytest.approx(16.84, abs=1e-4), 20)
    assert three == Bucket(3, 3, 30, pytest.approx(10 * 1.685179 + 20 * 0.086139, abs=1e-4), 15)
    assert many == Bucket(7, None, 2, pytest.approx(2 * 7.071519, abs=1e-4), 16)
    predicted = 16.84 + 18.57457 + 14.143038
    assert total_error([none, three, many]) == pytest.approx((predicted - 51) / 51, abs=1e-5)


def test_without_a_purchase_there_is_no_error_to_speak_of() -> None:
    holdout = Holdout(histories([(0, 0, 52, 100)]), np.array([0.0]), 13)

    assert total_error(list(calibration(MODEL, holdout))) is None
