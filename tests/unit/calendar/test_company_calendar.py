"""Tests of days, weeks, months, quarters and years of a company."""

from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.calendar.company_calendar import WEEKDAYS, CompanyCalendar, Period

BERLIN = CompanyCalendar("Europe/Berlin", "monday", "gregorian")
TEHRAN = CompanyCalendar("Asia/Tehran", "saturday", "jalali")
HOUR = timedelta(hours=1)
ONE_DAY = timedelta(days=1)


def hours_of(time_zone: str, day: date) -> float:
    start, end = CompanyCalendar(time_zone, "monday", "gregorian").day_bounds(day)
    return (end - start) / HOUR


# Days


def test_an_order_late_in_the_utc_evening_belongs_to_the_next_week_in_tehran():
    day = TEHRAN.day_of(datetime(2026, 11, 20, 21, tzinfo=UTC))
    assert day == date(2026, 11, 21)
    assert TEHRAN.period_of("week", day) == Period("week", date(2026, 11, 21), date(2026, 11, 27))


def test_an_instant_without_time_zone_has_no_day():
    with pytest.raises(ValueError, match="depends on its time zone"):
        BERLIN.day_of(datetime(2026, 11, 20, 21))


@pytest.mark.parametrize(
    ("time_zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 11, 15), 24),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Tehran", date(2022, 3, 22), 23),  # its last summer time; the change is at midnight
        ("Asia/Tehran", date(2022, 9, 21), 25),
        ("Asia/Tehran", date(2023, 3, 22), 24),
        ("Asia/Tehran", date(2023, 9, 21), 24),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # midnight does not exist
        ("America/Havana", date(2026, 11, 1), 25),  # midnight comes twice
        ("Asia/Kolkata", date(2026, 3, 29), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),  # crossed the date line and skipped this day
    ],
)
def test_a_day_has_the_hours_between_its_midnights(time_zone, day, hours):
    assert hours_of(time_zone, day) == hours


def test_day_bounds_are_instants_in_utc():
    assert BERLIN.day_bounds(date(2026, 3, 29)) == (
        datetime(2026, 3, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC),
    )
    assert TEHRAN.day_bounds(date(2022, 3, 22))[0] == datetime(2022, 3, 21, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "time_zone",
    [
        "Africa/Cairo",
        "America/Havana",
        "America/New_York",
        "America/Sao_Paulo",
        "Asia/Beirut",
        "Asia/Kolkata",
        "Asia/Tehran",
        "Atlantic/Azores",
        "Australia/Lord_Howe",
        "Europe/Berlin",
        "Pacific/Chatham",
        "UTC",
    ],
)
def test_days_leave_no_gap_and_share_no_instant(time_zone):
    calendar = CompanyCalendar(time_zone, "monday", "gregorian")
    bounds = [(day, *calendar.day_bounds(day)) for day in (date(2016, 1, 1) + ONE_DAY * n for n in range(11 * 365))]
    assert all(end == start for (_, _, end), (_, start, _) in pairwise(bounds))
    for day, start, end in bounds:
        assert calendar.day_of(start) == day
        assert calendar.day_of(end - timedelta(microseconds=1)) == day


@pytest.mark.slow
def test_no_hour_is_lost_or_doubled_in_40_zones_and_30_years():
    zones = sorted(available_timezones())[::15]
    assert len(zones) >= 39
    for time_zone in zones:
        calendar = CompanyCalendar(time_zone, "monday", "gregorian")
        hours = 0.0
        for day in (date(1995, 1, 1) + ONE_DAY * n for n in range(30 * 365)):
            start, end = calendar.day_bounds(day)
            hours += (end - start) / HOUR
            assert start == end or calendar.day_of(start) == calendar.day_of(end - timedelta(microseconds=1)) == day
        assert hours == (end - calendar.day_bounds(date(1995, 1, 1))[0]) / HOUR


# Weeks


