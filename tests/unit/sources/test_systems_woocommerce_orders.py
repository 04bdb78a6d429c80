import hashlib
import hmac
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import KEY, contract, read, refusal, write

SERVER = (
    "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),N. Revenue\n"
)
BROWSER = "Date,Order #,Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net sales\n"


def shop(**yaml: Any) -> Contract:
    return contract("woocommerce_orders", **{"account_id": "lamps", "currency": "EUR", **yaml})


def test_the_mailed_report(tmp_path: Path) -> None:
    rows = (
        '2026-10-25 02:30:00,501,"<span>1,234.50&euro;</span>",completed,Ada Berg,new,'
        '"2× Desk &ndash; oak, 1× Lamp",3,autumn,1234.5\n'
        "2026-11-02 09:00:00,502,&euro;0,processing,,new,1× Lamp,1,,84.033613445378\n"
    )
    file = read(write(tmp_path, SERVER + rows), shop(time_zone="Europe/Berlin"))
    first, second = sorted(file.rows["orders"], key=lambda row: row["order_id"])
    assert first["order_id"] == first["order_number"] == "501"
    assert (first["day"], first["status"], first["currency"]) == (date(2026, 10, 25), "paid", "EUR")
    assert first["gross_items"] == Decimal("1234.50")
    assert first["customer_key"] == hmac.new(KEY, b"ada berg", hashlib.sha256).hexdigest()[:32]
    assert second["created_at"] == datetime(2026, 11, 2, 8, 0)
    assert second["gross_items"] == Decimal("84.0336")
    assert second["customer_key"] == "guest:502"
    assert file.rows["refunds"] == []
    assert file.prepared.unknown_columns == ()


def test_a_refund_saved_by_the_browser_has_a_tab_before_its_sign(tmp_path: Path) -> None:
    rows = (
        '2026-11-03 10:00:00,501,completed,Ada Berg,new,1× Lamp,-1,,"\t-12.00"\n'
        "2026-11-01 10:00:00,501,completed,Ada Berg,new,1× Lamp,1,,40\n"
        '2026-11-03 11:30:00,444,refunded,Bob Ruiz,returning,1× Desk,-1,,"\t-7.50"\n'
    )
    file = read(write(tmp_path, BROWSER + rows), shop(time_zone="Europe/Berlin"))
    (order,) = file.rows["orders"]
    assert (order["order_id"], order["day"], order["gross_items"]) == ("501", date(2026, 11, 1), Decimal(40))
    refunds = sorted(file.rows["refunds"], key=lambda row: row["order_id"])
    assert [(row["order_id"], row["day"], row["amount"]) for row in refunds] == [
        ("444", date(2026, 11, 3), Decimal("7.50")),  # its order stands in an older export
        ("501", date(2026, 11, 3), Decimal(12)),
    ]
    assert refunds[1]["refund_id"] == "501:20261103T100000"
    assert refunds[1]["refunded_at"] == datetime(2026, 11, 3, 9, 0)
    assert "Ada" not in str(file.rows)


def test_toman_become_rial(tmp_path: Path) -> None:
    rows = '2026-11-01 10:00:00,9,completed,,new,,1,,1250000\n2026-11-02 10:00:00,9,completed,,new,,1,,"\t-50000"\n'
    file = read(write(tmp_path, BROWSER + rows), shop(currency="IRT", time_zone="Asia/Tehran"))
    assert [(row["gross_items"], row["currency"]) for row in file.rows["orders"]] == [(Decimal(12_500_000), "IRR")]
    assert [(row["amount"], row["currency"]) for row in file.rows["refunds"]] == [(Decimal(500_000), "IRR")]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("processing", "paid"),
        ("Completed", "paid"),
        ("refunded", "refunded"),
        ("cancelled", "cancelled"),
        ("trash", "cancelled"),
        ("On hold", "failed"),
        ("pending", "failed"),
        ("shipped", "paid"),
    ],
)
def test_states(tmp_path: Path, written: str, status: str) -> None:
    row = f"2026-11-01 10:00:00,1,{written},,new,,1,,5\n"
    file = read(write(tmp_path, BROWSER + row), shop(options={"statuses": ["shipped = paid"]}))
    assert file.column("status") == [status]


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        ("2026-11-01 10:00:00,2,shipped,,new,,1,,5\n", "Status", "'shipped'"),
        ("2026-11-01 10:00:00,1,completed,,new,,1,,5\n", "Order #", "'1'"),
        ("11/01/2026,2,completed,,new,,1,,5\n", "Date", "'11/01/2026'"),
        ('2026-11-01 10:00:00,2,completed,,new,,1,,"5,00"\n', "Net sales", "'5,00'"),
    ],
)
def test_rows_that_break_the_contract_are_refused(tmp_path: Path, row: str, column: str, found: str) -> None:
    content = BROWSER + "2026-11-01 09:00:00,1,completed,,new,,1,,5\n" + row
    refused = refusal(write(tmp_path, content), shop())
    assert (refused.line, refused.column, refused.found) == (3, column, found)


def test_the_currency_must_be_said() -> None:
    with pytest.raises(ConfigurationError, match="currency: is missing"):
        shop(currency=None)


def test_a_status_without_a_meaning_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match=r"options\.statuses: 'shipped = sold' is not of the form"):
        shop(options={"statuses": "shipped = sold"})


def test_both_real_headers_are_known(shared_data: Path, tmp_path: Path) -> None:
    text = (shared_data.parent / "formats" / "woocommerce" / "analytics_csv_headers.txt").read_text(encoding="utf-8")
    headers = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("orders:")]
    assert len(headers) == 2
    for header in headers:
        assert read(write(tmp_path, header + "\n"), shop()).prepared.unknown_columns == ()
