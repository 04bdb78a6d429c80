"""What changed in which table, and what each built table was built from: the schema ``meta``.

Here: the change log and the record of builds. Whoever writes a table records its changed days in the same transaction.
What is done with the changes belongs to ``build`` and to those who compute from tables.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from kpi_pipeline.warehouse.engine import Engine

META_TABLES = {
    "meta.changes": "sequence bigint, table_name varchar, day date",
    "meta.built": "table_name varchar primary key, fingerprint varchar, sequence bigint",
    "meta.published": "file varchar primary key, fingerprint varchar, sequence bigint",
    "meta.check_warnings": "table_name varchar, check_name varchar, day date, failing_rows bigint",
    "meta.snapshots": "snapshot_id varchar primary key, sequence bigint",
}


@dataclass(frozen=True)
class Built:
    """From what something was made: a hash of its SQL, and the last change in the warehouse at that moment."""

    fingerprint: str
    sequence: int


def prepare_meta(engine: Engine) -> None:
    """Create the bookkeeping tables that are absent."""
    with engine.transaction():
        engine.run("create schema if not exists meta")
        for table, columns in META_TABLES.items():
            engine.run(f"create table if not exists {table} ({columns})")


def last_sequence(engine: Engine) -> int:
    """Return the number of the last recorded change; 0 if there is none."""
    found = engine.read("select coalesce(max(sequence), 0) as sequence from meta.changes")
    sequence: int = found.column("sequence")[0].as_py()
    return sequence


def record_changes(engine: Engine, table: str, days: Collection[date | None] | None) -> int | None:
    """Record that rows of these days changed; None where everything may have changed. No days record nothing.

    A row without a day may concern any day, so it counts as everything. To be called inside the transaction that
    changes the rows. The number of the change is returned.
    """
    if days is not None and not days:
        return None
    sequence = last_sequence(engine) + 1
    engine.run(
        "insert into meta.changes select $sequence, $table_name, unnest(cast($days as date[]))",
        {
            "sequence": sequence,
            "table_name": table,
            "days": [None] if days is None or None in days else sorted(day for day in days if day is not None),
        },
    )
    return sequence


def changes_since(engine: Engine, tables: Collection[str], sequence: int) -> dict[str, set[date] | None]:
    """Return the changed days of those tables that changed after ``sequence``; None where everything may have."""
    found = engine.read(
        "select distinct table_name, day from meta.changes"
        " where sequence > $sequence and list_contains(cast($tables as varchar[]), table_name)",
        {"sequence": sequence, "tables": sorted(tables)},
    )
    changes: dict[str, set[date] | None] = {}
    for row in found.to_pylist():
        days = changes.setdefault(row["table_name"], set())
        if row["day"] is None:
            changes[row["table_name"]] = None
        elif days is not None:
            days.add(row["day"])
    return changes


def last_changes(engine: Engine) -> dict[str, int]:
    """Return the number of the last change of every table that ever changed."""
    found = engine.read("select table_name, max(sequence) as sequence from meta.changes group by table_name")
    return {row["table_name"]: row["sequence"] for row in found.to_pylist()}


def built_tables(engine: Engine) -> dict[str, Built]:
    """Return the record of every table that was built."""
    found = engine.read("select table_name, fingerprint, sequence from meta.built")
    return {row["table_name"]: Built(row["fingerprint"], row["sequence"]) for row in found.to_pylist()}


def record_built(engine: Engine, table: str, built: Built) -> None:
    """Record from what a table was built. To be called inside the transaction that builds it."""
    engine.run(
        "insert or replace into meta.built values ($table_name, $fingerprint, $sequence)",
        {"table_name": table, "fingerprint": built.fingerprint, "sequence": built.sequence},
    )


def forget_built(engine: Engine, table: str) -> None:
    """Remove the record of a table that is dropped, and its warnings."""
    engine.run("delete from meta.built where table_name = $table_name", {"table_name": table})
    engine.run("delete from meta.check_warnings where table_name = $table_name", {"table_name": table})


def record_snapshot(engine: Engine, snapshot_id: str) -> None:
    """Record the last change that a snapshot knows of. To be called inside the transaction that makes it."""
    engine.run(
        "insert or replace into meta.snapshots values ($snapshot_id, $sequence)",
        {"snapshot_id": snapshot_id, "sequence": last_sequence(engine)},
    )


def sequence_of_snapshot(engine: Engine, snapshot_id: str) -> int | None:
    """Return the last change that a snapshot knew of; None if this warehouse did not make it."""
    query = "select sequence from meta.snapshots where snapshot_id = $snapshot_id"
    found: list[int] = engine.read(query, {"snapshot_id": snapshot_id}).column("sequence").to_pylist()
    return found[0] if found else None


def published_file(engine: Engine, file: str) -> Built | None:
    """Return from what a published file was made; None if it is not known."""
    query = "select fingerprint, sequence from meta.published where file = $file"
    found = engine.read(query, {"file": file}).to_pylist()
    return Built(found[0]["fingerprint"], found[0]["sequence"]) if found else None


def record_published(engine: Engine, file: str, made_from: Built) -> None:
    """Record from what a published file was made."""
    engine.run(
        "insert or replace into meta.published values ($file, $fingerprint, $sequence)",
        {"file": file, "fingerprint": made_from.fingerprint, "sequence": made_from.sequence},
    )


def forget_published(engine: Engine) -> None:
    """Forget from what published files were made: the next ones are written from nothing."""
    engine.run("delete from meta.published")