def test_iso_weeks_from_1970_to_2100_agree_with_duckdb_and_the_thursday_rule():
    with duckdb.connect() as connection:
        reference = connection.execute(
            """
            select day::date, date_trunc('week', day)::date, isoyear(day)::int, weekofyear(day)::int
            from range(timestamp '1969-12-29', timestamp '2101-01-03', interval 1 day) as days (day)
            """
        ).fetchall()
    rows = BERLIN.rows(date(1969, 12, 29), date(2101, 1, 2))
    assert [(row.day, row.week_start, row.iso_year, row.iso_week) for row in rows] == reference
    weeks = BERLIN.periods("week", date(1970, 1, 1), date(2100, 12, 31))
    assert len(weeks) == 6836
    iso = {row.day: (row.iso_year, row.iso_week) for row in rows}
    for week in weeks:
        thursday = week.start + 3 * ONE_DAY
        assert iso[week.start] == (thursday.year, (thursday - date(thursday.year, 1, 1)).days // 7 + 1)


@pytest.mark.parametrize(
    ("year", "start"),
    [
        (2020, date(2020, 12, 28)),
        (2026, date(2026, 12, 28)),
        (2032, date(2032, 12, 27)),
        (2037, date(2037, 12, 28)),
    ],
)
def test_years_with_53_iso_weeks(year, start):
    week = BERLIN.period_of("week", start + 4 * ONE_DAY)
    assert week == Period("week", start, start + 6 * ONE_DAY)
    assert {(row.iso_year, row.iso_week) for row in BERLIN.rows(week.start, week.end)} == {(year, 53)}
    assert BERLIN.rows(week.end + ONE_DAY, week.end + ONE_DAY)[0].iso_week == 1


@given(st.dates(date(1970, 1, 10), date(2100, 12, 20)), st.sampled_from(WEEKDAYS))
def test_a_week_has_seven_days_and_starts_on_the_companys_day(day, week_start):
    calendar = CompanyCalendar("UTC", week_start, "gregorian")
    week = calendar.period_of("week", day)
    assert week.start <= day <= week.end
    assert week.start.strftime("%A").lower() == week_start
    assert week.end - week.start == 6 * ONE_DAY
    assert calendar.next_period(calendar.previous_period(week)) == week


@pytest.mark.parametrize(
    ("as_of", "last_day"),
    [
        (date(2026, 11, 15), date(2026, 11, 8)),  # Sunday is not over yet
        (date(2026, 11, 16), date(2026, 11, 15)),
        (date(2026, 11, 22), date(2026, 11, 15)),
    ],
)
def test_the_last_complete_week_ends_before_the_day_of_the_run(as_of, last_day):
    assert BERLIN.last_complete_week(as_of) == Period("week", last_day - 6 * ONE_DAY, last_day)


# Months, quarters, years


@pytest.mark.parametrize(
    ("calendar", "day", "month", "quarter", "year"),
    [
        (
            BERLIN,
            date(2024, 2, 29),
            (date(2024, 2, 1), date(2024, 2, 29)),
            (date(2024, 1, 1), date(2024, 3, 31)),
            (date(2024, 1, 1), date(2024, 12, 31)),
        ),
        (
            BERLIN,
            date(2026, 12, 31),
            (date(2026, 12, 1), date(2026, 12, 31)),
            (date(2026, 10, 1), date(2026, 12, 31)),
            (date(2026, 1, 1), date(2026, 12, 31)),
        ),
        (
            TEHRAN,
            date(2025, 3, 20),  # 1403/12/30
            (date(2025, 2, 19), date(2025, 3, 20)),
            (date(2024, 12, 21), date(2025, 3, 20)),
            (date(2024, 3, 20), date(2025, 3, 20)),
        ),
        (
            TEHRAN,
            date(2026, 9, 22),  # 1405/06/31
            (date(2026, 8, 23), date(2026, 9, 22)),
            (date(2026, 6, 22), date(2026, 9, 22)),
            (date(2026, 3, 21), date(2027, 3, 20)),
        ),
    ],
)
def test_months_quarters_and_years_follow_the_companys_calendar(calendar, day, month, quarter, year):
    assert calendar.period_of("month", day) == Period("month", *month)
    assert calendar.period_of("quarter", day) == Period("quarter", *quarter)
    assert calendar.period_of("year", day) == Period("year", *year)
    assert calendar.period_of("day", day) == Period("day", day, day)


@pytest.mark.parametrize("calendar", [BERLIN, TEHRAN])
@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
def test_periods_follow_each_other_without_gap(calendar, grain):
    first, last = date(2024, 1, 10), date(2026, 5, 5)
    periods = calendar.periods(grain, first, last)
    assert periods[0].start <= first <= periods[0].end
    assert periods[-1].start <= last <= periods[-1].end
    for earlier, later in pairwise(periods):
        assert later.start == earlier.end + ONE_DAY
        assert calendar.next_period(earlier) == later
        assert calendar.previous_period(later) == earlier


def test_no_period_lies_between_a_day_and_an_earlier_one():
    assert BERLIN.periods("day", date(2026, 1, 2), date(2026, 1, 1)) == []


@pytest.mark.parametrize("calendar", [BERLIN, TEHRAN])
def test_rows_hold_the_periods_of_each_day(calendar):
    rows = calendar.rows(date(2024, 2, 27), date(2026, 4, 2))
    assert len(rows) == 766
    for row in rows:
        for grain in ("week", "month", "quarter", "year"):
            period = Period(grain, getattr(row, f"{grain}_start"), getattr(row, f"{grain}_end"))
            assert period == calendar.period_of(grain, row.day)


def test_a_row_names_the_day_in_both_calendars():
    (row,) = TEHRAN.rows(date(2026, 11, 21), date(2026, 11, 21))
    # Tehran is 3:30 hours ahead of UTC: its Saturday began there on Friday evening.
    assert astuple(row)[:6] == (
        date(2026, 11, 21),
        datetime(2026, 11, 20, 20, 30),
        date(2026, 11, 21),
        date(2026, 11, 27),
        date(2026, 10, 23),
        date(2026, 11, 21),
    )
    assert (row.iso_year, row.iso_week, row.weekday) == (2026, 47, 6)
    assert (row.jalali_year, row.jalali_month, row.jalali_day) == (1405, 8, 30)
