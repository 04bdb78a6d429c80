from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from persiantools.jdatetime import JalaliDate

from kpi_pipeline.sources.contracts.field import Field, NumberStyle
from kpi_pipeline.sources.values.conversion import is_empty, strict_value, value_or_null
from kpi_pipeline.sources.values.time_conversion import instant

ENGLISH = NumberStyle(".", ",")
GERMAN = NumberStyle(",", ".")
FRENCH = NumberStyle(",", "\u202f")
PLAIN = NumberStyle(".", "")
MONEY = Field("amount", ("amount",), "decimal")
COUNT = Field("clicks", ("clicks",), "integer")
SHARE = Field("conversions", ("conversions",), "double")


def converted(field: Field, text: str | None, style: NumberStyle = ENGLISH) -> Any:
    query = f"select {value_or_null(field, 'cell', style)} from (select cast($text as varchar) as cell)"
    return (duckdb.execute(query, {"text": text}).fetchone() or (None,))[0]


@pytest.mark.parametrize(
    ("field", "style", "text", "expected"),
    [
        (COUNT, ENGLISH, "0", 0),
        (COUNT, ENGLISH, "007", 7),
        (COUNT, ENGLISH, "-12", -12),
        (COUNT, ENGLISH, " 12 ", 12),
        (COUNT, ENGLISH, "1,234", 1234),
        (COUNT, ENGLISH, "12,34,567", 1234567),  # grouped as in India
        (COUNT, ENGLISH, "9223372036854775807", 9223372036854775807),
        (COUNT, GERMAN, "1.234", 1234),
        (COUNT, FRENCH, "1\u202f234", 1234),
        (COUNT, PLAIN, "۱۲۳", 123),
        (COUNT, PLAIN, "٣٤", 34),
        (COUNT, PLAIN, "۱٬۲۳۴", 1234),
        (COUNT, PLAIN, "\u200e12\u200f", 12),
        (MONEY, ENGLISH, "12", Decimal(12)),
        (MONEY, ENGLISH, "12.3", Decimal("12.3")),
        (MONEY, ENGLISH, "12.34", Decimal("12.34")),
        (MONEY, ENGLISH, "1.0050", Decimal("1.005")),
        (MONEY, ENGLISH, "1.23450000", Decimal("1.2345")),
        (MONEY, ENGLISH, "-0.00", Decimal(0)),
        (MONEY, ENGLISH, "−5.10", Decimal("-5.1")),
        (MONEY, ENGLISH, "144.", Decimal("144")),  # some programs leave out zeros, but not the point
        (MONEY, ENGLISH, "1,286.58", Decimal("1286.58")),
        (MONEY, ENGLISH, "99999999999999.99", Decimal("99999999999999.99")),
        (MONEY, GERMAN, "1.234,56", Decimal("1234.56")),
        (MONEY, GERMAN, "12,5", Decimal("12.5")),
        (MONEY, FRENCH, "1\u202f032,84", Decimal("1032.84")),
        (MONEY, FRENCH, "1\u00a0032,84", Decimal("1032.84")),
        (MONEY, PLAIN, "۱۲٫۵", Decimal("12.5")),
        (MONEY, PLAIN, "۱۴۲٬۳۴۰", Decimal(142340)),
        (SHARE, ENGLISH, "0.333333333333", 0.333333333333),
        (SHARE, ENGLISH, "0.10", 0.1),
        (SHARE, ENGLISH, "74.00", 74.0),
    ],
)
def test_numbers_that_are_written_as_declared_are_read_exactly(
    field: Field, style: NumberStyle, text: str, expected: Any
) -> None:
    assert converted(field, text, style) == expected


@pytest.mark.parametrize(
    ("field", "style", "text"),
    [
        *((COUNT, ENGLISH, text) for text in ("1.5", "1e3", "0x10", "0b1", "1_000", "+5", "5-", "true", "#REF!")),
        *((COUNT, ENGLISH, text) for text in ("1,2", "12,34", "1,2345", ",5", "1,,000", "9223372036854775808", "5%")),
        *((COUNT, PLAIN, text) for text in ("1,234", "1.234", "1 234", "1'234")),
        *((COUNT, GERMAN, text) for text in ("1,234", "1.23")),
        *((MONEY, ENGLISH, text) for text in ("1.00001", "1e3", "1E+2", "NaN", "inf", "(5.00)", "5.00-", "$5", "€ 5")),
        *((MONEY, ENGLISH, text) for text in ("12,34", "1.234,56", ".5", "1 234.50", "1.2.3", "--5", "< 10%")),
        *((MONEY, GERMAN, text) for text in ("12.34", "1,234.56", "1.23,4", "0.5")),
        *((MONEY, PLAIN, text) for text in ("1,234.56", "12,5")),
        (MONEY, ENGLISH, "999999999999999.00"),
        *((SHARE, ENGLISH, text) for text in ("1e-3", "nan", "Infinity", "0,5")),
    ],
)
def test_numbers_written_otherwise_are_not_guessed(field: Field, style: NumberStyle, text: str) -> None:
    assert converted(field, text, style) is None


