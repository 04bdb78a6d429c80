"""One published file: built from a list of queries, and verified before anybody sees it.

Here: the content of one file. Which tables an audience gets belongs to ``catalogue``; when a file becomes the current
one belongs to ``publish``.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.errors import EngineError, PublishError
from kpi_pipeline.warehouse.duckdb_engine import STORAGE_VERSION, DuckDbEngine
from kpi_pipeline.warehouse.quoting import quoted_name, quoted_table, quoted_text
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
    """

    name: str
    query: str
    description: str
    column_notes: Mapping[str, str]


def write_snapshot_file(engine: DuckDbEngine, path: Path, tables: Sequence[PublishedTable]) -> None:
    """Write a new file with the rows of all queries, sorted, on disk and verified by opening it.

    Raises:
        PublishError: if a query yields other columns than those described, or the file does not hold what was written.
    """
    engine.run(f"attach {quoted_text(str(path))} as {ATTACHED} (storage_version '{STORAGE_VERSION}')")
    try:
        with engine.transaction():
            counts = {table.name: _write_table(engine, table) for table in tables}
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


def _write_table(engine: DuckDbEngine, table: PublishedTable) -> int:
    schema = table.name.partition(".")[0]
    target = f"{ATTACHED}.{quoted_table(table.name)}"
    engine.run(f"create schema if not exists {ATTACHED}.{quoted_name(schema)}")
    engine.run(f"create table {target} as select * from (\n{table.query}\n) as published order by all")
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
    rows: int = engine.read(f"select count(*) as rows from {target}").column("rows")[0].as_py()
    return rows
