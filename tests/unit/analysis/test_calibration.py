import math

import pytest

from kpi_pipeline.analysis.calibration import enough_to_calibrate, is_less_wrong, width_factor

# Of a standard normal value, 80 % lie within ±1.2816.
EIGHTY = 1.2815515655


def test_calibration_needs_a_history_of_two_spans_and_eight_weeks() -> None:
    assert enough_to_calibrate(34, 13, 8)
    assert not enough_to_calibrate(33, 13, 8)


def test_errors_larger_than_the_interval_widen_it_at_once() -> None:
    # Nine errors: the ⌈0.8·10⌉ = eighth smallest size is 3.
    errors = [0.1, -0.2, 0.3, -0.4, 0.5, 2.5, -2.6, 3.0, -9.0]

    assert width_factor(errors, 13) == pytest.approx(3.0 / EIGHTY)


def test_smaller_errors_narrow_it_only_as_far_as_they_do_not_overlap() -> None:
    errors = [0.5 * EIGHTY] * 26

    # 26 errors, 13 weeks each: two that do not overlap weigh as much as the interval itself.
    assert width_factor(errors, 13) == pytest.approx(math.sqrt((2 + 2 * 0.25) / 4))
    # One week each: 26 of them.
    assert width_factor(errors, 1) == pytest.approx(math.sqrt((2 + 26 * 0.25) / 28))


def test_too_few_errors_leave_the_interval_as_it_is() -> None:
    # Of three, ⌈0.8·4⌉ = the fourth smallest would be needed.
    assert width_factor([0.0, 0.0, 0.0], 1) == 1.0
    assert width_factor([], 4) == 1.0
    assert width_factor([0.0, 0.0, 0.0, 0.0], 1) < 1.0


def test_method_has_to_be_five_percent_less_wrong() -> None:
    assert is_less_wrong(19.0, than=20.0)
    assert not is_less_wrong(19.1, than=20.0)
    assert not is_less_wrong(0.0, than=0.0)
