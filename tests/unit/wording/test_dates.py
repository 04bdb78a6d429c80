from datetime import date

import pytest

from kpi_pipeline.wording.dates import format_day, format_days
from kpi_pipeline.wording.language import load_language

EN, FA = load_language("en"), load_language("fa")


@pytest.mark.parametrize(
    ("day", "english", "persian"),
    [
        (date(2026, 11, 21), "21 Nov 2026", "۳۰ آبان ۱۴۰۵"),
        (date(2026, 3, 21), "21 Mar 2026", "۱ فروردین ۱۴۰۵"),
        # 1403 was a leap year.
        (date(2025, 3, 20), "20 Mar 2025", "۳۰ اسفند ۱۴۰۳"),
        (date(2026, 12, 31), "31 Dec 2026", "۱۰ دی ۱۴۰۵"),
    ],
)
def test_days(day: date, english: str, persian: str) -> None:
    assert format_day(day, EN) == english
    assert format_day(day, FA) == persian


@pytest.mark.parametrize(
    ("first", "last", "english", "persian"),
    [
        (date(2026, 11, 14), date(2026, 11, 20), "14–20 Nov 2026", "۲۳ تا ۲۹ آبان ۱۴۰۵"),
        (date(2026, 9, 28), date(2026, 10, 4), "28 Sep – 4 Oct 2026", "۶ تا ۱۲ مهر ۱۴۰۵"),
        (date(2026, 11, 16), date(2026, 11, 22), "16–22 Nov 2026", "۲۵ آبان تا ۱ آذر ۱۴۰۵"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 Dec 2026 – 3 Jan 2027", "۷ تا ۱۳ دی ۱۴۰۵"),
        (date(2027, 3, 20), date(2027, 3, 26), "20–26 Mar 2027", "۲۹ اسفند ۱۴۰۵ تا ۶ فروردین ۱۴۰۶"),
        (date(2026, 11, 12), date(2026, 11, 12), "12 Nov 2026", "۲۱ آبان ۱۴۰۵"),
    ],
)
def test_ranges_name_month_and_year_only_where_they_differ(first: date, last: date, english: str, persian: str) -> None:
    assert format_days(first, last, EN) == english
    assert format_days(first, last, FA) == persian
