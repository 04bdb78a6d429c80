"""A new file that starts as a copy of the former one holds what a file written from nothing would hold."""

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from kpi_pipeline.warehouse import snapshot_file
from kpi_pipeline.warehouse.changes import prepare_meta, record_changes
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.publish import publish_snapshot
from kpi_pipeline.warehouse.snapshot import open_snapshot
from kpi_pipeline.warehouse.snapshot_file import PublishedTable

FIRST = date(2026, 1, 1)
NOTES = {"day": "day", "value": "value"}
FACTS = PublishedTable("core.facts", "select day, value from core.facts", "Facts.", NOTES, is_copy=True)
NAMES = PublishedTable("core.names", "select name from core.names", "Names.", {"name": "name"}, is_copy=True)
SMALL = PublishedTable("kpi.small", "select count(*) as n from core.facts", "Small.", {"n": "n"})


@pytest.fixture
def engine(tmp_path: Path) -> DuckDbEngine:
    opened = DuckDbEngine(tmp_path / "warehouse.duckdb")
    prepare_meta(opened)
    opened.run("create schema core")
    rows = f"select date '{FIRST}' + cast(i % 50 as integer) as day, i as value from range(5000) as numbers(i)"
    opened.run(f"create table core.facts as {rows}")
    opened.run("create table core.names as select 'a' as name")
    return opened


def change(engine: DuckDbEngine, days: list[date], value: int) -> None:
    with engine.transaction():
        listed = ", ".join(f"date '{day}'" for day in days)
        engine.run(f"delete from core.facts where day in ({listed}) and value % 3 = 0")
        engine.run(f"insert into core.facts select day, {value} from (select unnest([{listed}]) as day)")
        record_changes(engine, "core.facts", days)


def rows(file: Path, table: str) -> list[tuple[object, ...]]:
    with closing(open_snapshot(file)) as connection:
        return connection.execute(f"select * from {table} order by all").fetchall()


def publish(engine: DuckDbEngine, folder: Path, name: str, tables: list[PublishedTable]) -> Path:
    return publish_snapshot(engine, folder, name, {"internal": tables}, keep=3)["internal"]


def test_files_made_one_from_the_other_equal_files_made_from_nothing(engine: DuckDbEngine, tmp_path: Path) -> None:
    chance, tables = Random(1), [FACTS, NAMES, SMALL]
    publish(engine, tmp_path / "chain", "s0", tables)
    for number in range(1, 12):
        days = [FIRST + timedelta(days=day) for day in chance.sample(range(60), chance.randint(1, 4))]
        change(engine, days, 100_000 + number)
        if number == 5:
            with engine.transaction():
                engine.run("insert into core.names values ('b')")
                record_changes(engine, "core.names", None)
        chained = publish(engine, tmp_path / "chain", f"s{number}", tables)
        alone = publish(engine, tmp_path / f"alone{number}", f"s{number}", tables)
        for table in ("core.facts", "core.names", "kpi.small"):
            assert rows(chained, table) == rows(alone, table), (number, table)


def test_unchanged_days_are_not_written_again(
    engine: DuckDbEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(engine, tmp_path / "out", "s0", [FACTS, NAMES, SMALL])
    written: list[str] = []
    whole = snapshot_file._write_table
    monkeypatch.setattr(
        snapshot_file, "_write_table", lambda engine, table: (written.append(table.name), whole(engine, table))
    )
    change(engine, [FIRST], 7)
    publish(engine, tmp_path / "out", "s1", [FACTS, NAMES, SMALL])
    assert written == ["kpi.small"]


def test_change_that_nobody_recorded_is_noticed(engine: DuckDbEngine, tmp_path: Path) -> None:
    publish(engine, tmp_path / "out", "s0", [FACTS, SMALL])
    engine.run("delete from core.facts where value = 1")
    with pytest.raises(Exception, match="expected the tables and rows"):
        publish(engine, tmp_path / "out", "s1", [FACTS, SMALL])


def test_other_queries_or_notes_are_written_from_nothing(engine: DuckDbEngine, tmp_path: Path) -> None:
    publish(engine, tmp_path / "out", "s0", [FACTS])
    other = replace(FACTS, description="Other words.")
    file = publish(engine, tmp_path / "out", "s1", [other])
    with closing(open_snapshot(file)) as connection:
        assert connection.execute("select comment from duckdb_tables()").fetchall() == [("Other words.",)]


def test_file_without_copied_tables_never_starts_from_a_former_one(engine: DuckDbEngine, tmp_path: Path) -> None:
    """Bytes of rows that were deleted would still stand in it."""
    secret = "a text that must not stay"
    engine.run(f"create table core.secret as select '{secret}' as text from range(1000)")
    table = PublishedTable("kpi.secret", "select text from core.secret", "Secret.", {"text": "text"})
    first = publish(engine, tmp_path / "out", "s0", [table])
    assert secret.encode() in first.read_bytes()
    engine.run("delete from core.secret")
    assert secret.encode() not in publish(engine, tmp_path / "out", "s1", [table]).read_bytes()
