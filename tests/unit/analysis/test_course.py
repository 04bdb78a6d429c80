import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kpi_pipeline.analysis.aim import Aim
from kpi_pipeline.analysis.course import Course, attainment, path_value, season_before

SATURDAY = date(2026, 8, 29)
# From 5 % to 7 % within 13 weeks, as in KPI textbooks.
COURSE = Course(
    baseline=5.0,
    baseline_week=SATURDAY,
    aim=Aim.at_least(7.0),
    deadline_week=SATURDAY + timedelta(weeks=13),
    shape="linear",
    unit="percent",
    consecutive_weeks=2,
)


def course(**changes: Any) -> Course:
    return replace(COURSE, **changes)


def week(number: int) -> date:
    return SATURDAY + timedelta(weeks=number)


def path(way: Course, number: int) -> float:
    found = path_value(way, week(number))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("shape", "number", "expected"),
    [("linear", 6, 5.9231), ("geometric", 6, 5.8400), ("linear", 11, 6.6923), ("geometric", 11, 6.6469)],
)
def test_path_is_the_published_one(shape: str, number: int, expected: float) -> None:
    assert path(course(shape=shape), number) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("target", "weeks", "growth"), [(7.0, 13, 2.6220), (10.0, 26, 2.7018)], ids=["5 to 7 %", "doubling in six months"]
)
def test_geometric_path_grows_by_the_published_rate_every_week(target: float, weeks: int, growth: float) -> None:
    way = course(shape="geometric", aim=Aim.at_least(target), deadline_week=week(weeks))

    assert (path(way, 2) / path(way, 1) - 1) * 100 == pytest.approx(growth, abs=5e-5)


def test_linear_path_rises_by_the_published_step() -> None:
    assert path(COURSE, 2) - path(COURSE, 1) == pytest.approx(0.1538, abs=5e-5)


def test_path_begins_after_the_baseline_and_stays_at_the_target_after_the_deadline() -> None:
    assert path_value(COURSE, week(0)) is None
    assert path(COURSE, 13) == 7.0
    assert path(COURSE, 20) == 7.0


def test_geometric_path_from_or_to_nothing_does_not_exist() -> None:
    assert path_value(course(shape="geometric", baseline=0.0), week(3)) is None
    assert path_value(course(shape="geometric", aim=Aim.at_least(0.0)), week(3)) is None


def test_attainment_is_the_share_of_the_way() -> None:
    assert attainment(COURSE, 6.0, week(3)) == pytest.approx(0.5)
    assert attainment(COURSE, 4.0, week(3)) == pytest.approx(-0.5)
    assert attainment(course(aim=Aim.at_least(5.0)), 6.0, week(3)) is None


def test_path_to_a_band_leads_to_its_nearer_side() -> None:
    band = Aim(6.0, 7.0)

    assert path(course(aim=band), 13) == 6.0
    assert path(course(aim=band, baseline=9.0), 13) == 7.0
    assert path(course(aim=band, baseline=6.5), 5) == 6.5


def test_attainment_of_a_band_is_the_share_of_the_distance_that_is_gone() -> None:
    way = course(aim=Aim(6.0, 7.0))

    # One away at the start; half a point too high is as far as half a point too low.
    found = [attainment(way, value, week(3)) for value in (4.0, 5.5, 6.0, 6.9, 7.5)]
    assert found == pytest.approx([-1.0, 0.5, 1.0, 1.0, 0.5])


def test_band_that_held_the_baseline_has_no_way_but_is_kept() -> None:
    way = course(aim=Aim(4.0, 6.0))

    assert attainment(way, 5.5, week(3)) == 1.0
    assert attainment(way, 6.5, week(3)) is None


@pytest.mark.parametrize(("weeks", "young"), [(26, 4), (16, 4), (13, 4), (8, 2), (6, 2), (2, 1)])
def test_path_is_young_for_four_weeks_or_its_first_quarter(weeks: int, young: int) -> None:
    way = course(deadline_week=week(weeks))

    assert [number for number in range(1, weeks + 1) if way.is_early(week(number))] == list(range(1, young + 1))


def year(season: float = 0.3, growth: float = 1.0) -> dict[date, float]:
    """A wave around 100 with its top 13 weeks after the baseline; ``growth`` is what a year multiplies by."""
    return {
        week(number): 100 * growth ** (number / 52) * (1 + season * math.sin(2 * math.pi * number / 52))
        for number in range(-60, 1)
    }


def seasonal(values: dict[date, float], **changes: Any) -> Course:
    way = {"shape": "seasonal", "baseline": 100.0, "aim": Aim.at_least(120.0), "unit": "count", **changes}
    return course(season=season_before(SATURDAY, values), **way)


@pytest.mark.parametrize("growth", [1.0, 1.5])
def test_seasonal_path_follows_last_year_between_its_given_ends(growth: float) -> None:
    # Half a year from the middle of the wave to its middle again: the season is at nothing at both ends.
    way = seasonal(year(growth=growth), deadline_week=week(26))

    assert path(way, 26) == pytest.approx(120.0)
    # In the middle the wave is at +30 %, seen with its neighbours: mean of sin(2π·n/52) for n of 11 to 15.
    top = sum(math.sin(2 * math.pi * number / 52) for number in range(11, 16)) / 5
    assert path(way, 13) == pytest.approx(110.0 * (1 + 0.3 * top), rel=0.005)
    assert path(way, 1) > 100 + 20 / 26


def test_last_years_own_growth_is_no_season() -> None:
    way = seasonal(year(season=0.0, growth=2.0), deadline_week=week(26))

    assert path(way, 13) == pytest.approx(110.0, rel=0.001)


def test_deadline_at_the_top_of_the_season_asks_for_no_more_than_the_target() -> None:
    way = seasonal(year(), deadline_week=week(13))

    assert path(way, 13) == pytest.approx(120.0)
    # The wave rises fast at first and flattens towards its top, unlike the straight line.
    assert path(way, 6) > 100 + 20 * 6 / 13


def test_attainment_on_a_seasonal_path_leaves_the_season_out() -> None:
    way = seasonal(year(), deadline_week=week(26))

    # Exactly on the path in the middle is half of the way, although the value is beyond the target.
    assert path(way, 13) > 120
    assert attainment(way, path(way, 13), week(13)) == pytest.approx(0.5)


def test_path_longer_than_a_year_repeats_the_season() -> None:
    way = seasonal(year(), deadline_week=week(104))

    assert path(way, 65) / (100 + 20 * 65 / 104) == pytest.approx(path(way, 13) / (100 + 20 * 13 / 104))


def test_season_needs_a_full_year_of_values_above_zero() -> None:
    values = year()
    assert season_before(SATURDAY, values) is not None
    for missing in (0, -30, -52):
        without = {day: value for day, value in values.items() if day != week(missing)}
        assert season_before(SATURDAY, without) is None
        assert season_before(SATURDAY, values | {week(missing): 0.0}) is None
    way = seasonal({})
    assert way.is_season_missing
    assert path(way, 13) == 120.0
    assert not seasonal(values).is_season_missing
    assert not COURSE.is_season_missing
