import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

RECORD = {"id": "R1", "order": 77, "when": "2026-11-01", "sum": 12.5, "cur": "EUR", "note": "late", "extra": {"a": 1}}


def refunds(system: str, **yaml: Any) -> Contract:
    columns = {
        "refund_id": {"header": "id"},
        "order_id": {"header": "order"},
        "day": {"header": "when"},
        "amount": {"header": "sum"},
        "currency": {"header": "cur"},
        "reason": {"header": "note", "required": False},
    }
    return contract(system, subject="refunds", columns=columns, **yaml)


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_json_lines_become_canonical_columns(tmp_path: Path) -> None:
    file = read(write(tmp_path, lines(RECORD, {**RECORD, "note": None, "sum": "7.25"}) + "\n"), refunds("jsonl"))
    assert [(row["order_id"], row["day"], row["amount"], row["reason"]) for row in file.only] == [
        ("77", date(2026, 11, 1), Decimal("12.5"), "late"),
        ("77", date(2026, 11, 1), Decimal("7.25"), None),
    ]
    assert file.prepared.unknown_columns == ("extra",)
    assert not file.prepared.is_end_verifiable


@pytest.mark.parametrize(
    ("content", "line", "column", "found"),
    [
        (lines(RECORD, {**RECORD, "sum": "a lot"}), 2, "sum", "'a lot'"),
        (lines(RECORD, {**RECORD, "when": "01.11.2026"}), 2, "when", "'01.11.2026'"),
        (lines(RECORD, {key: value for key, value in RECORD.items() if key != "cur"}), 2, "cur", "nothing"),
        (lines({key: value for key, value in RECORD.items() if key != "sum"}), None, "sum", "the columns 'id'"),
        (lines(RECORD)[:-20], 1, None, "something that is not JSON"),
        (lines(RECORD, [1, 2]), 2, None, "list"),
        ("", None, None, "an empty file"),
    ],
)
def test_json_lines_that_break_the_contract_are_refused(
    tmp_path: Path, content: str, line: int | None, column: str | None, found: str
) -> None:
    refused = refusal(write(tmp_path, content), refunds("jsonl"))
    assert (refused.line, refused.column) == (line, column)
    assert refused.found.startswith(found)


def test_a_json_file_that_is_cut_far_behind_its_beginning_is_refused(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, (lines(RECORD) * 4000)[:-20]), refunds("jsonl"))
    assert refused.line in (4000, 4001)  # DuckDB names the line at which it noticed
    assert 'Malformed JSON in file "export.csv"' in refused.found


def parquet(folder: Path, **columns: pa.Array) -> Path:
    path = folder / "export.parquet"
    pq.write_table(pa.table(columns), path)
    return path


COLUMNS = {
    "id": pa.array(["R1"]),
    "order": pa.array([77]),
    "when": pa.array([date(2026, 11, 1)]),
    "sum": pa.array([Decimal("12.500000")], pa.decimal128(20, 6)),
    "cur": pa.array(["EUR"]),
}


def test_typed_parquet_columns_pass_the_same_conversions(tmp_path: Path) -> None:
    file = read(parquet(tmp_path, **COLUMNS), refunds("parquet"))
    (row,) = file.only
    assert (row["order_id"], row["day"], row["amount"], row["reason"]) == (
        "77",
        date(2026, 11, 1),
        Decimal("12.5"),
        None,
    )
    assert file.prepared.is_end_verifiable


def test_instants_in_parquet_keep_their_zone(tmp_path: Path) -> None:
    columns = {"at": {"header": "at", "type": "timestamp"}, "id": {"header": "id"}}
    expressions = dict.fromkeys(("order_id", "customer_key"), "id")
    expressions |= {"day": "at", "created_at": "at", "status": "'paid'", "gross_items": "0"}
    shop = contract(
        "parquet", columns=columns, currency="EUR", time_zone="Asia/Tehran", tables={"orders": {"columns": expressions}}
    )
    instant = datetime(2026, 11, 1, 22, 30)
    with_zone = parquet(tmp_path, id=pa.array(["1"]), at=pa.array([instant], pa.timestamp("us", tz="UTC")))
    assert read(with_zone, shop).column("created_at") == [instant]
    without_zone = parquet(tmp_path, id=pa.array(["1"]), at=pa.array([instant], pa.timestamp("ns")))
    assert read(without_zone, shop).column("created_at") == [datetime(2026, 11, 1, 19, 0)]


def test_parquet_files_that_break_the_contract_are_refused(tmp_path: Path) -> None:
    rounded = parquet(tmp_path, **{**COLUMNS, "sum": pa.array([12.345678])})
    assert refusal(rounded, refunds("parquet")).column == "sum"
    missing = parquet(tmp_path, **{name: column for name, column in COLUMNS.items() if name != "cur"})
    assert refusal(missing, refunds("parquet")).column == "cur"
    cut = write(tmp_path, parquet(tmp_path, **COLUMNS).read_bytes()[:-10])
    assert refusal(cut, refunds("parquet")).found == "a Parquet file that cannot be opened"
    assert refusal(write(tmp_path, "id,order\n"), refunds("parquet")).found == "a csv file"
