"""The tables of the schema ``raw``: one per subject, and what is known about the files behind them.

Here: making the tables, and reading what they say about batches. Add a subject in ``subjects``, never here. Filling the
tables belongs to ``loading``.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from kpi_pipeline.errors import EngineError
from kpi_pipeline.sources.subjects import LINEAGE_COLUMNS, SUBJECTS, Subject
from kpi_pipeline.warehouse.engine import Engine

BATCHES = "raw.batches"
COVERED_DAYS = "raw.covered_days"

BOOKKEEPING: dict[str, dict[str, str]] = {
    BATCHES: {
        "batch_id": "varchar not null",
        "source": "varchar not null",
        "file_name": "varchar not null",
        "sha256": "varchar not null",
        "exported_at": "timestamp not null",
        "rows_loaded": "bigint not null",
        "first_day": "date",
        "last_day": "date",
        "loaded_for": "date not null",
    },
    COVERED_DAYS: {
        "source": "varchar not null",
        "account_id": "varchar not null",
        "subject": "varchar not null",
        "day": "date not null",
        "batch_id": "varchar not null",
        "exported_at": "timestamp not null",
    },
}


@dataclass(frozen=True)
class LoadedBatch:
    """One row of ``raw.batches``: a file that was loaded, whether or not its rows still stand.

    Attributes:
        first_day: first day that the file speaks for; None if it speaks for none.
    """

    batch_id: str
    source: str
    file_name: str
    sha256: str
    exported_at: datetime
    rows_loaded: int
    first_day: date | None
    last_day: date | None
    loaded_for: date


def prepare_raw_tables(engine: Engine) -> None:
    """Create every raw table that is absent, empty.

    Raises:
        EngineError: a table of an older version of the program has other columns.
    """
    wanted = BOOKKEEPING | {subject.table: _columns(subject) for subject in SUBJECTS.values()}
    found = _existing_columns(engine)
    engine.run("create schema if not exists raw")
    for table, columns in wanted.items():
        if table not in found:
            listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            engine.run(f"create table {table} ({listed})")
        elif found[table] != list(columns):
            raise EngineError(
                f"{table}: found the columns {', '.join(found[table])}; expected {', '.join(columns)}. The "
                "warehouse is of another version of this program: move its file away, the next run loads everything "
                "from custody."
            )


def loaded_batches(engine: Engine, source: str | None = None) -> dict[str, LoadedBatch]:
    """Return the batches of one source, or of all, by their ids."""
    rows = engine.read(
        f"select {', '.join(BOOKKEEPING[BATCHES])} from {BATCHES} where $source is null or source = $source",
        {"source": source},
    ).to_pylist()
    return {row["batch_id"]: LoadedBatch(**row) for row in rows}


def enter_batch(engine: Engine, batch: LoadedBatch) -> None:
    """Add one row to ``raw.batches``; to be called inside the transaction that loads the file."""
    columns = list(BOOKKEEPING[BATCHES])
    engine.run(
        f"insert into {BATCHES} ({', '.join(columns)}) values ({', '.join(f'${column}' for column in columns)})",
        asdict(batch),
    )


def standing_batches(engine: Engine, source: str) -> set[str]:
    """Return the ids of the batches that still own a day or have a row: newer exports did not replace all of them."""
    tables = [COVERED_DAYS, *(subject.table for subject in SUBJECTS.values())]
    query = " union ".join(f"select batch_id from {table} where source = $source" for table in tables)
    return set(engine.read(query, {"source": source})["batch_id"].to_pylist())


def _columns(subject: Subject) -> dict[str, str]:
    # No keys and no indexes: they slow loading, and what is unique is checked where the tables are used.
    columns = {name: f"{kind} not null" if name in subject.required else kind for name, kind in subject.columns.items()}
    return columns | {name: f"{kind} not null" for name, kind in LINEAGE_COLUMNS.items()}


def _existing_columns(engine: Engine) -> dict[str, list[str]]:
    rows = engine.read(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'raw' and table_catalog = current_database() order by table_name, ordinal_position"
    ).to_pylist()
    tables: dict[str, list[str]] = {}
    for row in rows:
        tables.setdefault(f"raw.{row['table_name']}", []).append(row["column_name"])
    return tables
