from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

HEADER = (
    '\ufeff"Date","Time","Time zone","Name","Type","Status","Currency","Gross","Fee","Net","Receipt ID",'
    '"Balance","Tip"\n'
)
AUTHORISATION = (
    '"30/08/2026","23:36:59","BST","Ada Berg","General Authorisation","Pending","GBP","1,250.00","0.00","1,250.00",'
    '"","-12,132.82",""\n'
)
SALE = AUTHORISATION.replace("General Authorisation", "Express Checkout Payment").replace("Pending", "Completed")
SALE = SALE.replace('"0.00","1,250.00"', '"-36.55","1,213.45"')
PURCHASE = SALE.replace('"1,250.00","-36.55","1,213.45"', '"-12.97","0.00","-12.97"')
REFUND = (
    '"02/09/2026","08:00:00","BST","Ada Berg","Payment Refund","Completed","GBP","-50.00","1.10","-48.90","",'
    '"0.00",""\n'
)
EVERYTHING = {"deliver": ["orders", "refunds", "fees"], "types": ["Payment Refund = refund"]}


def account(**yaml: Any) -> Contract:
    return contract("paypal_activity", **{"account_id": "shop@home", **yaml})


def export(folder: Path, *rows: str) -> Path:
    return write(folder, HEADER + "".join(rows))


def test_authorisations_and_own_purchases_are_no_sales(tmp_path: Path) -> None:
    file = read(export(tmp_path, AUTHORISATION, SALE, PURCHASE, REFUND), account(options=EVERYTHING))
    (order,) = file.rows["orders"]
    assert (order["gross_items"], order["currency"], order["status"]) == (Decimal(1250), "GBP", "paid")
    assert (order["day"], order["created_at"]) == (date(2026, 8, 30), datetime(2026, 8, 30, 22, 36, 59))
    assert order["customer_key"] == f"guest:{order['order_id']}"
    (refund,) = file.rows["refunds"]
    assert (refund["amount"], refund["day"]) == (Decimal(50), date(2026, 9, 2))
    assert [(row["day"], row["amount"], row["cost_kind"]) for row in file.rows["ledger_entries"]] == [
        (date(2026, 8, 30), Decimal("36.55"), "fees"),
        (date(2026, 9, 2), Decimal("-1.10"), "fees"),  # given back with the refund
    ]
    assert "Ada" not in str(file.rows)


def test_fees_are_delivered_without_being_asked_for(tmp_path: Path) -> None:
    file = read(export(tmp_path, AUTHORISATION, SALE, REFUND), account())
    assert {subject: len(rows) for subject, rows in file.rows.items()} == {"ledger_entries": 2}
    assert file.prepared.unknown_columns == ()


def test_a_transaction_keeps_its_number_in_every_export_and_twins_get_two(tmp_path: Path) -> None:
    sales = account(options={"deliver": "orders", "date_style": "%d/%m/%Y"})
    later = SALE.replace("30/08", "31/08")
    first = read(export(tmp_path, SALE), sales).column("order_id")
    second = read(export(tmp_path, later, SALE, SALE), sales).column("order_id")
    assert set(first) < set(second)
    assert len(set(second)) == 3


def test_dates_are_read_as_the_file_decides_and_else_as_the_source_says(tmp_path: Path) -> None:
    american = SALE.replace("30/08/2026", "08/30/2026")
    assert read(export(tmp_path, american), account()).column("day") == [date(2026, 8, 30)]
    either = SALE.replace("30/08/2026", "03/08/2026")
    assert "date_style" in refusal(export(tmp_path, either), account()).advice
    declared = account(options={"date_style": "%m/%d/%Y"})
    assert read(export(tmp_path, either), declared).column("day") == [date(2026, 3, 8)]


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        (SALE.replace("Completed", "Refunded"), "Status", "'Refunded'"),
        (SALE.replace("Express Checkout", "Mobile"), "Type", "'Mobile Payment'"),
        (SALE.replace("BST", "IST"), "Time zone", "'IST'"),
        (SALE.replace("23:36:59", "25:00:00"), "Time zone", "'BST'"),
        (SALE.replace("1,213.45", "1,213.00"), "Net", "'1213.0000'"),
        (REFUND, "Type", "'Payment Refund'"),
    ],
)
def test_rows_that_break_the_contract_are_refused(tmp_path: Path, row: str, column: str, found: str) -> None:
    refused = refusal(export(tmp_path, SALE, row), account(options={"deliver": ["orders", "refunds"]}))
    assert (refused.line, refused.column, refused.found) == (3, column, found)


def test_a_type_without_a_meaning_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match=r"options\.types: 'Mobile Payment = sale' is not of the form"):
        account(options={"types": "Mobile Payment = sale"})


def test_the_attested_layout(shared_data: Path) -> None:
    path = shared_data.parent / "formats" / "accounting" / "paypal_activity_download_header.csv"
    file = read(path, account(options={"deliver": ["orders", "fees"]}))
    assert file.rows == {"orders": [], "ledger_entries": []}  # one purchase of the account's own, without a fee
    assert file.prepared.unknown_columns == ()