def test_a_number_is_never_read_with_the_wrong_separator() -> None:
    # A German export under an English contract would otherwise be wrong by a factor of 1000.
    assert converted(MONEY, "1.234", GERMAN) == 1234
    assert converted(MONEY, "1.234", ENGLISH) == Decimal("1.234")
    assert converted(MONEY, "1.234", PLAIN) == Decimal("1.234")


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (Field("a", ("a",), "decimal", rounding=True), "1.429999948", Decimal("1.43")),
        (Field("a", ("a",), "decimal", rounding=True), "-0.00005", Decimal("-0.0001")),
        (Field("a", ("a",), "decimal", rounding=True), "1e-5", None),
        (Field("a", ("a",), "decimal", scale="0.000001"), "12340000", Decimal("12.34")),
        (Field("a", ("a",), "decimal", scale="0.000001"), "1234567", None),  # 1.234567 does not fit four decimals
        (Field("a", ("a",), "decimal", scale="0.000001", rounding=True), "1234567", Decimal("1.2346")),
        (Field("a", ("a",), "integer", scale="10"), "1,500", 15000),
        (Field("a", ("a",), "integer", scale="10"), "1.55", None),
        (Field("a", ("a",), "decimal", strip="%", scale="0.01"), "11.76%", Decimal("0.1176")),
        (Field("a", ("a",), "decimal", decimals=10), "0.8428912345", Decimal("0.8428912345")),
    ],
)
def test_declared_factors_units_and_rounding(field: Field, text: str, expected: Any) -> None:
    assert converted(field, text) == expected


def test_toman_with_a_unit_and_dots_between_groups() -> None:
    field = Field("price", ("price",), "decimal", strip="تومان", scale="10")
    assert converted(field, "۳.۱۴۹.۰۰۰ تومان", NumberStyle("٫", ".")) == 31490000


@pytest.mark.parametrize(
    ("style", "text", "expected"),
    [
        (None, "2026-11-20", date(2026, 11, 20)),
        (None, "2026-02-30", None),
        (None, "2026-1-5", None),
        (None, "2026/01/05", None),
        (None, "20260105", None),
        (None, "infinity", None),
        (None, "epoch", None),
        (None, "2026-01-05 00:00:00", None),
        ("%d.%m.%Y", "1.2.2026", date(2026, 2, 1)),
        ("%d.%m.%Y", "01.02.2026", date(2026, 2, 1)),
        ("%d.%m.%Y", "31.02.2026", None),
        ("%d.%m.%Y", "2026-02-01", None),
        ("%d/%m/%Y", "12/31/2025", None),
        ("%Y%m%d", "20240416", date(2024, 4, 16)),
        ("%Y%m%d", "2024416", None),
        ("%Y%m%d", "(other)", None),
        ("%d %b %Y", "5 Jan 2026", date(2026, 1, 5)),
        ("jalali", "1405/01/15", date(2026, 4, 4)),
        ("jalali", "1405/1/1", date(2026, 3, 21)),
        ("jalali", "1405-1-1", date(2026, 3, 21)),
        ("jalali", "14050115", date(2026, 4, 4)),
        ("jalali", "۱۴۰۵/۱/۱", date(2026, 3, 21)),
        ("jalali", "۱۴۰۵۰۱۱۵", date(2026, 4, 4)),
        ("jalali", "1395/12/30", date(2017, 3, 20)),
        ("jalali", "1403/12/30", date(2025, 3, 20)),
        ("jalali", "1408/12/30", date(2030, 3, 20)),
        ("jalali", "1405/08/30", date(2026, 11, 21)),
        ("jalali", "1402/12/30", None),
        ("jalali", "1404/12/30", None),
        ("jalali", "1405/07/31", None),
        ("jalali", "1405/13/01", None),
        ("jalali", "2026/01/15", None),
    ],
)
def test_dates(style: str | None, text: str, expected: date | None) -> None:
    assert converted(Field("day", ("day",), "date", style=style), text) == expected


