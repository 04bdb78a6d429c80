from datetime import datetime, timedelta

import pytest

from kpi_pipeline.analysis.latency import Latency, WeekPublication, measured_latency

FIRST_END = datetime(2026, 6, 1)


def published(week: int, hours: float, *, is_final: bool = True, is_on_its_day: bool = True) -> WeekPublication:
    end = FIRST_END + timedelta(weeks=week)
    return WeekPublication(end, end + timedelta(hours=hours), is_final, is_on_its_day)


# The week that was running when publishing began.
START = published(0, -48, is_final=False)


def test_latency_is_the_median_of_the_first_final_publications() -> None:
    found = measured_latency([START, published(0, 30), published(0, 54), published(1, 102), published(2, 54)])

    # 30, 102 and 54 hours.
    assert found == Latency(54.0, 3)


def test_provisional_publications_do_not_count() -> None:
    found = measured_latency([START, published(0, 6, is_final=False), published(0, 78)])

    assert found == Latency(78.0, 1)


def test_weeks_that_were_over_before_publishing_began_do_not_count() -> None:
    assert measured_latency([published(-10, 24 * 80), published(-9, 24 * 73)]) is None


def test_runs_that_were_made_up_for_later_do_not_count() -> None:
    assert measured_latency([START, published(0, 2000, is_on_its_day=False)]) is None


def test_only_the_last_thirteen_weeks_count() -> None:
    slow = [published(week, 500) for week in range(10)]
    quick = [published(week, 30) for week in range(10, 23)]

    assert measured_latency([START, *slow, *quick]) == Latency(30.0, 13)


def test_nothing_published_has_no_latency() -> None:
    assert measured_latency([]) is None
    assert measured_latency([START]) is None
    assert measured_latency([START, published(0, 0)]) == Latency(pytest.approx(0.0), 1)
