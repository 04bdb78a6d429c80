import json
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

HEADER = "کد سفارش,مشتری,شماره موبایل,مبلغ کل (تومان),وضعیت,تاریخ,کد رهگیری پستی\n"
FIRST = "۱۰۰۱,سارا احمدی,09120000000,۱٬۲۵۰٬۰۰۰,تحویل شده,۱۴۰۳/۱۲/۳۰ ۲۰:۴۱:۴۵,\n"
SECOND = "۱۰۰۲,سارا احمدی,,۳۰۰٬۰۰۰٫۵,لغو شده,1405-08-30,RR1\n"
THIRD = "۱۰۰۳,,,۹۰۰۰۰۰,در انتظار پرداخت,۱۴۰۵/۰۸/۳۰,\n"


def shop(**yaml: Any) -> Contract:
    return contract("persian_orders", account_id="lamps", **yaml)


def test_orders_in_toman_with_jalali_dates(tmp_path: Path) -> None:
    file = read(write(tmp_path, HEADER + FIRST + SECOND + THIRD), shop())
    first, second, third = sorted(file.only, key=lambda row: row["order_id"])
    assert (first["order_id"], first["day"], first["status"]) == ("1001", date(2025, 3, 20), "paid")
    assert first["created_at"] == datetime(2025, 3, 20, 17, 11, 45)  # Tehran is 3 h 30 min ahead
    assert (first["total"], first["gross_items"], first["currency"]) == (
        Decimal(12_500_000),
        Decimal(12_500_000),
        "IRR",
    )
    assert (second["total"], second["status"], second["day"]) == (Decimal(3_000_005), "cancelled", date(2026, 11, 21))
    assert (third["status"], third["customer_key"]) == ("failed", "guest:1003")
    assert first["customer_key"] != second["customer_key"]  # known by phone, known by name
    assert not any(word in str(file.rows) for word in ("سارا", "0912"))
    assert file.prepared.unknown_columns == ()


def test_a_file_of_an_old_program(tmp_path: Path) -> None:
    text = "شماره سفارش;تاريخ;وضعيت;مبلغ نهايي (ريال)\r\n1;1405/08/30;ارسال شده;5000\r\n".replace("ی", "ي")
    (row,) = read(write(tmp_path, text.encode("cp1256")), shop(encoding="cp1256")).only
    assert (row["total"], row["status"], row["day"]) == (Decimal(5000), "paid", date(2026, 11, 21))


def test_joiners_in_the_header_and_marks_of_direction(tmp_path: Path) -> None:
    header = "\u200fشماره\u200cسفارش,تاریخ,وضعیت,قابل\u200cپرداخت (ریال)\n"
    text = header + "7,\u200e۱۴۰۵/۰۸/۳۰\u200f,تحویل\u200cشده,\u200e۵۰۰۰\n"
    (row,) = read(write(tmp_path, text), shop()).only
    assert (row["order_id"], row["status"], row["total"], row["day"]) == (
        "7",
        "paid",
        Decimal(5000),
        date(2026, 11, 21),
    )


def test_a_unit_is_never_guessed(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER.replace(" (تومان)", "") + FIRST)
    refused = refusal(path, shop())
    assert (refused.line, refused.column) == (2, "مبلغ کل")
    assert "options: {unit: toman}" in refused.advice
    assert read(path, shop(options={"unit": "toman"})).column("total") == [Decimal(12_500_000)]
    assert read(path, shop(options={"unit": "rial"})).column("total") == [Decimal(1_250_000)]


def test_a_state_of_the_shop(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + FIRST.replace("تحویل شده", "آماده ارسال"))
    refused = refusal(path, shop())
    assert (refused.line, refused.column, refused.found) == (2, "وضعیت", "'آماده ارسال'")
    assert read(path, shop(options={"statuses": "آماده ارسال = paid"})).column("status") == ["paid"]


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        (FIRST, "کد سفارش", "'۱۰۰۱'"),
        (SECOND.replace("1405-08-30", "1404-12-30"), "تاریخ", "'1404-12-30'"),
        (SECOND.replace("۳۰۰٬۰۰۰٫۵", "۳۰۰ هزار"), "مبلغ کل (تومان)", "'۳۰۰ هزار'"),
        (SECOND.replace("۳۰۰٬۰۰۰٫۵", ""), "کد سفارش", "'۱۰۰۲'"),
    ],
)
def test_rows_that_break_the_contract_are_refused(tmp_path: Path, row: str, column: str, found: str) -> None:
    refused = refusal(write(tmp_path, HEADER + FIRST + row), shop())
    assert (refused.column, refused.found) == (column, found)


def test_another_unit_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match=r"options\.unit: 'dollar' is neither"):
        shop(options={"unit": "dollar"})


def test_four_thousand_public_orders(shared_data: Path) -> None:
    figures = json.loads((shared_data / "expected.json").read_text(encoding="utf-8"))["fa_olist_4k"]
    file = read(shared_data / "persian" / "derived_olist_4k_fa_orders_toman.csv", shop())
    assert (len(file.only), sum(file.column("total"))) == (4000, 10 * figures["total"]["toman"])
    states = Counter(file.column("status"))
    assert (states["cancelled"], states["failed"]) == (figures["status"]["canceled"], figures["status"]["unavailable"])
    assert file.prepared.unknown_columns == ()


def test_a_list_without_numbers_of_orders_needs_a_mapping_of_its_own(shared_data: Path) -> None:
    refused = refusal(shared_data / "persian" / "jalali_orders_5_lines.csv", shop())
    assert refused.column == "شماره سفارش"
