from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

HEADER = (
    "balance_transaction_id,created_utc,available_on_utc,currency,gross,fee,net,reporting_category,source_id,"
    "description,charge_id\r\n"
)
CHARGE = "txn_1,2026-11-04 10:02:11,2026-11-06 00:00:00,eur,600.00,8.70,591.30,charge,ch_1,Order 41,ch_1\r\n"
REFUND = "txn_2,2026-11-20 23:12:45,2026-11-21 00:00:00,eur,-20.00,0.00,-20.00,refund,re_1,Order 41,ch_1\r\n"
OWN_FEE = "txn_3,2026-11-30 23:59:59,2026-11-30 00:00:00,eur,-2.00,0.00,-2.00,fee,,Radar,\r\n"
PAYOUT = "txn_4,2026-11-21 00:00:00,2026-11-21 00:00:00,eur,-569.30,0.00,-569.30,payout,po_1,,\r\n"


def account(**yaml: Any) -> Contract:
    return contract("stripe_balance", **{"account_id": "acct", "time_zone": "Europe/Berlin", **yaml})


def test_a_refund_later_than_its_charge(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf" + (HEADER + CHARGE + REFUND + OWN_FEE + PAYOUT).encode())
    file = read(path, account())
    assert set(file.rows) == {"refunds"}
    (refund,) = file.only
    assert (refund["refund_id"], refund["order_id"], refund["amount"]) == ("re_1", "ch_1", Decimal(20))
    assert (refund["refunded_at"], refund["day"]) == (datetime(2026, 11, 20, 23, 12, 45), date(2026, 11, 21))
    assert (refund["currency"], refund["is_estimated_date"]) == ("EUR", False)
    assert file.prepared.unknown_columns == ()


def test_fees_on_charges_and_of_stripe_itself(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + CHARGE + REFUND + OWN_FEE + PAYOUT)
    file = read(path, account(options={"deliver": "fees"}))
    assert [(row["day"], row["amount"], row["cost_kind"]) for row in file.rows["ledger_entries"]] == [
        (date(2026, 11, 4), Decimal("8.70"), "fees"),
        (date(2026, 12, 1), Decimal(2), "fees"),
    ]


def test_a_report_without_charges_names_no_order(tmp_path: Path) -> None:
    lines = [line.rpartition(",")[0] + "\n" for line in (HEADER.strip(), REFUND.strip())]
    assert read(write(tmp_path, "".join(lines)), account()).column("order_id") == ["unknown:txn_2"]


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        (REFUND.replace("0.00,-20.00,refund", "0.00,-19.00,refund"), "net", "'-19.0000'"),
        (REFUND.replace("-20.00", "20.00"), "gross", "'20.0000'"),
        (REFUND.replace("2026-11-20 23", "20/11/2026 23"), "created_utc", "'20/11/2026 23:12:45'"),
    ],
)
def test_rows_that_break_the_contract_are_refused(tmp_path: Path, row: str, column: str, found: str) -> None:
    refused = refusal(write(tmp_path, HEADER + CHARGE + row), account())
    assert (refused.line, refused.column, refused.found) == (3, column, found)


def test_the_list_of_all_balance_transactions_is_another_report(tmp_path: Path) -> None:
    path = write(tmp_path, '"ID","Type","Source","Amount","Fee","Net","Currency","Created (UTC)"\n')
    assert "balance_transaction_id" in refusal(path, account()).expected


def test_the_attested_layout(shared_data: Path) -> None:
    path = shared_data.parent / "formats" / "stripe" / "fixture_balance_change_from_activity_itemized.csv"
    file = read(path, account(options={"deliver": ["refunds", "fees"]}, final_line_break=False))
    assert [(row["refund_id"], row["amount"]) for row in file.rows["refunds"]] == [("re_3Q3", Decimal(20))]
    assert sum(row["amount"] for row in file.rows["ledger_entries"]) == Decimal("14.50")
    assert file.prepared.unknown_columns == ()
