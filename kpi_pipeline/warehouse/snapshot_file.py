"""One published file: built from a list of queries, and verified before anybody sees it.

Here: the content of one file. Which tables an audience gets belongs to ``catalogue``; when a file becomes the current
one, and which former file it may start from, belongs to ``publish``.
"""

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kpi_pipeline.errors import EngineError, PublishError
from kpi_pipeline.warehouse.duckdb_engine import STORAGE_VERSION, DuckDbEngine
from kpi_pipeline.warehouse.quoting import day_condition, quoted_name, quoted_table, quoted_text
from kpi_pipeline.warehouse.snapshot import open_snapshot

# How the new file is called inside the warehouse's connection while it is written.
ATTACHED = "snapshot"


@dataclass(frozen=True)
class PublishedTable:
    """One table of a published file.

    Attributes:
        name: ``schema.table`` in the published file.
        query: one SELECT on the warehouse.
        column_notes: a description of each column. A column of the query that is not described here is not allowed.
        is_copy: the query takes all rows of the warehouse's table of the same name, whose changes are recorded there;
            its unchanged days can be taken from a former file.
    """

    name: str
    query: str
    description: str
    column_notes: Mapping[str, str]
    is_copy: bool = False


@dataclass(frozen=True)
class FormerFile:
    """A file that holds the same tables from the same queries, as they were some changes ago.

    Attributes:
        changes: what changed since, of every copied table that changed: the days, or None where anything may have.
    """

    path: Path
    changes: Mapping[str, set[date] | None]


def write_snapshot_file(
    engine: DuckDbEngine, path: Path, tables: Sequence[PublishedTable], former: FormerFile | None = None
) -> None:
    """Write a new file with the rows of all queries, on disk and verified by opening it.

    Given a former file, the new one starts as its copy, and of copied tables only changed days are written: writing
    rows costs fifty times as much as copying bytes, and most of them never change again.

    Raises:
        PublishError: if a query yields other columns than those described, or the file does not hold what it should.
    """
    if former:
        shutil.copyfile(former.path, path)
    engine.run(f"attach {quoted_text(str(path))} as {ATTACHED} (storage_version '{STORAGE_VERSION}')")
    try:
        with engine.transaction():
            for table in tables:
                days = former.changes.get(table.name, set()) if former and table.is_copy else None
                if days is None:
                    _write_table(engine, table)
                elif days:
                    _replace_days(engine, table, days)
            counts = {table.name: _count(engine, f"(\n{table.query}\n) as published") for table in tables}
        engine.run(f"checkpoint {ATTACHED}")
    finally:
        # Where DuckDB gave up, its own error says more than that it cannot detach any more.
        with suppress(EngineError):
            engine.run(f"detach {ATTACHED}")
    path.chmod(0o444)
    sync(path)
    verify_snapshot_file(path, counts)


def verify_snapshot_file(path: Path, counts: Mapping[str, int]) -> None:
    """Open a file as a reader would and compare its tables and their numbers of rows with those expected.

    Raises:
        PublishError: if they differ or the file cannot be opened.
    """
    with closing(open_snapshot(path)) as connection:
        listed = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        found = {
            name: connection.execute(f"select count(*) from {quoted_table(name)}").fetchall()[0][0]
            for (name,) in listed
        }
    if found != counts:
        raise PublishError(f"{path}: expected the tables and rows {dict(counts)}, found {found}; nothing is published")


def sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _count(engine: DuckDbEngine, rows: str) -> int:
    count: int = engine.read(f"select count(*) as count from {rows}").column("count")[0].as_py()
    return count


def _replace_days(engine: DuckDbEngine, table: PublishedTable, days: Collection[date]) -> None:
    target = f"{ATTACHED}.{quoted_table(table.name)}"
    condition = day_condition(days)
    engine.run(f"delete from {target} where {condition}")
    rows = f"select * from (\n{table.query}\n) as published where {condition}"
    engine.run(f"insert into {target} by name {rows} order by all")


def _write_table(engine: DuckDbEngine, table: PublishedTable) -> None:
    schema = table.name.partition(".")[0]
    target = f"{ATTACHED}.{quoted_table(table.name)}"
    engine.run(f"create schema if not exists {ATTACHED}.{quoted_name(schema)}")
    engine.run(f"create or replace table {target} as select * from (\n{table.query}\n) as published order by all")
    columns = engine.read(f"select * from {target} limit 0").column_names
    if set(columns) != set(table.column_notes):
        undescribed = sorted(set(columns) - set(table.column_notes))
        missing = sorted(set(table.column_notes) - set(columns))
        raise PublishError(
            f"{table.name}: its query and its described columns differ; not described: {undescribed}, not in the query:"
            f" {missing}; describe every column that may be published, and no other"
        )
    engine.run(f"comment on table {target} is {quoted_text(table.description)}")
    for column in columns:
        note = quoted_text(table.column_notes[column])
        engine.run(f"comment on column {target}.{quoted_name(column)} is {note}")
