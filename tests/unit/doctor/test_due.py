"""When runs and reports are due: around midnight, when clocks change, and with weeks that begin on another day."""

from datetime import UTC, date, datetime

import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.delivery import Deadline
from kpi_pipeline.doctor.due import due_reports, due_run

BERLIN = CompanyCalendar("Europe/Berlin", "monday", "gregorian")
TEHRAN = CompanyCalendar("Asia/Tehran", "saturday", "jalali")


def utc(day: int, hour: int, minute: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


# Berlin is an hour ahead of UTC in winter: six o'clock is 05:00, and with forty minutes of grace 05:40.
@pytest.mark.parametrize(
    ("now", "day"),
    [
        (utc(18, 5, 39), date(2026, 11, 17)),
        (utc(18, 5, 40), date(2026, 11, 18)),
        (utc(18, 22, 59), date(2026, 11, 18)),
        (utc(18, 23, 1), date(2026, 11, 18)),
        # Clocks go back on 25 October 2026: six o'clock is 04:00 UTC the day before, 05:00 on that day.
        (utc(24, 4, 40, month=10), date(2026, 10, 24)),
        (utc(25, 4, 46, month=10), date(2026, 10, 24)),
        (utc(25, 5, 40, month=10), date(2026, 10, 25)),
    ],
)
def test_a_run_is_due_at_its_time_in_the_company_s_zone(now: datetime, day: date) -> None:
    assert due_run(BERLIN, "06:00", now).day == day


def test_a_run_shortly_before_midnight_is_late_on_the_next_day() -> None:
    # 23:30 in Berlin is 22:30 UTC; the grace ends at 23:10 UTC, ten past midnight.
    assert due_run(BERLIN, "23:30", utc(18, 23, 9)).day == date(2026, 11, 17)
    due = due_run(BERLIN, "23:30", utc(18, 23, 10))
    assert (due.day, due.at) == (date(2026, 11, 18), utc(18, 22, 30))


@pytest.mark.parametrize(
    ("deadline", "now", "week_start"),
    [
        # Monday 16 November at noon in Berlin is 11:00 UTC.
        (Deadline(), utc(16, 11, 39), date(2026, 11, 2)),
        (Deadline(), utc(16, 11, 40), date(2026, 11, 9)),
        (Deadline(day="wednesday", time="09:00"), utc(18, 8, 39), date(2026, 11, 2)),
        (Deadline(day="wednesday", time="09:00"), utc(18, 8, 40), date(2026, 11, 9)),
        # The last day on which the week can still be waited for.
        (Deadline(day="sunday", time="09:00"), utc(22, 8, 40), date(2026, 11, 9)),
    ],
)
def test_reports_are_due_at_the_deadline_after_the_week(deadline: Deadline, now: datetime, week_start: date) -> None:
    assert due_reports(BERLIN, deadline, now).week.start == week_start


def test_a_week_from_saturday_is_due_on_saturday() -> None:
    # Tehran is 3:30 ahead of UTC: Saturday 21 November at noon is 08:30 UTC.
    due = due_reports(TEHRAN, Deadline(), utc(21, 9, 10))
    assert (due.week.start, due.at) == (date(2026, 11, 14), utc(21, 8, 30))
