import hashlib
import hmac
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import KEY, contract, read, refusal, write

HEADER = (
    "First Name,Last Name,Email,Accepts Email Marketing,Company,Address1,Address2,City,Province,Province Code,Country,"
    "Country Code,Zip,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt\n"
)
ADA = "Ada,Berg,Ada@example.com,yes,,\"Ring 1, back\",,Berlin,,,Germany,DE,'01067,'+4930123456,no,199.90,3,,,no\n"
BY_PHONE = "Bob,Ruiz,,no,,,,,,,Spain,ES,,'+34600000000,no,0.00,0,,,no\n"
NOBODY = "Cem,Kaya,,no,,,,,,,,,,,no,0.00,0,,,no\n"
NEWER = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Country Code,Phone,Total Spent,"
    "Total Orders,Note,Tax Exempt,Tags\n"
)
NAME = "customers_export_2026-11-20.csv"


def shop(**yaml: Any) -> Contract:
    return contract("shopify_customers", account_id="nordlicht", **yaml)


def keyed(text: str) -> str:
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()[:32]


def test_the_older_layout(tmp_path: Path) -> None:
    file = read(write(tmp_path, HEADER + ADA + BY_PHONE + NOBODY, NAME), shop(currency="EUR"))
    ada, bob = sorted(file.only, key=lambda row: -row["orders"])
    assert (ada["customer_key"], ada["day"]) == (keyed("ada@example.com"), date(2026, 11, 20))
    assert (ada["orders"], ada["total_spent"], ada["currency"]) == (3, Decimal("199.90"), "EUR")
    assert (ada["country"], ada["accepts_marketing"]) == ("DE", True)
    assert bob["customer_key"] == keyed("+34600000000")  # without the apostrophe
    assert not any(word in str(file.rows) for word in ("Ada", "Berg", "example.com", "+34"))
    assert file.prepared.unknown_columns == ()


def test_the_newer_layout_and_no_currency(tmp_path: Path) -> None:
    rows = "'7001,Ada,Berg,,no,AT,,50.00,1,,no,\n"
    (row,) = read(write(tmp_path, NEWER + rows, "customers_20261120.csv"), shop()).only
    assert (row["customer_key"], row["country"], row["day"]) == ("id:7001", "AT", date(2026, 11, 20))
    assert (row["total_spent"], row["currency"]) == (None, None)


@pytest.mark.parametrize("name", ["customers_export.csv", "customers_2026-13-40.csv", "customers_120261120.csv"])
def test_a_name_without_the_day_is_refused(tmp_path: Path, name: str) -> None:
    refused = refusal(write(tmp_path, HEADER + ADA, name), shop())
    assert "customers_export_2026-11-20.csv" in refused.expected


def test_rows_that_break_the_contract_are_refused_with_the_line_of_the_export(tmp_path: Path) -> None:
    broken = HEADER + ADA + BY_PHONE.replace("0.00,0", "0.00,none")
    refused = refusal(write(tmp_path, broken, NAME), shop())
    assert (refused.line, refused.column, refused.found) == (3, "Total Orders", "'none'")
    refused = refusal(write(tmp_path, HEADER + ADA + "Bob,Ruiz\n", NAME), shop())
    assert (refused.line, refused.found) == (3, "2 cells")
    refused = refusal(write(tmp_path, (HEADER + ADA)[:-1], NAME), shop())
    assert refused.found == "no line break after the last row"


def test_an_unknown_column_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER.replace("Tax Exempt", "Loyalty") + ADA, NAME)
    assert read(path, shop()).prepared.unknown_columns == ("Loyalty",)


def test_both_attested_headers_are_known(shared_data: Path, tmp_path: Path) -> None:
    text = (shared_data.parent / "formats" / "shopify" / "customers_export_headers.txt").read_text(encoding="utf-8")
    headers = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(headers) == 2
    for header in headers:
        assert read(write(tmp_path, header + "\n", NAME), shop()).prepared.unknown_columns == ()
