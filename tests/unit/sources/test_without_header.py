"""Tables without a header line, whose columns the configuration names."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

COLUMNS = {
    "order_id": {"header": "number"},
    "customer_key": {"header": "customer"},
    "day": {"header": "date", "style": "%Y%m%d"},
    "created_at": {"header": "date", "style": "%Y%m%d"},
    "gross_items": {"header": "dollars"},
}
HEADER = ["number", "customer", "date", "discs", "dollars"]


def purchases(**yaml: Any) -> Contract:
    settings = {"currency": "USD", "subject": "orders", "columns": COLUMNS, "constants": {"status": "paid"}}
    return contract("csv", **{**settings, "header": HEADER, **yaml})


def test_columns_are_separated_by_runs_of_spaces(tmp_path: Path) -> None:
    path = write(tmp_path, " 0001 00004 20260101  2   29.33\n\n0002  00004 20260118 11    0.00 \n")
    file = read(path, purchases(delimiter=" "))
    assert [(row["order_id"], row["customer_key"], row["day"], row["gross_items"]) for row in file.only] == [
        ("0001", "00004", date(2026, 1, 1), Decimal("29.33")),
        ("0002", "00004", date(2026, 1, 18), Decimal("0.00")),
    ]
    assert file.prepared.unknown_columns == ()


def test_lines_that_are_equal_are_rows_of_their_own(tmp_path: Path) -> None:
    tables = {
        "orders": {
            "columns": {
                "order_id": "cast(file_row as varchar)",
                "day": "day",
                "created_at": "day",
                "customer_key": "customer_key",
                "status": "'paid'",
            }
        }
    }
    columns = {"customer_key": {"header": "customer"}, "day": {"header": "date", "type": "date", "style": "%Y%m%d"}}
    twice = contract("csv", currency="USD", delimiter=" ", header=HEADER, columns=columns, tables=tables)
    file = read(write(tmp_path, "0001 7 20260101 2 29.33\n" * 2), twice)
    assert sorted(file.column("order_id")) == ["1", "2"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_are_separated_by_a_character(tmp_path: Path, delimiter: str) -> None:
    cells = ["0001", '"Ada, Eva; Ida"', "20260101", "2", "29.33"]
    settings = {} if delimiter == "," else {"delimiter": delimiter}
    (row,) = read(write(tmp_path, delimiter.join(cells) + "\n"), purchases(**settings)).only
    assert (row["customer_key"], row["gross_items"]) == ("Ada, Eva; Ida", Decimal("29.33"))


def test_a_mark_at_the_beginning_and_another_encoding_are_taken_away(tmp_path: Path) -> None:
    content = "0001 Zoë 20260101 2 29.33\n"
    for encoding, settings in (("utf-8-sig", {}), ("cp1252", {"encoding": "cp1252"}), ("utf-16", {})):
        (row,) = read(write(tmp_path, content.encode(encoding)), purchases(delimiter=" ", **settings)).only
        assert (row["order_id"], row["customer_key"]) == ("0001", "Zoë")
    refused = refusal(write(tmp_path, ("1 2 20260101 2 1.00\n" + content).encode("cp1252")), purchases(delimiter=" "))
    assert (refused.line, refused.expected) == (2, "UTF-8")


@pytest.mark.parametrize("delimiter", [" ", ","])
def test_rows_of_another_width_are_refused(tmp_path: Path, delimiter: str) -> None:
    lines = ["0001 7 20260101 2 29.33", "0002 7 20260101 2"]
    content = "\n".join(line.replace(" ", delimiter) for line in lines) + "\n"
    refused = refusal(write(tmp_path, content), purchases(delimiter=delimiter))
    assert (refused.line, refused.column, refused.found) == (2, "dollars", "4 cells")
    longer = refusal(write(tmp_path, content.replace("\n", f"{delimiter}9\n", 1)), purchases(delimiter=delimiter))
    assert (longer.line, longer.column, longer.found) == (1, None, "6 cells")


def test_a_value_is_refused_with_its_line(tmp_path: Path) -> None:
    content = "0001 7 20260101 2 29.33\n0002 7 20260132 2 1.00\n"
    refused = refusal(write(tmp_path, content), purchases(delimiter=" "))
    assert (refused.line, refused.column, refused.found) == (2, "date", "'20260132'")


def test_a_file_that_has_a_header_line_after_all_is_refused(tmp_path: Path) -> None:
    content = "Number,Customer,Date,Units,USD\n0001,7,20260101,2,29.33\n"
    refused = refusal(write(tmp_path, content), purchases())
    assert (refused.line, refused.found) == (1, "a line with names of columns")


def test_a_cut_or_empty_file_is_refused(tmp_path: Path) -> None:
    content = "0001 7 20260101 2 29.33\n0002 7 20260101 2 1.00"
    assert refusal(write(tmp_path, content), purchases(delimiter=" ")).found == "no line break after the last row"
    assert len(read(write(tmp_path, content), purchases(delimiter=" ", final_line_break=False)).only) == 2
    assert refusal(write(tmp_path, "\n \n"), purchases(delimiter=" ")).found == "an empty file"


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ({"header": []}, "delimiter: runs of spaces need header"),
        ({"header": [*HEADER, "Date"]}, "header: names a column twice"),
        ({"lines_before_header": 1}, "lines_before_header: contradicts header"),
        ({"header": ["number", "customer", "date", "dollar"]}, r"columns\.gross_items\.header: unknown 'dollars'"),
    ],
)
def test_contradictions_are_configuration_errors(yaml: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        purchases(**{"delimiter": " ", **yaml})


def test_only_text_files_lack_a_header() -> None:
    settings = {"currency": "USD", "subject": "orders", "columns": COLUMNS, "constants": {"status": "paid"}}
    with pytest.raises(ConfigurationError, match="header: parquet files name their columns"):
        contract("parquet", header=HEADER, **settings)
