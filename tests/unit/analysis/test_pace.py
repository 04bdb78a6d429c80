from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kpi_pipeline.analysis.pace import Course, WeekValue, attainment, guarded, pace, path_value, settled_run

SATURDAY = date(2026, 8, 29)
# From 5 % to 7 % within 13 weeks, as in KPI textbooks.
COURSE = Course(
    baseline=5.0,
    baseline_week=SATURDAY,
    target=7.0,
    deadline_week=SATURDAY + timedelta(weeks=13),
    shape="linear",
    unit="percent",
    higher_is_better=True,
    consecutive_weeks=2,
)


def course(**changes: Any) -> Course:
    return replace(COURSE, **changes)


def week(number: int) -> date:
    return SATURDAY + timedelta(weeks=number)


def series(*values: float | None, first: int = 1, last_status: str = "final") -> list[WeekValue]:
    weeks = [WeekValue(week(first + number), value, "final") for number, value in enumerate(values)]
    return [*weeks[:-1], replace(weeks[-1], status=last_status)]


@pytest.mark.parametrize(
    ("shape", "number", "expected"),
    [("linear", 6, 5.9231), ("geometric", 6, 5.8400), ("linear", 11, 6.6923), ("geometric", 11, 6.6469)],
)
def test_path_is_the_published_one(shape: str, number: int, expected: float) -> None:
    assert path_value(course(shape=shape), week(number)) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("target", "weeks", "growth"), [(7.0, 13, 2.6220), (10.0, 26, 2.7018)], ids=["5 to 7 %", "doubling in six months"]
)
def test_geometric_path_grows_by_the_published_rate_every_week(target: float, weeks: int, growth: float) -> None:
    way = course(shape="geometric", target=target, deadline_week=week(weeks))
    first, second = path_value(way, week(1)), path_value(way, week(2))

    assert first is not None
    assert second is not None
    assert (second / first - 1) * 100 == pytest.approx(growth, abs=5e-5)


def test_linear_path_rises_by_the_published_step() -> None:
    first, second = path_value(COURSE, week(1)), path_value(COURSE, week(2))

    assert first is not None
    assert second is not None
    assert second - first == pytest.approx(0.1538, abs=5e-5)


def test_path_begins_after_the_baseline_and_stays_at_the_target_after_the_deadline() -> None:
    assert path_value(COURSE, week(0)) is None
    assert path_value(COURSE, week(13)) == 7.0
    assert path_value(COURSE, week(20)) == 7.0


def test_geometric_path_from_or_to_nothing_does_not_exist() -> None:
    assert path_value(course(shape="geometric", baseline=0.0), week(3)) is None
    assert path_value(course(shape="geometric", target=0.0), week(3)) is None


def test_attainment_is_the_share_of_the_way() -> None:
    assert attainment(COURSE, 6.0) == pytest.approx(0.5)
    assert attainment(COURSE, 4.0) == pytest.approx(-0.5)
    assert attainment(course(target=5.0), 6.0) is None


def test_settled_run_stops_at_a_missing_week_and_leaves_unsettled_weeks_aside() -> None:
    weeks = series(1.0, None, 3.0, 4.0, 5.0, last_status="provisional")

    assert [each.value for each in settled_run(weeks)] == [3.0, 4.0]
    assert [each.value for each in settled_run([weeks[0], *weeks[2:]])] == [3.0, 4.0]


def test_value_at_the_path_is_on_track_even_without_a_forecast() -> None:
    found = pace(series(5.2, 5.5), week(2), COURSE)

    assert found.status == "on_track"
    assert found.probability is None
    assert found.path_value == pytest.approx(5.3077, abs=5e-5)


def test_seven_settled_weeks_behind_the_path_are_unknown_and_eight_are_judged() -> None:
    behind = [5.0, 5.1, 4.9, 5.0, 5.1, 5.0, 4.9, 5.0]

    assert pace(series(*behind[:7]), week(7), COURSE).status == "unknown"
    judged = pace(series(*behind), week(8), COURSE)
    assert judged.status == "off_track"
    assert judged.probability is not None
    assert judged.probability < 0.2