def test_jalali_dates_agree_with_another_implementation_on_every_day_of_forty_years() -> None:
    days = [date(2011, 3, 21) + timedelta(days=offset) for offset in range(14_975)]
    texts = [f"{day.year}/{day.month}/{day.day}" for day in map(JalaliDate.to_jalali, days)]
    field = Field("day", ("day",), "date", style="jalali")
    query = f"select {value_or_null(field, 'cell', PLAIN)} from (select unnest($texts) as cell)"
    with duckdb.connect() as connection:
        assert [day for (day,) in connection.execute(query, {"texts": texts}).fetchall()] == days


@pytest.mark.parametrize(
    ("style", "text", "zone", "expected"),
    [
        (None, "2024-01-04 11:45:38", None, datetime(2024, 1, 4, 11, 45, 38)),
        (None, "2024-01-04T11:45", "UTC", datetime(2024, 1, 4, 11, 45)),
        (None, "2024-01-04", None, datetime(2024, 1, 4)),
        (None, "2026-01-04 12:00:00.250", "Europe/Berlin", datetime(2026, 1, 4, 11, 0, 0, 250000)),
        (None, "2026-07-04 12:00:00", "Europe/Berlin", datetime(2026, 7, 4, 10)),
        (None, "2026-04-10 11:11:26 +0530", "Europe/Berlin", datetime(2026, 4, 10, 5, 41, 26)),
        (None, "2026-11-01T01:30:00-04:00", None, datetime(2026, 11, 1, 5, 30)),
        (None, "2026-11-01T01:30:00Z", "Europe/Berlin", datetime(2026, 11, 1, 1, 30)),
        (None, "2026-11-01 25:30:00", None, None),
        ("%d/%m/%Y %H:%M", "01/12/2009 07:45", "Europe/London", datetime(2009, 12, 1, 7, 45)),
        ("%d/%m/%Y %H:%M %z", "01/12/2009 07:45 +0100", None, datetime(2009, 12, 1, 6, 45)),
        ("%Y%m%d%H", "2024041623", None, datetime(2024, 4, 16, 23)),
        ("%Y%m%d%H", "20240416", None, None),
        ("jalali", "۱۳۹۵/۰۷/۱۳ ۲۰:۴۱:۴۵", "Asia/Tehran", datetime(2016, 10, 4, 17, 11, 45)),
        ("jalali", "1395/07/13 25:00", None, None),
        ("jalali", "1395/07/13", None, datetime(2016, 10, 4)),
    ],
)
def test_time_stamps_in_utc(style: str | None, text: str, zone: str | None, expected: datetime | None) -> None:
    field = Field("at", ("at",), "timestamp", style=style)
    in_utc = instant(field, "cell", value_or_null(field, "cell", PLAIN), zone)
    row = duckdb.execute(f"select {in_utc} from (select $text as cell)", {"text": text}).fetchone()
    assert row == (expected,)


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("Yes", True), ("0", False), (" NO ", False), ("ja", None), ("2", None)]
)
def test_booleans(text: str, expected: bool | None) -> None:
    assert converted(Field("flag", ("flag",), "boolean"), text) is expected


def test_texts_are_kept_but_for_declared_values_and_placeholders() -> None:
    field = Field("status", ("status",), empty_as=(" --",), values=(("لغو شده", "cancelled"), ("کالا", "goods")))
    assert converted(field, "لغو شده") == "cancelled"
    assert converted(field, " لغو شده ") == "cancelled"
    assert converted(field, "كالا") == "goods"  # typed with the Arabic letter
    assert converted(field, "(not set)") == "(not set)"
    assert converted(field, "Total ") == "Total "
    assert converted(field, " --") is None


def test_a_strict_value_raises_unless_the_cell_is_empty() -> None:
    field = Field("cost", ("Cost",), "decimal", empty_as=("--",))
    query = f"select {strict_value(field, 'cell', ENGLISH)} from (select cast($text as varchar) as cell)"
    with duckdb.connect() as connection:
        for text in (None, "", "--", " --", "\u00a0"):
            assert connection.execute(query, {"text": text}).fetchone() == (None,)
        with pytest.raises(duckdb.InvalidInputException, match=r"column cost: expected a number .*, found 1e3"):
            connection.execute(query, {"text": "1e3"}).fetchone()


def test_an_empty_cell_can_stand_for_zero() -> None:
    field = Field("clicks", ("Clicks",), "integer", when_empty="0")
    with duckdb.connect() as connection:
        query = f"select {strict_value(field, 'cell', ENGLISH)}, {is_empty(field, 'cell')} from (select '' as cell)"
        assert connection.execute(query).fetchone() == (0, True)
