from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.sources.read_files import contract, read, refusal, write

HEADER = "تاریخ,سایت,قیمت,تخفیف,درآمد,مشتری جدید,وضعیت فاکتور\n"
FINAL = "۱۴۰۳/۱۲/۳۰,lamps.example,۱۲٬۵۰۰٬۰۰۰,۰,۳۷۵٬۰۰۰,بله,قطعی شده\n"
PAID = "1405-08-30,lamps.example,2000000,100000,60000,خیر,پرداخت شده\n"
OPEN = "۱۴۰۵/۰۸/۳۰,lamps.example,۹٬۰۰۰٬۰۰۰,۰,۲۷۰٬۰۰۰,خیر,قطعی نشده\n"


def test_income_counts_once_its_invoice_is_final(tmp_path: Path) -> None:
    affiliate = contract("digikala_affiliate", account_id="lamps")
    file = read(write(tmp_path, HEADER + FINAL + PAID + OPEN), affiliate)
    assert [(row["day"], row["section"], row["amount"], row["currency"]) for row in file.only] == [
        (date(2025, 3, 20), "revenue", Decimal(375_000), "IRR"),  # 30 Esfand of a leap year
        (date(2026, 11, 21), "revenue", Decimal(60_000), "IRR"),
    ]
    assert set(file.column("memo")) == {"lamps.example"}
    assert file.prepared.unknown_columns == ()


def test_arabic_letters_and_joiners_do_not_matter(tmp_path: Path) -> None:
    text = HEADER.replace("مشتری جدید", "مشتري\u200cجديد") + FINAL.replace("قطعی شده", "قطعي\u200cشده\u200f")
    file = read(write(tmp_path, text), contract("digikala_affiliate"))
    assert file.column("amount") == [Decimal(375_000)]
    assert file.prepared.unknown_columns == ()


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        (FINAL.replace("قطعی شده", "برگشت خورده"), "وضعیت فاکتور", "'برگشت خورده'"),
        (FINAL.replace("۱۴۰۳/۱۲/۳۰", "۱۴۰۴/۱۲/۳۰"), "تاریخ", "'۱۴۰۴/۱۲/۳۰'"),
        (FINAL.replace("۳۷۵٬۰۰۰", "۳۷۵ هزار"), "درآمد", "'۳۷۵ هزار'"),
    ],
)
def test_rows_that_break_the_contract_are_refused(tmp_path: Path, row: str, column: str, found: str) -> None:
    refused = refusal(write(tmp_path, HEADER + PAID + row), contract("digikala_affiliate"))
    assert (refused.line, refused.column, refused.found) == (3, column, found)
