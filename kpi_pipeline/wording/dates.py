"""Days and weeks as the languages of the product write them.

Here: turning days into text, in the calendar of the language. Computing weeks or periods does not belong here
(``kpi_pipeline.calendar``).
"""

from datetime import date

from kpi_pipeline.calendar.jalali import to_jalali
from kpi_pipeline.wording.language import Language
from kpi_pipeline.wording.numbers import write_digits


def format_day(day: date, language: Language) -> str:
    """Write one day with its year."""
    year, month, number = _in_calendar(day, language)
    return _fill("date", language, day=str(number), month=language.months[month - 1], year=str(year))


def format_short_day(day: date, language: Language) -> str:
    """Write one day without its year, for places where the year is clear."""
    _, month, number = _in_calendar(day, language)
    return _fill("short_date", language, day=str(number), month=language.months[month - 1])


def format_month(day: date, language: Language) -> str:
    """Write the month of a day, with its year."""
    year, month, _ = _in_calendar(day, language)
    return _fill("month", language, month=language.months[month - 1], year=str(year))


def format_days(first: date, last: date, language: Language) -> str:
    """Write a range of days, each month and year only where it differs; one day stands alone."""
    if first == last:
        return format_day(first, language)
    first_year, first_month, first_number = _in_calendar(first, language)
    last_year, last_month, last_number = _in_calendar(last, language)
    same_year = first_year == last_year
    same_month = same_year and first_month == last_month
    return _fill(
        "range_in_month" if same_month else "range_in_year" if same_year else "range",
        language,
        first_day=str(first_number),
        first_month=language.months[first_month - 1],
        first_year=str(first_year),
        last_day=str(last_number),
        month=language.months[last_month - 1],
        year=str(last_year),
    )


def _in_calendar(day: date, language: Language) -> tuple[int, int, int]:
    return to_jalali(day) if language.calendar == "jalali" else (day.year, day.month, day.day)


def _fill(pattern: str, language: Language, **parts: str) -> str:
    return write_digits(language.patterns[pattern].format(**parts), language)
