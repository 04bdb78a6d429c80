"""When runs and reports are due, in the company's time zone.

Here: instants alone. Whether what is due has happened is looked at in ``punctuality``; the orchestrator starts runs by
the same settings.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kpi_pipeline.calendar.company_calendar import WEEKDAYS, CompanyCalendar, Period
from kpi_pipeline.config.delivery import Deadline

# How long something that is due may take until it is late: told within the hour by a look every quarter of an hour.
GRACE = timedelta(minutes=40)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DueRun:
    """The daily run that must have come through by now; ``at`` is when it started or should have."""

    day: date
    at: datetime


@dataclass(frozen=True)
class DueReports:
    """The week whose reports must have been sent by now."""

    week: Period
    at: datetime


def due_run(calendar: CompanyCalendar, daily_run_at: str, now: datetime) -> DueRun:
    """Return the last run whose grace is over."""
    day = calendar.day_of(now)
    while (at := _instant(calendar, day, daily_run_at)) + GRACE > now:
        day -= ONE_DAY
    return DueRun(day, at)


def due_reports(calendar: CompanyCalendar, deadline: Deadline, now: datetime) -> DueReports:
    """Return the last week whose deadline and grace are over."""
    week = calendar.last_complete_week(calendar.day_of(now))
    while (at := deadline_of(calendar, week, deadline)) + GRACE > now:
        week = calendar.previous_period(week)
    return DueReports(week, at)


def deadline_of(calendar: CompanyCalendar, week: Period, deadline: Deadline) -> datetime:
    """Return until when the reports of a week wait for their inputs."""
    first = week.end + ONE_DAY
    waited = (WEEKDAYS.index(deadline.day) - first.weekday()) % 7 if deadline.day else 0
    return _instant(calendar, first + waited * ONE_DAY, deadline.time)


def _instant(calendar: CompanyCalendar, day: date, at: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), tzinfo=ZoneInfo(calendar.time_zone)).astimezone(UTC)
