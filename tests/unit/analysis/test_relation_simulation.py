from statistics import fmean

import pytest

from benchmarks.simulations.relations import (
    CELLS,
    LIMIT,
    STATED_POWER,
    TOLERANCE,
    Cell,
    correlated_levels,
    false_proposals,
    false_verdicts,
    power,
)


def test_independent_series_hardly_ever_get_a_verdict() -> None:
    assert fmean(false_verdicts(cell, seed=1, pairs=100) for cell in CELLS) <= LIMIT
    # The same pairs by the correlation of the series themselves.
    assert fmean(correlated_levels(cell, seed=1, pairs=100) for cell in CELLS) > 0.5


def test_nine_lags_are_no_more_often_wrong_than_one() -> None:
    assert false_proposals(CELLS[0], seed=1, pairs=200) <= LIMIT


def test_strong_relation_is_nearly_always_found() -> None:
    declared, scanned = power(0.7, 52, seed=1, pairs=60)

    assert declared > 0.95
    assert scanned > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.kind}, {cell.weeks} weeks")
def test_false_positives_stay_below_the_limit_in_every_cell(cell: Cell) -> None:
    assert false_verdicts(cell) <= LIMIT
    assert false_proposals(cell) <= LIMIT


@pytest.mark.slow
@pytest.mark.parametrize(("correlation", "weeks"), STATED_POWER)
def test_power_is_as_stated(correlation: float, weeks: int) -> None:
    found, stated = power(correlation, weeks), STATED_POWER[correlation, weeks]

    for share, expected in zip(found, stated, strict=True):
        assert share == pytest.approx(expected if expected is not None else 1.0, abs=TOLERANCE)
