from decimal import Decimal

import pytest

from kpi_pipeline.errors import ReportError
from kpi_pipeline.wording.language import load_language
from kpi_pipeline.wording.numbers import (
    Number,
    NumberStyle,
    format_axis,
    format_change,
    format_count,
    format_growth,
    format_share,
    format_step,
    format_value,
)

EN, FA = load_language("en"), load_language("fa")
LRI, PDI = "\u2066", "\u2069"


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "english", "persian"),
    [
        (2.77, "percent", 2, "2.77%", f"{LRI}۲٫۷۷٪{PDI}"),
        (-3.456, "percent", 1, "−3.5%", f"{LRI}−۳٫۵٪{PDI}"),
        (0, "percent", 2, "0.00%", f"{LRI}۰٫۰۰٪{PDI}"),
        # A value that rounds to zero has no sign.
        (-0.004, "percent", 2, "0.00%", f"{LRI}۰٫۰۰٪{PDI}"),
        (184352.4, "currency", 0, "€184,352", "۱۸۴٬۳۵۲ یورو"),
        (Decimal("36.415"), "currency", 2, "€36.42", "۳۶٫۴۲ یورو"),
        (-1200, "currency", 2, "−€1,200.00", f"{LRI}−۱٬۲۰۰٫۰۰{PDI} یورو"),
        (9_999_999, "currency", 0, "€9,999,999", "۹٬۹۹۹٬۹۹۹ یورو"),
        (12_345_678, "currency", 0, "€12.35m", "۱۲٫۳۵ میلیون یورو"),
        (-12_345_678_901, "currency", 0, "−€12.35bn", f"{LRI}−۱۲٫۳۵{PDI} میلیارد یورو"),
        (34_381_220, "count", 0, "34.38m", "۳۴٫۳۸ میلیون"),
        (19589, "count", 0, "19,589", "۱۹٬۵۸۹"),
        (3.845, "ratio", 2, "3.85", "۳٫۸۵"),
        (1, "months", 0, "1 month", "۱ ماه"),
        (4, "months", 0, "4 months", "۴ ماه"),
        (47.27, "points", 1, "47.3 points", "۴۷٫۳ امتیاز"),
        (-12, "points", 0, "−12 points", f"{LRI}−۱۲{PDI} امتیاز"),
        (-1, "points", 0, "−1 point", f"{LRI}−۱{PDI} امتیاز"),
        (12.5, "minutes", 1, "12.5 minutes", "۱۲٫۵ دقیقه"),
        (1, "hours", 0, "1 hour", "۱ ساعت"),
        (1234.5, "hours", 1, "1,234.5 hours", "۱٬۲۳۴٫۵ ساعت"),
        (0, "days", 0, "0 days", "۰ روز"),
        (2.4, "days", 1, "2.4 days", "۲٫۴ روز"),
    ],
)
def test_values(value: Number, unit: str, decimals: int, english: str, persian: str) -> None:
    assert format_value(value, NumberStyle(EN, unit, decimals, "EUR")) == english
    assert format_value(value, NumberStyle(FA, unit, decimals, "EUR")) == persian


def test_rial_and_unnamed_currencies() -> None:
    assert format_value(2_780_000, NumberStyle(FA, "currency", 0, "IRR")) == "۲٬۷۸۰٬۰۰۰ ریال"
    assert format_value(12, NumberStyle(EN, "currency", 0, "CHF")) == "CHF 12"
    # Behind a Latin code, an arrow and the next amount would join it and stand on the wrong side.
    assert format_value(12, NumberStyle(FA, "currency", 0, "CHF")) == "۱۲ CHF\u200f"


