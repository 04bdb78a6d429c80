"""Scenario program: loading one large Google Ads export by the whole way of the pipeline, bare, and with peers.

Here: the ways of loading it. Add a way of loading here. The limit is a bare ``create table as select`` from
``read_csv`` with declared types into a new database file. The export itself belongs to ``google_ads_export``,
comparing the ways to ``load_scenario``.

Usage: ``write FOLDER ROWS``, ``bare|wide|pandas|dlt FOLDER DATABASE`` or ``contract AS_OF``, the last with
``KPI_DATA_DIR`` set.
"""

import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.google_ads_export import BARE_FILE, EXPORT_FILE, TYPES, write_exports
from benchmarks.measure import reported
from benchmarks.stopwatch import Stopwatch, own_clock

SOURCE, TABLE = "google_ads", "raw.ad_performance"
# The columns of this file that raw.ad_performance keeps, and what it holds beside them, the same in all rows.
KEPT_COLUMNS = (
    *("Day", "Campaign", "Campaign ID", "Campaign type", "Ad group", "Ad group ID", "Device", "Currency code"),
    *("Impr.", "Clicks", "Cost", "Conversions", "Conv. value"),
)
ADDED_COLUMNS = (
    *("'google_ads'", "'google_ads'", "'123-456-7890'", "'0123456789abcdef'", "timestamp '2026-01-01 06:00:00'"),
    *["''"] * 6,
    *["cast(null as bigint)"] * 10,
)
# What pandas calls the declared types; amounts are floats there, as people have them.
PANDAS_TYPES = {"varchar": "str", "bigint": "int64", "double": "float64"}


def load_bare(csv: Path, database: Path, items: str = "*") -> None:
    """Create a table from the file with declared types."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    with duckdb.connect(str(database)) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute(
            f"create table export as select {items} from read_csv('{csv}', header = true, auto_detect = false, "
            f"delim = ',', quote = '\"', thousands = ',', columns = {{{columns}}})"
        )


def wide_items() -> str:
    """Return the select list of what ``raw`` holds of this file."""
    kept = [f'"{name}"' for name in KEPT_COLUMNS]
    return ", ".join((*kept, *(f"{value} as added_{number}" for number, value in enumerate(ADDED_COLUMNS))))


def load_with_pandas(csv: Path, database: Path) -> None:
    """Read the file with pandas and declared types, and insert the frame."""
    import pandas

    types = {name: PANDAS_TYPES.get(kind, "float64") for name, kind in TYPES.items() if kind != "date"}
    export = pandas.read_csv(csv, dtype=types, parse_dates=["Day"], thousands=",")  # noqa: F841 - named in the SQL
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table export as select * from export")


def load_with_dlt(csv: Path, database: Path) -> None:
    """Load the file as dlt's own tutorial does: files, ``read_csv``, destination DuckDB."""
    import dlt
    from dlt.sources.filesystem import filesystem, read_csv

    pipeline = dlt.pipeline(
        "export", destination=dlt.destinations.duckdb(str(database)), pipelines_dir=str(database.with_suffix(".dlt"))
    )
    pipeline.run(filesystem(str(csv.parent), file_glob=csv.name) | read_csv(), table_name="export")


def load_with_contract(as_of: date, report: dict[str, Any]) -> None:
    """Take the file from the inbox into custody, check it against its contract, and load it."""
    from kpi_pipeline.calendar.clock import SystemClock
    from kpi_pipeline.pipeline import Installation
    from kpi_pipeline.sources.custody.custody import Custody
    from kpi_pipeline.sources.loading import ingest
    from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

    stopwatch = Stopwatch()
    stopwatch.watch(Custody, "store", "custody")
    stopwatch.watch(ingest, "prepare_file", "prepare")
    stopwatch.watch(ingest, "load_file", "load")
    stopwatch.watch(DuckDbEngine, "run", _insert_label)
    stopwatch.watch(DuckDbEngine, "close", "close")
    installation = Installation.from_environment(os.environ, SystemClock())
    with own_clock(report), installation.open_run() as run:
        outcome = run.ingest(SOURCE, as_of)
    if [file.state for file in outcome.files] != ["loaded"]:
        raise SystemExit(f"the export was not loaded: {outcome.files}")
    report |= {"rows": outcome.files[0].rows_loaded, "parts": stopwatch.seconds}


def _insert_label(_engine: object, statement: str, *_parameters: object) -> str | None:
    return "insert" if statement.startswith(f"insert into {TABLE}") else None


def main(arguments: list[str]) -> None:
    """Do one thing and report about it."""
    report: dict[str, Any] = {}
    command, *rest = arguments
    if command == "write":
        folder = Path(rest[0])
        write_exports(folder / EXPORT_FILE, folder / BARE_FILE, int(rest[1]))
        report |= {"source": SOURCE, "file": EXPORT_FILE, "bytes": (folder / EXPORT_FILE).stat().st_size}
    elif command in ("bare", "wide"):
        with own_clock(report):
            load_bare(Path(rest[0]) / BARE_FILE, Path(rest[1]), wide_items() if command == "wide" else "*")
    elif command in ("pandas", "dlt"):
        with own_clock(report):
            (load_with_pandas if command == "pandas" else load_with_dlt)(Path(rest[0]) / BARE_FILE, Path(rest[1]))
    elif command == "contract":
        load_with_contract(date.fromisoformat(rest[0]), report)
    else:
        raise SystemExit(__doc__)
    reported(report)


if __name__ == "__main__":
    main(sys.argv[1:])
