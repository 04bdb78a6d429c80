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

COLUMNS = [
    *("id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Captured", "Converted Amount"),
    *("Converted Currency", "Fee", "Status", "Customer ID", "Customer Email"),
]
PAYMENT = {"id": "ch_1", "Created date (UTC)": "2026-11-04 23:17:09", "Amount": "15.00", "Amount Refunded": "0.00"}
PAYMENT |= {"Currency": "usd", "Captured": "true", "Converted Amount": "534.80", "Converted Currency": "thb"}
PAYMENT |= {"Fee": "35.40", "Status": "Paid", "Customer ID": "", "Customer Email": "Ada@example.com"}


def export(folder: Path, *payments: dict[str, str], columns: list[str] = COLUMNS) -> Path:
    rows = [",".join((PAYMENT | payment).get(column, "") for column in columns) for payment in payments]
    return write(folder, "\n".join([",".join(columns), *rows]) + "\n")


def account(**yaml: Any) -> Contract:
    return contract("stripe_payments", **{"account_id": "acct", **yaml})


def test_a_payment_in_dollars_with_a_fee_in_baht(tmp_path: Path) -> None:
    everything = account(time_zone="Asia/Bangkok", options={"deliver": ["orders", "fees"]})
    file = read(export(tmp_path, {}), everything)
    (order,) = file.rows["orders"]
    assert (order["order_id"], order["created_at"]) == ("ch_1", datetime(2026, 11, 4, 23, 17, 9))
    assert order["day"] == date(2026, 11, 5)  # in Bangkok
    assert (order["gross_items"], order["total"], order["currency"]) == (Decimal(15), Decimal(15), "USD")
    assert order["customer_key"] == hmac.new(KEY, b"ada@example.com", hashlib.sha256).hexdigest()[:32]
    (fee,) = file.rows["ledger_entries"]
    assert (fee["amount"], fee["currency"], fee["day"]) == (Decimal("35.40"), "THB", date(2026, 11, 5))
    assert (fee["section"], fee["cost_kind"], fee["purpose"]) == ("opex", "fees", "")


def test_only_orders_are_delivered_unless_more_is_asked_for(tmp_path: Path) -> None:
    assert set(read(export(tmp_path, {}), account()).rows) == {"orders"}


def test_a_currency_without_cents_is_in_major_units_too(tmp_path: Path) -> None:
    path = export(tmp_path, {"Amount": "1500", "Currency": "jpy", "Amount Refunded": "0"})
    assert [(row["total"], row["currency"]) for row in read(path, account()).only] == [(Decimal(1500), "JPY")]


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ({}, "paid"),
        ({"Amount Refunded": "5.00"}, "partially_refunded"),
        ({"Amount Refunded": "15.00", "Status": "Refunded"}, "refunded"),
        ({"Status": "Failed", "Captured": "false"}, "failed"),
        ({"Status": "Requires payment method"}, "failed"),
        ({"Status": "Canceled"}, "cancelled"),
        ({"Captured": "false"}, "failed"),
        ({"Status": "Disputed"}, "paid"),
    ],
)
def test_states(tmp_path: Path, cells: dict[str, str], status: str) -> None:
    known = account(options={"statuses": "Disputed = paid"})
    assert read(export(tmp_path, cells), known).column("status") == [status]


def test_customers_without_an_address(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        {"id": "ch_1", "Customer ID": "cus_1"},
        {"id": "ch_2", "Customer Email": ""},
    )
    assert read(path, account()).column("customer_key") == ["cus_1", "guest:ch_2"]


def test_a_refund_counts_when_it_was_given(tmp_path: Path) -> None:
    columns = [*COLUMNS, "Refunded date (UTC)"]
    path = export(
        tmp_path,
        {"id": "ch_1", "Amount Refunded": "5.00", "Refunded date (UTC)": "2026-11-20 10:00:00"},
        {"id": "ch_2"},
        columns=columns,
    )
    (refund,) = read(path, account(options={"deliver": "refunds"})).only
    assert (refund["refund_id"], refund["order_id"]) == ("ch_1:refunded", "ch_1")
    assert (refund["day"], refund["refunded_at"]) == (date(2026, 11, 20), datetime(2026, 11, 20, 10))
    assert (refund["amount"], refund["currency"], refund["is_estimated_date"]) == (Decimal(5), "USD", False)


def test_a_refund_without_a_date_is_refused_or_counted_on_the_day_of_the_payment(tmp_path: Path) -> None:
    path = export(tmp_path, {}, {"id": "ch_2", "Amount Refunded": "5.00"})
    refused = refusal(path, account(options={"deliver": ["orders", "refunds"]}))
    assert (refused.line, refused.column, refused.found) == (3, "Amount Refunded", "'5.0000'")
    assert "refunds: estimated" in refused.advice
    (refund,) = read(path, account(options={"deliver": "refunds", "refunds": "estimated"})).only
    assert (refund["day"], refund["refunded_at"], refund["is_estimated_date"]) == (date(2026, 11, 4), None, True)


def test_an_export_in_the_accounts_own_zone(tmp_path: Path) -> None:
    columns = ["Created date" if column == "Created date (UTC)" else column for column in COLUMNS]
    path = export(tmp_path, {"Created date": "2026-11-05 00:30:00"}, columns=columns)
    (order,) = read(path, account(time_zone="Europe/Berlin")).only
    assert (order["created_at"], order["day"]) == (datetime(2026, 11, 4, 23, 30), date(2026, 11, 5))


def test_a_test_payment(tmp_path: Path) -> None:
    path = export(tmp_path, {"Mode": "Test"}, columns=[*COLUMNS, "Mode"])
    assert read(path, account()).column("is_test") == [True]


@pytest.mark.parametrize(
    ("cells", "column", "found"),
    [
        ({"Status": "Disputed"}, "Status", "'Disputed'"),
        ({"id": "1.22158E+17"}, "id", "'1.22158E+17'"),
        ({"Amount Refunded": "15.01"}, "Amount Refunded", "'15.0100'"),
        ({"Currency": ""}, "Currency", "nothing"),
        ({"Created date (UTC)": "02/04/2026"}, "Created date (UTC)", "'02/04/2026'"),
        ({"Amount": '"15,00"'}, "Amount", "'15,00'"),
    ],
)
def test_rows_that_break_the_contract_are_refused(
    tmp_path: Path, cells: dict[str, str], column: str, found: str
) -> None:
    refused = refusal(export(tmp_path, {}, {"id": "ch_2"} | cells), account())
    assert (refused.line, refused.column, refused.found) == (3, column, found)


def test_an_unknown_delivery_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match=r"options\.deliver: unknown 'payouts'"):
        account(options={"deliver": "payouts"})


def test_the_real_exports(shared_data: Path) -> None:
    folder = shared_data.parent / "formats" / "stripe"
    short = read(folder / "unified_payments_21col_redacted.csv", account(final_line_break=False))
    assert (len(short.only), sum(short.column("total")), set(short.column("status"))) == (6, Decimal(240), {"paid"})
    assert set(short.column("currency")) == {"USD"}
    full = read(folder / "unified_payments_79col_header.csv", account(final_line_break=False))
    assert (full.only, short.prepared.unknown_columns, full.prepared.unknown_columns) == ([], (), ())
