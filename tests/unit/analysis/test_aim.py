import pytest

from kpi_pipeline.analysis.aim import Aim

BAND = Aim(10.0, 20.0)


@pytest.mark.parametrize(
    ("aim", "value", "expected"),
    [
        (Aim.at_least(10.0), 10.0, True),
        (Aim.at_least(10.0), 9.9, False),
        (Aim.at_most(10.0), 10.0, True),
        (Aim.at_most(10.0), 10.1, False),
        (BAND, 10.0, True),
        (BAND, 20.0, True),
        (BAND, 9.9, False),
        (BAND, 20.1, False),
    ],
)
def test_ends_belong_to_the_aim(aim: Aim, value: float, expected: bool) -> None:
    assert aim.holds(value) is expected


def test_way_to_a_band_ends_at_its_nearer_side_and_is_none_inside() -> None:
    assert [BAND.edge(value) for value in (5.0, 12.0, 30.0)] == [10.0, 12.0, 20.0]
    assert [BAND.shortfall(value) for value in (5.0, 12.0, 30.0)] == [5.0, 0.0, 10.0]


def test_single_value_is_the_end_of_the_way_from_everywhere_and_can_be_passed() -> None:
    assert [Aim.at_least(10.0).edge(value) for value in (5.0, 12.0)] == [10.0, 10.0]
    assert [Aim.at_least(10.0).shortfall(value) for value in (5.0, 12.0)] == [5.0, -2.0]
    assert [Aim.at_most(10.0).shortfall(value) for value in (5.0, 12.0)] == [-5.0, 2.0]


def test_nothing_inside_a_band_is_better_than_anything_else_there() -> None:
    assert BAND.is_better(12.0, 25.0)
    assert BAND.is_better(9.0, 25.0)
    assert not BAND.is_better(12.0, 19.0)
    assert not BAND.is_better(19.0, 12.0)
    assert Aim.at_least(10.0).is_better(19.0, 12.0)
    assert Aim.at_most(10.0).is_better(12.0, 19.0)
