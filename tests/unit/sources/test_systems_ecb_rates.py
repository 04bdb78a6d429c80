from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

HEADER = "Date,USD,JPY,CYP,GBP,TRY,\n"
MONDAY = "2026-11-23,1.0871,168.42,N/A,0.84213,44.9012,\n"
FRIDAY = "2026-11-20,1.0853,168.11,N/A,0.84289,N/A,\n"


def rates(*currencies: str, **yaml: Any) -> Contract:
    return contract("ecb_rates", options={"currencies": list(currencies)}, **yaml)


def test_columns_become_rows_and_no_weekend_is_filled_in(tmp_path: Path) -> None:
    file = read(write(tmp_path, HEADER + MONDAY + FRIDAY), rates("USD", "TRY"))
    assert sorted((row["day"], row["base"], row["quote"], row["rate"]) for row in file.only) == [
        (date(2026, 11, 20), "EUR", "USD", Decimal("1.0853")),
        (date(2026, 11, 23), "EUR", "TRY", Decimal("44.9012")),
        (date(2026, 11, 23), "EUR", "USD", Decimal("1.0871")),
    ]
    assert file.prepared.unknown_columns == ()


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        (FRIDAY.replace("1.0853", "0"), "USD", "'0.0000000000'"),
        (FRIDAY.replace("1.0853", '"1,0853"'), "USD", "'1,0853'"),
        (FRIDAY.replace("2026-11-20", "20 November 2026"), "Date", "'20 November 2026'"),
        (FRIDAY.replace("N/A,\n", "N/A\n"), "TRY", "6 cells"),
    ],
)
def test_rates_that_break_the_contract_are_refused(tmp_path: Path, row: str, column: str, found: str) -> None:
    refused = refusal(write(tmp_path, HEADER + MONDAY + row), rates("USD"))
    assert (refused.line, refused.column, refused.found) == (3, column, found)


def test_a_currency_that_the_file_lacks_is_missing(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, HEADER + MONDAY), rates("CHF")).column == "CHF"


@pytest.mark.parametrize(("currencies", "message"), [((), "is missing"), (("IRR",), "unknown 'IRR'")])
def test_the_currencies_must_be_named(currencies: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"options\.currencies: {message}"):
        rates(*currencies)
