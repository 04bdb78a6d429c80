"""The company's calendar: which day an instant belongs to, and which week, month, quarter and year a day belongs to.

Here: all arithmetic on periods. Nothing else in the product computes a week; SQL joins ``core.calendar``, which is made
from ``CompanyCalendar.rows``. Add a grain here and to ``Grain``. Printing of periods belongs to ``reports``.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from kpi_pipeline.calendar.jalali import from_jalali, to_jalali

Grain = Literal["day", "week", "month", "quarter", "year"]
WeekStart = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MonthCalendar = Literal["gregorian", "jalali"]

ONE_DAY = timedelta(days=1)
WEEKDAYS: tuple[WeekStart, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS_OF_PERIOD = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """A day, week, month, quarter or year; ``end`` is its last day."""

    grain: Grain
    start: date
    end: date


@dataclass(frozen=True)
class CalendarDay:
    """One row of ``core.calendar``; ``weekday`` counts from 1 = Monday, whatever day the company's week starts on.

    ``starts_at`` is the first instant of the day, in UTC and without time zone, as instants stand in the warehouse.
    """

    day: date
    starts_at: datetime
    week_start: date
    week_end: date
    month_start: date
    month_end: date
    quarter_start: date
    quarter_end: date
    year_start: date
    year_end: date
    iso_year: int
    iso_week: int
    weekday: int
    jalali_year: int
    jalali_month: int
    jalali_day: int


@dataclass(frozen=True)
class CompanyCalendar:
    """A time zone, a first day of the week, and Gregorian or Jalali months, quarters and years.

    A week is identified by its first day. Week numbers are decoration, because they mean different things in ISO and in
    other calendars.
    """

    time_zone: str
    week_start: WeekStart
    month_calendar: MonthCalendar

    def day_of(self, instant: datetime) -> date:
        """Return the calendar day that clocks show at an instant.

        Raises:
            ValueError: if the instant has no time zone.
        """
        if instant.tzinfo is None:
            raise ValueError(f"the day of an instant depends on its time zone, found none in {instant!r}")
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def day_bounds(self, day: date) -> tuple[datetime, datetime]:
        """Return the first instant of a day and that of the next one, in UTC.

        They lie 24 hours apart, except where clocks are changed. A day that its zone skipped is empty. An hour that
        clocks repeated across midnight (St. John's until 2011) lies in the later day; ``day_of`` gives the earlier one.
        """
        return self._first_instant(day), self._first_instant(day + ONE_DAY)

    def _first_instant(self, day: date) -> datetime:
        # Fold 0: where midnight does not exist, the offset before the change gives the instant of the change; where
        # midnight comes twice, the first one counts.
        return datetime.combine(day, time.min, tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)

    def period_of(self, grain: Grain, day: date) -> Period:
        """Return the period that a day lies in."""
        if grain == "day":
            return Period(grain, day, day)
        if grain == "week":
            start = day - timedelta(days=(day.weekday() - WEEKDAYS.index(self.week_start)) % 7)
            return Period(grain, start, start + timedelta(days=6))
        months = MONTHS_OF_PERIOD[grain]
        year, month, _ = to_jalali(day) if self.month_calendar == "jalali" else (day.year, day.month, day.day)
        first = month - (month - 1) % months
        after = self._month_start(year, first + months) if first + months <= 12 else self._month_start(year + 1, 1)
        return Period(grain, self._month_start(year, first), after - ONE_DAY)

    def _month_start(self, year: int, month: int) -> date:
        return from_jalali(year, month, 1) if self.month_calendar == "jalali" else date(year, month, 1)

    def next_period(self, period: Period) -> Period:
        """Return the period after this one, of the same grain."""
        return self.period_of(period.grain, period.end + ONE_DAY)

    def previous_period(self, period: Period) -> Period:
        """Return the period before this one, of the same grain."""
        return self.period_of(period.grain, period.start - ONE_DAY)

    def periods(self, grain: Grain, first: date, last: date) -> list[Period]:
        """Return all periods that share a day with ``first`` to ``last``, in order."""
        found = []
        period = self.period_of(grain, first)
        while period.start <= last:
            found.append(period)
            period = self.next_period(period)
        return found

    def last_complete_week(self, as_of: date) -> Period:
        """Return the last week that ends before ``as_of``, the first day that is not over."""
        return self.previous_period(self.period_of("week", as_of))

    @lru_cache(maxsize=4)  # noqa: B019 - a calendar is three words, and every run of a process asks for the same rows
    def rows(self, first: date, last: date) -> tuple[CalendarDay, ...]:
        """Return one row per day from ``first`` to ``last``, for ``core.calendar``."""
        week, month, quarter, year = (self.period_of(grain, first) for grain in ("week", "month", "quarter", "year"))
        rows = []
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            day = date.fromordinal(ordinal)
            week, month, quarter, year = (
                self.next_period(period) if day > period.end else period for period in (week, month, quarter, year)
            )
            iso_year, iso_week, weekday = day.isocalendar()
            jalali_year, jalali_month, jalali_day = to_jalali(day)
            rows.append(
                CalendarDay(
                    day=day,
                    starts_at=self._first_instant(day).replace(tzinfo=None),
                    week_start=week.start,
                    week_end=week.end,
                    month_start=month.start,
                    month_end=month.end,
                    quarter_start=quarter.start,
                    quarter_end=quarter.end,
                    year_start=year.start,
                    year_end=year.end,
                    iso_year=iso_year,
                    iso_week=iso_week,
                    weekday=weekday,
                    jalali_year=jalali_year,
                    jalali_month=jalali_month,
                    jalali_day=jalali_day,
                )
            )
        return tuple(rows)
