"""Damaged exports by the thousand: read as a second parser reads them, or refused with line and column."""

import os
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.sources.files.diagnosis import diagnose
from kpi_pipeline.sources.files.refused_file import RefusedFile
from tests.fault_figures import note_figures
from tests.unit.sources.mutated_files import Export, exports, mutated
from tests.unit.sources.read_files import ReadFile, read
from tests.unit.sources.second_parser import second_reading

# ``make faults`` sets it to 10000.
MUTATIONS = int(os.environ.get("KPI_MUTATIONS", "250"))

Row = dict[str, Any]
COMPARED: dict[str, Callable[[Row], tuple[Any, ...]]] = {
    "google_ads": lambda row: _ads(row),
    "meta_ads": lambda row: _ads(row),
    "shopify_orders": lambda row: (row["product_name"], row["quantity"], row["unit_price"], row["line_discount"]),
    "csv": lambda row: (row["refund_id"], row["order_id"], row["day"], row["amount"], row["reason"] or ""),
    "ga4_exploration": lambda row: (row["day"], row["channel"], row["device"], row["sessions"], row["events"]),
    "ledger": lambda row: (
        *(row["day"], row["account_code"], row["section"], row["currency"], row["memo"] or "", row["amount"]),
    ),
}


def _ads(row: Row) -> tuple[Any, ...]:
    names = ("day", "campaign_id", "campaign_name", "currency", "cost", "impressions")
    return (*(row[name] for name in names), row["clicks"] if row["platform"] == "google_ads" else row["link_clicks"])


def compared_rows(export: Export, file: ReadFile) -> list[tuple[Any, ...]]:
    if export.system == "shopify_orders":
        orders = [(row["order_number"], row["created_at"], row["total"]) for row in file.rows["orders"]]
        return [*map(COMPARED[export.system], file.rows["order_lines"]), *orders]
    return list(map(COMPARED[export.system], file.only))


def same(ours: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> bool:
    """Compare numbers by value and an empty text with a missing one."""

    def plain(value: Any) -> Any:
        return Decimal(str(value)).normalize() + 0 if isinstance(value, int | float | Decimal) else value or ""

    def comparable(rows: list[tuple[Any, ...]]) -> list[str]:
        return sorted(repr(list(map(plain, row))) for row in rows)

    return comparable(ours) == comparable(theirs)


def outcome(path: Path, export: Export) -> ReadFile | RefusedFile:
    try:
        return read(path, export.contract)
    except RefusedFile as refused:
        return refused
    except duckdb.Error as error:
        return diagnose(path, path.name, export.contract, error)


@pytest.mark.parametrize("export", exports(), ids=lambda export: export.system)
def test_the_exports_themselves_are_read_by_both(tmp_path: Path, export: Export) -> None:
    path = tmp_path / "export.csv"
    path.write_text(export.content, newline="")
    file = outcome(path, export)
    assert isinstance(file, ReadFile), file
    assert len(compared_rows(export, file)) >= 12
    assert same(compared_rows(export, file), second_reading(path.read_bytes(), export.system))


def test_mutated_files_are_read_as_a_second_parser_reads_them_or_refused_with_their_place(tmp_path: Path) -> None:
    path, systems = tmp_path / "export.csv", exports()
    counts: Counter[str] = Counter()
    placeless: Counter[str] = Counter()
    for number in range(MUTATIONS):
        export = systems[number % len(systems)]
        content = mutated(export, number)
        path.write_bytes(content)
        result = outcome(path, export)
        if isinstance(result, ReadFile):
            counts["accepted"] += 1
            ours, theirs = compared_rows(export, result), second_reading(content, export.system)
            assert same(ours, theirs), f"{export.system} {number}"
        elif result.line is not None and result.column is not None:
            counts["placed"] += 1
        else:
            placeless[result.found[:60]] += 1
    refused = counts["placed"] + placeless.total()
    note_figures("mutations", **counts, placeless=placeless.total())
    assert counts["accepted"] > 0.2 * MUTATIONS
    assert refused > 0.3 * MUTATIONS
    assert placeless.total() <= 0.01 * refused, placeless
