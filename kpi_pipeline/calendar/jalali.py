"""Jalali (Solar Hijri) dates: conversion to and from Gregorian days.

Here: the conversions that the pipeline needs, as plain numbers. Leap years come from persiantools; the tests compare
them with the published table, because common libraries disagree on 1403. How dates are printed belongs to ``reports``,
how they are read from files to ``sources``.
"""

from datetime import date

from persiantools.jdatetime import JalaliDate


def to_jalali(day: date) -> tuple[int, int, int]:
    """Return the Jalali year, month and day of a Gregorian day."""
    converted = JalaliDate(day)  # type: ignore[no-untyped-call]
    return converted.year, converted.month, converted.day


def from_jalali(year: int, month: int, day: int) -> date:
    """Return the Gregorian day of a Jalali date.

    Raises:
        ValueError: if there is no such date, such as 30 Esfand of a common year.
    """
    try:
        converted: date = JalaliDate(year, month, day).to_gregorian()  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise ValueError(f"{year:04d}/{month:02d}/{day:02d} is not a date of the Jalali calendar") from error
    return converted


def jalali_month_length(year: int, month: int) -> int:
    """Return the number of days of a Jalali month.

    Raises:
        ValueError: if there is no such month.
    """
    length: int = JalaliDate.days_in_month(month, year)
    return length
