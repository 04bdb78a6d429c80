"""Tests of the clocks."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kpi_pipeline.calendar.clock import FixedClock, SystemClock


def test_the_system_clock_tells_the_instant_in_utc():
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_a_fixed_clock_stands_still_and_answers_in_utc():
    tehran = timezone(timedelta(hours=3, minutes=30))
    clock = FixedClock(datetime(2026, 11, 21, 0, 30, tzinfo=tehran))
    assert clock.now() == clock.now() == datetime(2026, 11, 20, 21, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_a_fixed_clock_refuses_an_instant_without_time_zone():
    with pytest.raises(ValueError, match="needs an instant with a time zone"):
        FixedClock(datetime(2026, 11, 21))
