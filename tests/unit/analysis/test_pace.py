from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kpi_pipeline.analysis.aim import Aim
from kpi_pipeline.analysis.course import Course
from kpi_pipeline.analysis.forecaster import Forecaster
from kpi_pipeline.analysis.pace import Pace, WeekValue, guarded, pace, settled_run, steady_value
from kpi_pipeline.analysis.proportions import Share

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


def judged(weeks: list[WeekValue], at: date, way: Course, steady: float | None = None) -> Pace:
    return pace(weeks, at, way, Forecaster(way.unit), steady)


def week(number: int) -> date:
    return SATURDAY + timedelta(weeks=number)


def series(*values: float | None, first: int = 1, last_status: str = "final") -> list[WeekValue]:
    weeks = [WeekValue(week(first + number), value, "final") for number, value in enumerate(values)]
    return [*weeks[:-1], replace(weeks[-1], status=last_status)]


def test_settled_run_stops_at_a_missing_week_and_leaves_unsettled_weeks_aside() -> None:
    weeks = series(1.0, None, 3.0, 4.0, 5.0, last_status="provisional")

    assert [each.value for each in settled_run(weeks)] == [3.0, 4.0]
    assert [each.value for each in settled_run([weeks[0], *weeks[2:]])] == [3.0, 4.0]


def test_value_at_the_path_is_on_track_even_without_a_forecast() -> None:
    found = judged(series(5.2, 5.5), week(2), COURSE)

    assert found.status == "on_track"
    assert found.probability is None
    assert found.path_value == pytest.approx(5.3077, abs=5e-5)


def test_seven_settled_weeks_behind_the_path_are_unknown_and_eight_are_judged() -> None:
    behind = [5.0, 5.1, 4.9, 5.0, 5.1, 5.0, 4.9, 5.0]

    assert judged(series(*behind[:7]), week(7), COURSE).status == "unknown"
    found = judged(series(*behind), week(8), COURSE)
    assert found.status == "off_track"
    assert found.probability is not None
    assert found.probability < 0.2


def test_history_before_the_path_counts_for_the_forecast() -> None:
    history = [100, 104, 103, 108, 110, 109, 115, 117, 116, 121, 124, 123]
    way = course(baseline=99.0, aim=Aim.at_least(165.0), deadline_week=week(13), unit="count", baseline_week=week(-1))
    found = judged(series(*history, first=-11), week(0), way)
    forecast = Forecaster("count").forecast(history, 13)

    assert forecast is not None
    assert found.probability == forecast.probability(Aim.at_least(165.0))
    assert (found.forecast_low, found.forecast_high) == forecast.interval()
    assert found.forecast_at_deadline == forecast.point


@pytest.mark.parametrize(("target", "status"), [(5.35, "on_track"), (5.6, "at_risk"), (6.2, "off_track")])
def test_behind_the_path_the_probability_decides(target: float, status: str) -> None:
    wobbling = [5.3, 5.6, 5.1, 5.5, 5.2, 5.6, 5.3, 5.7, 5.2]
    found = judged(series(*wobbling), week(9), course(aim=Aim.at_least(target)))

    assert found.path_value is not None
    assert found.probability is not None
    assert found.path_value > 5.2
    assert found.status == status
    least = {"on_track": 0.5, "at_risk": 0.2, "off_track": 0.0}[status]
    assert least <= found.probability < {0.5: 1.0, 0.2: 0.5, 0.0: 0.2}[least]


def test_target_reached_for_the_asked_weeks_in_a_row_is_achieved() -> None:
    assert judged(series(6.9, 7.1, 7.0), week(3), COURSE).status == "achieved"
    assert judged(series(7.1, 6.9, 7.0), week(3), COURSE).status == "on_track"


def test_lower_is_better_turns_everything_round() -> None:
    cheaper = course(baseline=60.0, aim=Aim.at_most(50.0), unit="currency")

    assert judged(series(59.0, 50.0, 49.0), week(3), cheaper).status == "achieved"
    assert judged(series(59.0), week(1), cheaper).status == "on_track"
    assert judged(series(59.9), week(1), cheaper).status == "unknown"


def test_deadline_decides_between_achieved_and_missed_for_good() -> None:
    way = course(deadline_week=week(3))

    assert judged(series(6.0, 7.0, 7.0), week(3), way).status == "achieved"
    assert judged(series(6.0, 7.0, 7.0, 5.0), week(4), way).status == "achieved"
    assert judged(series(6.0, 6.0, 7.0), week(3), way).status == "missed"
    assert judged(series(6.0, 6.0, 7.0, 7.0), week(4), way).status == "missed"


def test_deadline_week_that_is_not_settled_is_not_decided() -> None:
    way = course(deadline_week=week(3))

    assert judged(series(7.0, 7.0, 7.1, last_status="provisional"), week(3), way).status == "on_track"
    assert judged(series(7.0, 7.0, None, 7.0), week(4), way).status == "unknown"


