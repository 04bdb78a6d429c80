from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

HEADER = "تاریخ,نام کمپین,گروه تبلیغاتی,بنر,تعداد نمایش,تعداد کلیک,هزینه (تومان),نرخ کلیک,کانورژن,درآمد (ریال)\n"
ROWS = (
    '۱۴۰۳/۱۲/۳۰,یلدا,بازدید,بنر ۱,"۱۲٬۳۴۵",۱۲۰,"۱٬۲۳۴٫۵",۰٫۹۷٪,۳,۵۰۰۰۰۰\n'
    "1404/01/01,نوروز,بازدید,بنر ۲,900,9,100,1%,-,0\n"
)


def ads(**yaml: Any) -> Contract:
    return contract("persian_ads", account_id="a1", **yaml)


def test_amounts_become_rial_by_the_unit_in_their_header(tmp_path: Path) -> None:
    file = read(write(tmp_path, HEADER + ROWS), ads())
    assert [
        (row["day"], row["campaign_id"], row["impressions"], row["clicks"], row["cost"], row["conversion_value"])
        for row in file.only
    ] == [
        (date(2025, 3, 20), "name:یلدا", 12345, 120, Decimal(12345), Decimal(500_000)),
        (date(2025, 3, 21), "name:نوروز", 900, 9, Decimal(1000), Decimal(0)),
    ]
    assert file.column("conversions") == [3.0, None]
    assert (set(file.column("platform")), set(file.column("currency"))) == ({"shop"}, {"IRR"})
    assert set(file.column("ad_name")) == {"بنر ۱", "بنر ۲"}
    assert file.prepared.unknown_columns == ()


@pytest.mark.parametrize(("unit", "cost"), [("toman", 10_000), ("rial", 1_000)])
def test_without_a_unit_in_the_header_the_source_must_say_it(tmp_path: Path, unit: str, cost: int) -> None:
    path = write(tmp_path, "روز,کمپین,نمایش,کلیک,هزینه\n2026-11-20,یلدا,10,1,1000\n")
    refused = refusal(path, ads())
    assert (refused.line, refused.column, refused.found) == (2, "هزینه", "'1000.0000'")
    assert "options: {unit: toman}" in refused.advice
    assert read(path, ads(options={"unit": unit})).column("cost") == [Decimal(cost)]


def test_a_unit_in_the_header_counts_before_the_sources(tmp_path: Path) -> None:
    file = read(write(tmp_path, HEADER + ROWS), ads(options={"unit": "rial", "platform": "yektanet"}))
    assert file.column("cost")[1] == Decimal(1000)
    assert set(file.column("platform")) == {"yektanet"}


def test_income_without_a_unit_is_refused_too(tmp_path: Path) -> None:
    content = "روز,کمپین,نمایش,هزینه (ریال),فروش\n2026-11-20,یلدا,10,1000,5\n"
    assert refusal(write(tmp_path, content), ads()).column == "فروش"


def test_joiners_marks_and_arabic_letters_do_not_matter(tmp_path: Path) -> None:
    header = "\u200fتاريخ\u200f,نام\u200cکمپین,گروه\u200cتبلیغاتی,نمایش,كليك,مبلغ مصرف\u200cشده (ريال)\n"
    row = "\u200e۱۴۰۵/۰۸/۳۰\u200e,یلدا,بازدید,\u200f۱۰\u200f,۱,\u200e۲۵۰۰\u200e\n"
    file = read(write(tmp_path, header + row), ads())
    (found,) = file.only
    assert (found["day"], found["impressions"], found["clicks"]) == (date(2026, 11, 21), 10, 1)
    assert (found["cost"], found["ad_group_name"]) == (Decimal(2500), "بازدید")
    assert file.prepared.unknown_columns == ()


def test_a_file_in_cp1256(tmp_path: Path) -> None:
    # This code page has neither Persian digits nor the Persian letters kaf and ye.
    content = "تاريخ,كمپين,نمايش,هزينه (ريال)\n1403-12-30,يلدا,10,2500\n"
    file = read(write(tmp_path, content.encode("cp1256")), ads(encoding="cp1256"))
    assert (file.column("day"), file.column("cost")) == ([date(2025, 3, 20)], [Decimal(2500)])
    assert refusal(write(tmp_path, content.encode("cp1256")), ads()).found.endswith("which is not UTF-8")


@pytest.mark.parametrize("day", ["1404/12/30", "1403/13/01", "۳۰ آبان"])
def test_a_day_that_does_not_exist_is_refused(tmp_path: Path, day: str) -> None:
    refused = refusal(write(tmp_path, HEADER + ROWS.replace("1404/01/01", day)), ads())
    assert (refused.line, refused.column, refused.found) == (3, "تاریخ", repr(day))


def test_one_file_has_one_calendar(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, HEADER + ROWS.replace("1404/01/01", "2025-03-21")), ads()).column == "تاریخ"


def test_a_total_row_is_a_control_total(tmp_path: Path) -> None:
    total = 'جمع کل,,,,13245,129,"1,334.5",,3,\n'
    file = read(write(tmp_path, HEADER + ROWS + total), ads())
    assert (len(file.only), file.prepared.control_totals["cost"]) == (2, Decimal(13345))
    assert refusal(write(tmp_path, HEADER + ROWS + total.replace("1,334", "1,434")), ads()).column == "cost"


def test_a_unit_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"shop\.yaml: options\.unit: 'dinar' is neither"):
        ads(options={"unit": "dinar"})
