"""The periods that accounting reports name: in the lines above the table, and above its columns.

Here: the spellings of QuickBooks and Xero in English. Which periods a report may have belongs to ``profit_and_loss``.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta

Period = tuple[date, date]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH, _DAY, _YEAR, _DASH = "([A-Za-z]{3,9})", "([0-9]{1,2})", "([0-9]{4})", r"\s*[-–—]\s*"
_LENGTHS = {"month": 1, "quarter": 3, "year": 12}

_ONE_MONTH = re.compile(rf"{_MONTH},? {_YEAR}")
_MONTHS_OF_YEARS = re.compile(rf"{_MONTH},? {_YEAR}{_DASH}{_MONTH},? {_YEAR}")
_MONTHS_OF_A_YEAR = re.compile(rf"{_MONTH}{_DASH}{_MONTH},? {_YEAR}")
_DAYS = re.compile(rf"{_MONTH} {_DAY}(?:, {_YEAR})?{_DASH}(?:{_MONTH} )?{_DAY}, {_YEAR}")
_ENDED = re.compile(rf"For the (?:([0-9]{{1,2}}) months|(month|quarter|year)) ended {_DAY} {_MONTH} {_YEAR}", re.I)
_FROM_TO = re.compile(rf"(?:For the period )?{_DAY} {_MONTH} {_YEAR} to {_DAY} {_MONTH} {_YEAR}", re.I)


def named_period(text: str) -> Period | None:
    """Return the period that a text names, None where it names none."""
    text = " ".join(text.split())
    try:
        period = _named(text)
    except ValueError:  # a day or a month that does not exist
        return None
    return period if period and period[0] <= period[1] else None


def stated_period(lines: Sequence[str]) -> Period | None:
    """Return the period that one of the lines above a table names."""
    return next((period for line in lines if (period := named_period(line))), None)


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    return _first_of_month(day, 1) - timedelta(days=1)


def _named(text: str) -> Period | None:
    if match := _ONE_MONTH.fullmatch(text):
        return _months(match[1], match[2], match[1], match[2])
    if match := _MONTHS_OF_YEARS.fullmatch(text):
        return _months(match[1], match[2], match[3], match[4])
    if match := _MONTHS_OF_A_YEAR.fullmatch(text):
        return _months(match[1], match[3], match[2], match[3])
    if match := _DAYS.fullmatch(text):
        first = _date(match[2], match[1], match[3] or match[6])
        return first, _date(match[5], match[4] or match[1], match[6])
    if match := _ENDED.fullmatch(text):
        last = _date(match[3], match[4], match[5])
        months = int(match[1]) if match[1] else _LENGTHS[match[2].lower()]
        return (_first_of_month(last, 1 - months), last) if last == month_end(last) else None
    if match := _FROM_TO.fullmatch(text):
        return _date(match[1], match[2], match[3]), _date(match[4], match[5], match[6])
    return None


def _months(first_month: str, first_year: str, last_month: str, last_year: str) -> Period:
    return _date("1", first_month, first_year), month_end(_date("1", last_month, last_year))


def _date(day: str, month: str, year: str) -> date:
    return date(int(year), _MONTHS.index(month[:3].lower()) + 1, int(day))


def _first_of_month(day: date, offset: int) -> date:
    months = day.year * 12 + day.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)
