"""Reading a file in a test: the way that loading takes, without a warehouse."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import Contract, build_contract
from kpi_pipeline.sources.files.diagnosis import diagnose
from kpi_pipeline.sources.files.reading import PreparedFile, prepare_file, verify_totals
from kpi_pipeline.sources.files.refused_file import RefusedFile

KEY = b"a key for tests"
# Never beside the file: shared files are only read.
SCRATCH = Path(tempfile.gettempdir()) / "kpi-pipeline-tests"


@dataclass(frozen=True)
class ReadFile:
    prepared: PreparedFile
    rows: dict[str, list[dict[str, Any]]]

    @property
    def only(self) -> list[dict[str, Any]]:
        return next(iter(self.rows.values()))

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.only]


def contract(system: str, **yaml: Any) -> Contract:
    if system.endswith("_api"):
        yaml.setdefault("pull", {"starts_on": "2026-01-01"})
    return build_contract("shop", Source.model_validate({"system": system, **yaml}, strict=False))


def read(path: Path, contract: Contract, scratch: Path = SCRATCH) -> ReadFile:
    """Run the query of every table, and compare the file's totals; all tests share DuckDB's default connection."""
    prepared = prepare_file(path, path.name, contract, hash_key=KEY, scratch=scratch)
    rows = {}
    duckdb.execute("set preserve_insertion_order = false")  # as in the warehouse
    for table in prepared.tables:
        result = duckdb.execute(table.query, prepared.parameters)
        names = [column[0] for column in result.description or []]
        rows[table.subject] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    first = rows[prepared.tables[0].subject]
    sums = {column: sum(row[column] or 0 for row in first) for column in prepared.control_totals}
    verify_totals(prepared, sums, len(first))
    if prepared.temporary:
        prepared.temporary.unlink()
    return ReadFile(prepared, rows)


def refusal(path: Path, contract: Contract, scratch: Path = SCRATCH) -> RefusedFile:
    """Return why a file is refused, by its head and tail or by its rows."""
    try:
        read(path, contract, scratch)
    except RefusedFile as refused:
        return refused
    except duckdb.Error as error:
        return diagnose(path, path.name, contract, error)
    pytest.fail("the file was accepted")


def write(folder: Path, content: str | bytes, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
