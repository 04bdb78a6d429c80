from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.sources.read_files import contract, read, refusal, write

LEDGER = "date,account_code,account_name,section,purpose,cost_kind,debit,credit,currency,period_start,period_end,memo\n"
RATES = "date,base,quote,rate\n"


def test_amounts_of_the_ledger_are_positive_in_their_natural_direction(tmp_path: Path) -> None:
    rows = (
        "2026-11-01,4400,Sales,revenue,,,0.00,1000.00,EUR,,,November\n"
        "2026-11-02,6600,Agency,opex,acquisition,service,250.00,,EUR,2026-11-01,2026-11-30,Retainer\n"
        "2026-11-03,5400,Goods,cogs,,,,20.00,EUR,,,Credit note\n"
        "2026-11-04,6700,Helpdesk,opex,service,tools,30.00,,EUR,,,\n"
    )
    file = read(write(tmp_path, LEDGER + rows), contract("ledger"))
    assert [(row["section"], row["purpose"], row["amount"]) for row in file.only] == [
        ("revenue", "", Decimal(1000)),
        ("opex", "acquisition", Decimal(250)),
        ("cogs", "", Decimal(-20)),
        ("opex", "service", Decimal(30)),
    ]
    assert [(row["period_start"], row["period_end"]) for row in file.only] == [
        (date(2026, 11, 1), date(2026, 11, 1)),
        (date(2026, 11, 1), date(2026, 11, 30)),
        (date(2026, 11, 3), date(2026, 11, 3)),
        (date(2026, 11, 4), date(2026, 11, 4)),
    ]


def test_a_ledger_with_the_least_columns(tmp_path: Path) -> None:
    content = "date;account_code;section;debit;credit\n2026-11-02;6600;opex;1.250,00;\n"
    german = contract("ledger", currency="EUR", decimal_separator=",", thousands_separator=".")
    (row,) = read(write(tmp_path, content), german).only
    assert (row["amount"], row["currency"], row["account_name"]) == (Decimal(1250), "EUR", "")


def test_the_basis_of_a_booking(tmp_path: Path) -> None:
    content = (
        "date,account_code,section,debit,credit,basis\n2026-11-02,6600,opex,1,,accrual\n2026-11-02,6600,opex,1,,\n"
    )
    assert read(write(tmp_path, content), contract("ledger", currency="EUR")).column("basis") == ["accrual", ""]
    refused = refusal(write(tmp_path, content.replace("accrual", "tax")), contract("ledger", currency="EUR"))
    assert (refused.line, refused.column, refused.found) == (2, "basis", "'tax'")


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        ("2026-11-02,6600,Agency,marketing,,,1,,EUR,,,\n", "section", "'marketing'"),
        ("2026-11-02,6600,Agency,opex,awareness,,1,,EUR,,,\n", "purpose", "'awareness'"),
        ("2026-11-02,6600,Agency,opex,,,1,,EUR,2026-11-30,2026-11-01,\n", "period_end", "'2026-11-01'"),
        ("2026-11-02,6600,Agency,opex,,,1,,,,,\n", "currency", "nothing"),
        ("2026-11-02,6600,Agency,opex,,,(5.00),,EUR,,,\n", "debit", "'(5.00)'"),
    ],
)
def test_postings_that_break_the_contract_are_refused(tmp_path: Path, row: str, column: str, found: str) -> None:
    refused = refusal(write(tmp_path, LEDGER + row), contract("ledger"))
    assert (refused.line, refused.column, refused.found) == (2, column, found)


def test_exchange_rates_keep_ten_decimals(tmp_path: Path) -> None:
    file = read(
        write(tmp_path, RATES + "2026-11-20,EUR,GBP,0.8428912345\n2026-11-20,EUR,IRR,1\n"), contract("fx_rates")
    )
    assert file.column("rate") == [Decimal("0.8428912345"), Decimal(1)]
    assert set(file.column("account_id")) == {""}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2026-11-20,EUR,GBP,0\n", "rate"),
        ("2026-11-20,EUR,GBP,-0.84\n", "rate"),
        ("2026-11-20,EUR,GBP,N/A\n", "rate"),
        ("2026-11-20,EUR,GBP,0.84289123456\n", "rate"),
        ("2026-11-20,euro,GBP,0.84\n", "base"),
        ("2026-11-20,EUR,,0.84\n", "quote"),
    ],
)
def test_rates_that_break_the_contract_are_refused(tmp_path: Path, row: str, column: str) -> None:
    refused = refusal(write(tmp_path, RATES + row), contract("fx_rates"))
    assert (refused.line, refused.column) == (2, column)
