"""One table in every generic format, through the real ingest and with one mapping.

The mapping renames, gives a constant, scales, reads a date style, replaces values, computes and filters.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading.ingest import FileOutcome, ingest_source
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from tests.unit.sources.api.instants import AS_OF, NOW

HEADER = ("Beleg", "Datum", "Kunde", "Zustand", "Menge", "Preis (Toman)", "Provision (Micros)", "Notiz")
TABLE = (
    ("A1", "03.11.2026", "c-7", "bezahlt", "2", "1500", "2500000", "ok"),
    ("A1", "03.11.2026", "c-7", "bezahlt", "1", "700.5", "0", ""),
    ("B2", "04.11.2026", "c-8", "storniert", "4", "10", "125000", "n/a"),
    ("X9", "04.11.2026", "c-9", "entwurf", "1", "99", "1", "draft"),
)
THIRD, FOURTH = date(2026, 11, 3), date(2026, 11, 4)
# Rial: (2 x 1500 + 1 x 700.5) x 10; 4 x 10 x 10. The draft is no order.
ORDERS = [
    ("A1", THIRD, datetime(2026, 11, 3), "c-7", "paid", Decimal(37005), Decimal("2.5"), "IRR", "app", "ok"),
    ("B2", FOURTH, datetime(2026, 11, 4), "c-8", "cancelled", Decimal(400), Decimal("0.125"), "IRR", "app", None),
]
LINES = [
    ("A1", 1, THIRD, Decimal(2), Decimal(15000), Decimal(30000)),
    ("A1", 2, THIRD, Decimal(1), Decimal(7005), Decimal(7005)),
    ("B2", 1, FOURTH, Decimal(4), Decimal(100), Decimal(400)),
]
MAPPING: dict[str, Any] = {
    "currency": "IRR",
    "columns": {
        "number": {"header": "Beleg"},
        "written": {"header": "Datum", "type": "date", "style": "%d.%m.%Y"},
        "buyer": {"header": "Kunde"},
        "state": {"header": "Zustand", "values": {"bezahlt": "paid", "storniert": "cancelled"}},
        "pieces": {"header": "Menge", "type": "decimal"},
        "price": {"header": "Preis (Toman)", "type": "decimal", "scale": "10"},
        "fee": {"header": "Provision (Micros)", "type": "decimal", "scale": "0.000001"},
        "remark": {"header": "Notiz", "empty_as": ["n/a"]},
    },
    "tables": {
        "orders": {
            "where": "state <> 'entwurf'",
            "group_by": ["number"],
            "columns": {
                "order_id": "number",
                "day": "min(written)",
                "created_at": "min(written)",
                "customer_key": "max(buyer)",
                "status": "max(state)",
                "gross_items": "sum(pieces * price)",
                "discounts": "sum(fee)",
                "sales_channel": "'app'",
                "payment_method": "max(remark)",
            },
        },
        "order_lines": {
            "where": "state <> 'entwurf'",
            "columns": {
                "order_id": "number",
                "line_number": "row_number() over (partition by number order by file_row)",
                "day": "written",
                "quantity": "pieces",
                "unit_price": "price",
                "line_total": "pieces * price",
            },
        },
    },
}


def as_tsv(path: Path) -> None:
    path.write_text("".join("\t".join(row) + "\n" for row in (HEADER, *TABLE)), encoding="utf-8")


def as_csv_without_header(path: Path) -> None:
    path.write_text("".join(";".join(row) + "\n" for row in TABLE), encoding="utf-8")


def as_workbook(path: Path) -> None:
    """Write what people do: titles above, numbers as numbers, and real dates."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Belege im November"])
    sheet.append(list(HEADER))
    for number, written, buyer, state, pieces, price, fee, remark in TABLE:
        moment = datetime.strptime(written, "%d.%m.%Y")
        sheet.append([number, moment, buyer, state, int(pieces), float(price), int(fee), remark or None])
    workbook.save(path)


def as_json_lines(path: Path) -> None:
    records = [dict(zip(HEADER, row, strict=True)) for row in TABLE]
    texts = ("Beleg", "Datum", "Kunde", "Zustand", "Notiz")
    typed = [{key: text if key in texts else json.loads(text) for key, text in entry.items()} for entry in records]
    path.write_text("".join(json.dumps(entry) + "\n" for entry in typed), encoding="utf-8")