def test_week_that_is_not_over_or_has_no_value_or_no_path_is_unknown() -> None:
    assert judged(series(5.2, 9.0, last_status="partial"), week(2), COURSE).status == "unknown"
    assert judged(series(5.2, 9.0, last_status="partial"), week(2), COURSE).attainment is None
    assert judged(series(5.2, None), week(2), COURSE).status == "unknown"
    assert judged(series(9.0, first=0), week(0), COURSE).status == "unknown"


def test_later_weeks_do_not_change_what_was_known() -> None:
    weeks = series(5.2, 5.1, 5.4, 5.6, 5.5, 5.8, 5.7, 5.9, 6.4, 6.6)

    assert judged(weeks, week(8), COURSE) == judged(weeks[:8], week(8), COURSE)


def falling(weeks: int) -> list[float]:
    return [5.0 + 0.01 * (number % 3) - 0.02 * number for number in range(weeks)]


@pytest.mark.parametrize(("number", "status"), [(1, "at_risk"), (4, "at_risk"), (5, "off_track")])
def test_young_path_is_at_worst_at_risk(number: int, status: str) -> None:
    # Thirteen weeks: a quarter of them, rounded up, is four.
    found = judged(series(*falling(12 + number), first=-11), week(number), COURSE)

    assert found.probability is not None
    assert found.probability < 0.2
    assert found.status == status


def test_short_path_is_young_for_a_quarter_of_it() -> None:
    short = course(deadline_week=week(6))

    assert judged(series(*falling(14), first=-11), week(2), short).status == "at_risk"
    assert judged(series(*falling(15), first=-11), week(3), short).status == "off_track"


def test_week_of_few_cases_is_compared_by_the_ratio_of_four_weeks() -> None:
    # 6 of 100: the 95 % interval reaches from 2.8 % to 12.5 %, far wider than the point that is missing to 7 %.
    few = [Share(5, 100), Share(6, 150), Share(4, 100), Share(6, 100)]
    assert steady_value(COURSE, few) == pytest.approx(100 * 21 / 450)
    # 6,000 of 100,000: from 5.85 % to 6.15 %.
    assert steady_value(COURSE, [Share(5, 100), Share(6_000, 100_000)]) is None


def test_steady_value_decides_about_the_path_and_not_about_the_way_done() -> None:
    weeks = series(5.2, 5.5)
    behind = judged(weeks, week(2), COURSE, steady=5.25)

    # The path is at 5.31.
    assert judged(weeks, week(2), COURSE).status == "on_track"
    assert behind.status == "unknown"
    assert behind.attainment == pytest.approx(0.25)
    assert judged(series(5.2, 5.5, last_status="partial"), week(2), COURSE, steady=6.0).status == "unknown"


BAND = Aim(6.5, 7.5)


def test_band_is_achieved_inside_it_and_lost_on_either_side() -> None:
    way = course(aim=BAND)

    assert judged(series(6.4, 6.5, 7.5), week(3), way).status == "achieved"
    assert judged(series(6.4, 7.6, 7.5), week(3), way).status == "on_track"
    # Too high is as far from the band as too low: the path to 6.5 is at 5.35 in week 3, 1.15 away.
    assert judged(series(6.4, 7.6, 8.64), week(3), way).status == "on_track"
    assert judged(series(6.4, 7.6, 8.66), week(3), way).status == "unknown"


def test_band_has_the_chance_of_ending_inside_it() -> None:
    level = [7.0 + 0.05 * (-1) ** number for number in range(20)]
    way = course(aim=BAND, deadline_week=week(24))
    found = judged(series(*level[:-1], 8.8), week(20), way)
    forecast = Forecaster("percent").forecast([*level[:-1], 8.8], 4)

    assert forecast is not None
    assert found.probability == forecast.probability(BAND)


def test_band_is_missed_if_the_deadline_finds_the_value_outside() -> None:
    way = course(aim=BAND, deadline_week=week(3))

    assert judged(series(7.0, 7.0, 7.6), week(3), way).status == "missed"
    assert judged(series(7.6, 7.0, 7.0), week(3), way).status == "achieved"


@pytest.mark.parametrize(
    ("status", "guardrails", "expected"),
    [
        ("on_track", ["off_track"], "at_risk"),
        ("achieved", ["on_track", "off_track"], "at_risk"),
        ("on_track", ["at_risk", "missed", "unknown"], "on_track"),
        ("on_track", [], "on_track"),
        # Nothing gets better by it.
        ("off_track", ["off_track"], "off_track"),
        ("missed", ["off_track"], "missed"),
        ("unknown", ["off_track"], "unknown"),
    ],
)
def test_off_track_guardrail_holds_the_status_back(status: Any, guardrails: list[Any], expected: str) -> None:
    assert guarded(status, guardrails) == expected