@pytest.mark.parametrize(
    ("rial", "decimals", "money", "english", "persian"),
    [
        (2_780_000, 0, "toman", "278,000 toman", "۲۷۸٬۰۰۰ تومان"),
        # 10 million toman are shown in millions, as 10 million of anything else.
        (99_999_990, 0, "toman", "9,999,999 toman", "۹٬۹۹۹٬۹۹۹ تومان"),
        (123_456_780, 0, "toman", "12.35m toman", "۱۲٫۳۵ میلیون تومان"),
        (Decimal("-12345678900.50"), 0, "toman", "−1.23bn toman", f"{LRI}−۱٫۲۳{PDI} میلیارد تومان"),
        (12_345, 2, "new_rial", "1.23 new rial", "۱٫۲۳ ریال جدید"),
    ],
)
def test_units_of_money(rial: Number, decimals: int, money: str, english: str, persian: str) -> None:
    assert format_value(rial, NumberStyle(EN, "currency", decimals, money)) == english
    assert format_value(rial, NumberStyle(FA, "currency", decimals, money)) == persian


def test_a_unit_of_money_concerns_amounts_alone() -> None:
    toman = NumberStyle(EN, "currency", 0, "toman")
    assert format_value(2_780_000, NumberStyle(EN, "count", 0, "toman")) == "2,780,000"
    assert format_step(5_000, toman) == "+500 toman"
    assert format_change(11, 10, toman) == "+10.0%"
    # An axis has the decimals that its own numbers need: 5 rial are half a toman.
    assert format_axis(5, toman) == "0.5 toman"
    assert format_axis(5_000, toman) == "500 toman"


@pytest.mark.parametrize(
    ("value", "previous", "unit", "english", "persian"),
    [
        # Percentages change in points, amounts in per cent.
        (2.80, 2.77, "percent", "+0.03 pp", f"{LRI}+۰٫۰۳{PDI} واحد درصد"),
        (94.1, 95.2, "percent", "−1.10 pp", f"{LRI}−۱٫۱۰{PDI} واحد درصد"),
        (96.5, 100, "currency", "−3.5%", f"{LRI}−۳٫۵٪{PDI}"),
        (112.3, 100, "count", "+12.3%", f"{LRI}+۱۲٫۳٪{PDI}"),
        (100, 100, "count", "0.0%", f"{LRI}۰٫۰٪{PDI}"),
        # From a loss of 50 to a loss of 25 is half of the way up.
        (-25, -50, "currency", "+50.0%", f"{LRI}+۵۰٫۰٪{PDI}"),
        # A score has no zero point that per cents could start from.
        (50, 35, "points", "+15.00 points", f"{LRI}+۱۵٫۰۰{PDI} امتیاز"),
        # Twice as fast.
        (6, 12, "hours", "−50.0%", f"{LRI}−۵۰٫۰٪{PDI}"),
        # No per cent of zero.
        (12, 0, "count", "+12.00", f"{LRI}+۱۲٫۰۰{PDI}"),
        (-12, 0, "currency", "−€12.00", f"{LRI}−۱۲٫۰۰{PDI} یورو"),
    ],
)
def test_changes(value: Number, previous: Number, unit: str, english: str, persian: str) -> None:
    assert format_change(value, previous, NumberStyle(EN, unit, 2, "EUR")) == english
    assert format_change(value, previous, NumberStyle(FA, unit, 2, "EUR")) == persian


def test_differences_and_growth() -> None:
    assert format_step(0.1538, NumberStyle(EN, "percent", 2, "EUR")) == "+0.15 pp"
    assert format_step(-2.28, NumberStyle(EN, "currency", 2, "EUR")) == "−€2.28"
    assert format_step(2.28, NumberStyle(FA, "currency", 2, "EUR"), signed=False) == "۲٫۲۸ یورو"
    assert format_growth(0.027018, EN) == "+2.70%"
    assert format_growth(-0.01183, FA) == f"{LRI}−۱٫۱۸٪{PDI}"


def test_shares_and_counts() -> None:
    assert format_share(0.565, EN) == "57%"
    assert format_share(0.565, FA) == f"{LRI}۵۷٪{PDI}"
    assert format_count(12_345_678, EN) == "12,345,678"
    assert format_count(0, FA) == "۰"


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_not_a_number_is_refused(value: float) -> None:
    with pytest.raises(ReportError, match="finite number"):
        format_value(value, NumberStyle(EN, "ratio", 2, "EUR"))