def as_parquet(path: Path) -> None:
    columns = dict(zip(HEADER, map(list, zip(*TABLE, strict=True)), strict=True))
    table = pa.table(columns)
    for name, data_type in (("Menge", pa.int32()), ("Preis (Toman)", pa.decimal128(12, 2)), (HEADER[6], pa.int64())):
        position = table.column_names.index(name)
        table = table.set_column(position, name, table.column(name).cast(data_type))
    pq.write_table(table, path)


FORMATS: dict[str, tuple[str, dict[str, Any], Callable[[Path], None]]] = {
    "tsv": ("export.tsv", {"system": "csv"}, as_tsv),
    "no_header": ("e.csv", {"system": "csv", "delimiter": ";", "header": list(HEADER)}, as_csv_without_header),
    "xlsx": ("export.xlsx", {"system": "xlsx"}, as_workbook),
    "jsonl": ("export.jsonl", {"system": "jsonl"}, as_json_lines),
    "parquet": ("export.parquet", {"system": "parquet"}, as_parquet),
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDbEngine]:
    engine = DuckDbEngine(tmp_path / "warehouse.duckdb")
    prepare_meta(engine)
    prepare_raw_tables(engine)
    yield engine
    engine.close()


def ingested(engine: DuckDbEngine, name: str, folder: Path, mapping: dict[str, Any]) -> FileOutcome:
    """Write the table into the inbox of a source, and ingest it."""
    file_name, settings, write = FORMATS[name]
    paths = Paths(config=folder / "config", sql=folder / "sql", data=folder)
    (paths.inbox / "till").mkdir(parents=True)
    write(paths.inbox / "till" / file_name)
    with CustodyLedger(paths.custody_ledger) as ledger:
        report = ingest_source(
            "till",
            Source.model_validate(settings | mapping, strict=False),
            engine=engine,
            ledger=ledger,
            paths=paths,
            as_of=AS_OF,
            now=NOW,
            hash_key=None,
            settle_seconds=0,
        )
    (outcome,) = report.files
    return outcome


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_rows(name: str, engine: DuckDbEngine, tmp_path: Path) -> None:
    assert ingested(engine, name, tmp_path, MAPPING).problem is None
    orders = engine.connection.execute(
        "select order_id, day, created_at, customer_key, status, gross_items, discounts, currency, sales_channel,"
        " payment_method from raw.orders order by order_id"
    )
    assert orders.fetchall() == ORDERS
    lines = engine.connection.execute(
        "select order_id, line_number, day, quantity, unit_price, line_total from raw.order_lines order by 1, 2"
    )
    assert lines.fetchall() == LINES


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_refused_for_the_same_value(name: str, engine: DuckDbEngine, tmp_path: Path) -> None:
    columns = MAPPING["columns"] | {"pieces": {"header": "Notiz", "type": "decimal"}}
    outcome = ingested(engine, name, tmp_path, MAPPING | {"columns": columns})
    assert outcome.state == "quarantined"
    assert "column 'Notiz': found 'ok'" in str(outcome.problem)
    assert engine.connection.execute("select count(*) from raw.orders").fetchall() == [(0,)]


@pytest.mark.parametrize("name", FORMATS)
def test_the_short_form_takes_constants_for_every_row(name: str, engine: DuckDbEngine, tmp_path: Path) -> None:
    mapping = {
        "subject": "refunds",
        "columns": {
            "refund_id": {"header": "Provision (Micros)"},
            "order_id": {"header": "Beleg"},
            "day": {"header": "Datum", "style": "%d.%m.%Y"},
            "amount": {"header": "Preis (Toman)", "scale": "10"},
        },
        "constants": {"currency": "IRR", "reason": "recall"},
    }
    assert ingested(engine, name, tmp_path, mapping).problem is None
    rows = engine.connection.execute("select refund_id, day, amount, currency, reason from raw.refunds order by 1")
    assert rows.fetchall() == [
        ("0", THIRD, Decimal(7005), "IRR", "recall"),
        ("1", FOURTH, Decimal(990), "IRR", "recall"),
        ("125000", FOURTH, Decimal(100), "IRR", "recall"),
        ("2500000", THIRD, Decimal(15000), "IRR", "recall"),
    ]
