"""DuckDB 1.5 beside the locked 2.0: what each reads and continues of the other's files.

``KPI_DUCKDB_15`` names a Python interpreter that has DuckDB 1.5; without it, these tests skip.
"""

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.publish import publish_snapshot
from kpi_pipeline.warehouse.snapshot_file import PublishedTable
from kpi_pipeline.warehouse.space import rewrite

pytestmark = pytest.mark.slow

ASK = """
import duckdb, json, os, sys
path, access = sys.argv[1:3]
connection = duckdb.connect(path, read_only=access == "read")
for statement in sys.argv[3:]:
    rows = connection.execute(statement).fetchall()
print(json.dumps([duckdb.__version__, rows], default=str), flush=True)
os._exit(0)  # without closing: what is not checkpointed stays in the write-ahead log
"""
VALUES = "select n, cast(n as decimal(18, 4)) / 3 as value, date '2026-01-05' + n as day from range(5000) as t(n)"
VALUES = VALUES.replace("+ n as", "+ cast(n as integer) as")
CHECKSUM = "select count(*), sum(n), min(day), max(day), sum(hash(n, value, day)) from kpi.values"


@pytest.fixture(scope="module")
def older() -> Callable[..., list[object]]:
    """Return a function that runs statements on a file with DuckDB 1.5 and returns the rows of the last one."""
    interpreter = os.environ.get("KPI_DUCKDB_15")
    if interpreter is None:
        pytest.skip("KPI_DUCKDB_15 names no interpreter with DuckDB 1.5")

    def ask(path: Path, *statements: str, access: str = "read") -> list[object]:
        told = subprocess.run(
            [interpreter, "-c", ASK, str(path), access, *statements], capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stderr
        version, rows = json.loads(told.stdout)
        assert version.startswith("1.5.")
        return list(map(tuple, rows))

    return ask


def rows(engine: DuckDbEngine, query: str) -> list[tuple[object, ...]]:
    return [tuple(map(str, row.values())) for row in engine.read(query).to_pylist()]


def as_text(found: list[object]) -> list[tuple[object, ...]]:
    return [tuple(map(str, row)) for row in found]  # type: ignore[call-overload]


def test_published_files_of_the_locked_version_are_read(older: Callable[..., list[object]], tmp_path: Path) -> None:
    notes = {"n": "a number", "value": "its third", "day": "a day"}
    table = PublishedTable("kpi.values", VALUES, "Values.", notes)
    with closing(DuckDbEngine(tmp_path / "warehouse.duckdb")) as engine:
        prepare_meta(engine)
        file = publish_snapshot(engine, tmp_path / "published", "a", {"internal": [table]}, keep=3)["internal"]
    with closing(DuckDbEngine(file, read_only=True)) as engine:
        expected = rows(engine, CHECKSUM)
    assert as_text(older(file, CHECKSUM)) == expected
    assert older(tmp_path / "published" / "internal.duckdb", "select comment from duckdb_tables()") == [("Values.",)]


def test_a_warehouse_of_the_locked_version_is_opened_and_continued(
    older: Callable[..., list[object]], tmp_path: Path
) -> None:
    path = tmp_path / "warehouse.duckdb"
    with closing(DuckDbEngine(path)) as engine:
        prepare_meta(engine)
        engine.replace_table("kpi.values", VALUES)
        expected = rows(engine, CHECKSUM)
    assert as_text(older(path, CHECKSUM)) == expected
    older(path, "delete from kpi.values where n < 10", "checkpoint", access="write")
    with closing(DuckDbEngine(path)) as engine:
        assert rows(engine, "select count(*) from kpi.values") == [("4990",)]
    rewrite(path)
    assert older(path, "select count(*) from kpi.values") == [(4990,)]


def test_a_warehouse_of_the_older_version_is_opened_continued_and_still_read_by_it(
    older: Callable[..., list[object]], tmp_path: Path
) -> None:
    path = tmp_path / "warehouse.duckdb"
    older(path, "create schema kpi", f"create table kpi.values as {VALUES}", "checkpoint", access="write")
    older(path, "insert into kpi.values values (-1, 0, date '2026-01-01')", access="write")
    assert path.with_name("warehouse.duckdb.wal").exists()
    with closing(DuckDbEngine(path)) as engine:
        prepare_meta(engine)
        assert rows(engine, "select count(*), min(n) from kpi.values") == [("5001", "-1")]
        with engine.transaction():
            engine.run("delete from kpi.values where n >= 4000")
        engine.replace_table("core.numbers", "select n from range(10) as t(n)")
    assert older(path, "select count(*) from kpi.values") == [(4001,)]
    assert older(path, "select count(*) from core.numbers") == [(10,)]