def test_history_before_the_path_counts_for_the_forecast() -> None:
    # The published series ends at 123; 13 weeks later it is forecast at 150.18 with a probability of 0.155 for 165.
    history = [100, 104, 103, 108, 110, 109, 115, 117, 116, 121, 124, 123]
    way = course(
        baseline=-1.0, target=165.0, deadline_week=week(13), unit="currency", baseline_week=week(-1), shape="linear"
    )
    weeks = series(*[value - 200 for value in history], first=-11)
    found = pace(weeks, week(0), replace(way, target=165.0 - 200))

    assert found.probability == pytest.approx(0.155, abs=5e-4)
    assert found.forecast_at_deadline == pytest.approx(150.1818 - 200, abs=5e-5)
    assert found.forecast_low == pytest.approx(131.501 - 200, abs=5e-4)
    assert found.forecast_high == pytest.approx(168.862 - 200, abs=5e-4)


def test_behind_the_path_the_probability_decides() -> None:
    # A rise that began late: behind the line in week 9, and forecast to pass the target.
    late = [5.0, 5.0, 5.1, 5.0, 5.2, 5.4, 5.7, 6.0, 6.3]
    words = {
        pace(series(*late), week(9), course(target=target, deadline_week=week(13))).status
        for target in (7.0, 7.15, 7.6)
    }

    assert words == {"on_track", "at_risk", "off_track"}


def test_target_reached_for_the_asked_weeks_in_a_row_is_achieved() -> None:
    assert pace(series(6.9, 7.1, 7.0), week(3), COURSE).status == "achieved"
    assert pace(series(7.1, 6.9, 7.0), week(3), COURSE).status == "on_track"


def test_lower_is_better_turns_everything_round() -> None:
    cheaper = course(baseline=60.0, target=50.0, unit="currency", higher_is_better=False)

    assert pace(series(59.0, 50.0, 49.0), week(3), cheaper).status == "achieved"
    assert pace(series(59.0), week(1), cheaper).status == "on_track"
    assert pace(series(59.9), week(1), cheaper).status == "unknown"


def test_deadline_decides_between_achieved_and_missed_for_good() -> None:
    way = course(deadline_week=week(3))

    assert pace(series(6.0, 7.0, 7.0), week(3), way).status == "achieved"
    assert pace(series(6.0, 7.0, 7.0, 5.0), week(4), way).status == "achieved"
    assert pace(series(6.0, 6.0, 7.0), week(3), way).status == "missed"
    assert pace(series(6.0, 6.0, 7.0, 7.0), week(4), way).status == "missed"


def test_deadline_week_that_is_not_settled_is_not_decided() -> None:
    way = course(deadline_week=week(3))

    assert pace(series(7.0, 7.0, 7.1, last_status="provisional"), week(3), way).status == "on_track"
    assert pace(series(7.0, 7.0, None, 7.0), week(4), way).status == "unknown"


def test_week_that_is_not_over_or_has_no_value_or_no_path_is_unknown() -> None:
    assert pace(series(5.2, 9.0, last_status="partial"), week(2), COURSE).status == "unknown"
    assert pace(series(5.2, 9.0, last_status="partial"), week(2), COURSE).attainment is None
    assert pace(series(5.2, None), week(2), COURSE).status == "unknown"
    assert pace(series(9.0, first=0), week(0), COURSE).status == "unknown"


def test_later_weeks_do_not_change_what_was_known() -> None:
    weeks = series(5.2, 5.1, 5.4, 5.6, 5.5, 5.8, 5.7, 5.9, 6.4, 6.6)

    assert pace(weeks, week(8), COURSE) == pace(weeks[:8], week(8), COURSE)


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
