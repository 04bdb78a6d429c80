"""Tests of Jalali dates against published dates and a second implementation."""

from datetime import date

import duckdb
import pytest

from kpi_pipeline.calendar.jalali import from_jalali, jalali_month_length, to_jalali

# Leap years published by the Center for Calendar, Institute of Geophysics, University of Tehran.
PUBLISHED_LEAP_YEARS = {1391, 1395, 1399, 1403, 1408, 1412, 1416, 1420, 1424, 1428}

PUBLISHED_DATES = [
    ((1395, 12, 30), date(2017, 3, 20)),
    ((1396, 1, 1), date(2017, 3, 21)),
    ((1399, 12, 30), date(2021, 3, 20)),
    ((1400, 1, 1), date(2021, 3, 21)),
    ((1403, 1, 1), date(2024, 3, 20)),
    ((1403, 12, 30), date(2025, 3, 20)),
    ((1404, 1, 1), date(2025, 3, 21)),
    ((1405, 1, 1), date(2026, 3, 21)),
    ((1405, 6, 31), date(2026, 9, 22)),
    ((1405, 8, 30), date(2026, 11, 21)),
    ((1408, 12, 30), date(2030, 3, 20)),
]


@pytest.mark.parametrize(("jalali", "gregorian"), PUBLISHED_DATES)
def test_published_dates_convert_both_ways(jalali, gregorian):
    assert from_jalali(*jalali) == gregorian
    assert to_jalali(gregorian) == jalali


@pytest.mark.parametrize("jalali", [(1402, 12, 30), (1404, 12, 30), (1405, 7, 31), (1405, 13, 1), (1405, 0, 1)])
def test_dates_that_do_not_exist_are_refused(jalali):
    with pytest.raises(ValueError, match="is not a date of the Jalali calendar"):
        from_jalali(*jalali)


def test_leap_years_are_the_published_ones():
    assert {year for year in range(1390, 1431) if jalali_month_length(year, 12) == 30} == PUBLISHED_LEAP_YEARS


def test_month_lengths_of_a_common_year():
    assert [jalali_month_length(1404, month) for month in range(1, 13)] == [31] * 6 + [30] * 5 + [29]


def test_a_month_that_does_not_exist_has_no_length():
    with pytest.raises(ValueError, match="month"):
        jalali_month_length(1404, 13)


def test_every_day_from_1390_to_1430_agrees_with_the_icu_library():
    with duckdb.connect() as connection:
        connection.execute("load icu")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set Calendar = 'persian'")
        rows = connection.execute(
            """
            select noon::date, date_part(['year', 'month', 'day'], to_timestamp(epoch(noon)))
            from range(timestamp '2011-03-21 12:00', timestamp '2052-03-20 12:00', interval 1 day) as noons (noon)
            """
        ).fetchall()
    assert len(rows) == 41 * 365 + 10
    assert [(day, to_jalali(day)) for day, _ in rows] == [
        (day, (parts["year"], parts["month"], parts["day"])) for day, parts in rows
    ]
    assert [from_jalali(*to_jalali(day)) for day, _ in rows] == [day for day, _ in rows]
