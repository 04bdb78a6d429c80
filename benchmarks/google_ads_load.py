"""Scenario program: loading one large Google Ads export, by the pipeline's whole way and at the engine's own limit.

Here: the export, and the ways of loading it. Add a way of loading here. The limit is a bare ``create table as select``
from ``read_csv`` with declared types into a new database file; it gets the same rows without the lines of totals, which
a typed read cannot take. Comparing them belongs to ``load_scenario``.

Usage: ``write FOLDER ROWS``, ``bare FOLDER DATABASE``, ``wide FOLDER DATABASE`` or ``contract AS_OF``, the last with
``KPI_DATA_DIR`` set.
"""

import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measure import reported
from benchmarks.stopwatch import Stopwatch, own_clock

SOURCE, TABLE = "google_ads", "raw.ad_performance"
EXPORT_FILE = "campaign_report_2026-01-01T06-00-00.csv"
BARE_FILE = "rows.csv"

PREAMBLE = 'Campaign report\n"{first} - {last}"\n'
TYPES = {
    "Day": "date",
    "Campaign": "varchar",
    "Campaign ID": "varchar",
    "Campaign type": "varchar",
    "Ad group": "varchar",
    "Device": "varchar",
    "Currency code": "varchar",
    "Impr.": "bigint",
    "Clicks": "bigint",
    "CTR": "varchar",
    "Cost": "decimal(18, 4)",
    "Conversions": "double",
    "Conv. value": "decimal(18, 4)",
}
# What raw.ad_performance holds beside the columns of this file; each is the same in all rows.
ADDED_COLUMNS = (
    *("'google_ads'", "'google_ads'", "'123-456-7890'", "'0123456789abcdef'", "timestamp '2026-01-01 06:00:00'"),
    *("''", "''", "''", "''", "''", "''", "cast(null as bigint)", "cast(null as bigint)"),
)
# Most rows are small and few are large, as in an account's report by day, ad group and device: one in three has a
# thousands separator among its impressions.
ROWS_QUERY = """
    with drawn as (
        select
            i,
            cast(floor(exp(10 * (hash(i) % 1000003) / 1000003)) as bigint) as impressions,
            [(hash(i + {rows} * draw) % 1000003) / 1000003 for draw in [1, 2, 3, 4]] as shares
        from range({rows}) as numbers(i)
    ), clicked as (
        select *, cast(floor(impressions * 0.08 * shares[1]) as bigint) as clicks from drawn
    ), bought as (
        select *, round(clicks * 0.1 * shares[3], 2) as conversions from clicked
    )
    select
        date '2023-01-01' + cast(i // ({rows} // 1000 + 1) as integer) as "Day",
        'Campaign ' || (i % 200) || ', ' || ['Brand', 'Generic', 'Shopping'][i % 3 + 1] as "Campaign",
        cast(10000000000 + i % 200 as varchar) as "Campaign ID",
        ['Search', 'Performance Max', 'Display'][i % 3 + 1] as "Campaign type",
        'Group ' || (i % 5000) as "Ad group",
        ['Computers', 'Mobile phones', 'Tablets'][i % 3 + 1] as "Device",
        'EUR' as "Currency code",
        format('{{:,}}', impressions) as "Impr.",
        format('{{:,}}', clicks) as "Clicks",
        printf('%.2f%%', 100 * clicks / impressions) as "CTR",
        printf('%.2f', clicks * (0.1 + 2.9 * shares[2])) as "Cost",
        printf('%.2f', conversions) as "Conversions",
        format('{{:,.2f}}', conversions * (10 + 140 * shares[4])) as "Conv. value"
    from bought
    order by i
"""


def write_exports(full: Path, bare: Path, rows: int) -> None:
    """Write the export as the platform does, and the same rows under a plain header."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        query = ROWS_QUERY.format(rows=rows)
        connection.execute(f"copy ({query}) to '{bare}' (header, delimiter ',')")
        last, impressions, clicks, cost, conversions, value = (
            connection.execute(
                f"""select max("Day"), sum(cast(replace("Impr.", ',', '') as bigint)),
                sum(cast(replace("Clicks", ',', '') as bigint)), sum(cast("Cost" as decimal(18, 2))),
                sum(cast("Conversions" as decimal(18, 2))), sum(cast(replace("Conv. value", ',', '') as decimal(18, 2)))
            from ({query})"""
            ).fetchone()
            or (None,) * 6
        )
    assert isinstance(last, date)
    with full.open("wb") as file:
        file.write(PREAMBLE.format(first="January 1, 2023", last=f"{last:%B} {last.day}, {last.year}").encode())
        with bare.open("rb") as source:
            while block := source.read(1 << 22):
                file.write(block)
        for label, filler in (("Total: Campaigns", " --"), ("Total: Account", "")):
            cells = [label, *[filler] * 5, "EUR", f'"{impressions:,}"', f'"{clicks:,}"', filler]
            cells += [f'"{cost:,}"', f'"{conversions:,}"', f'"{value:,}"']
            file.write((",".join(cells) + "\n").encode())


def load_bare(csv: Path, database: Path, added_columns: Sequence[str] = ()) -> None:
    """Create a table from the file with declared types, and further columns if given."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    items = ", ".join(("*", *(f"{value} as added_{number}" for number, value in enumerate(added_columns))))
    with duckdb.connect(str(database)) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute(
            f"create table export as select {items} from read_csv('{csv}', header = true, auto_detect = false, "
            f"delim = ',', quote = '\"', thousands = ',', columns = {{{columns}}})"
        )


def load_with_contract(as_of: date, report: dict[str, Any]) -> None:
    """Take the file from the inbox into custody, check it against its contract, and load it."""
    from kpi_pipeline.calendar.clock import SystemClock
    from kpi_pipeline.pipeline import Installation
    from kpi_pipeline.sources import ingest
    from kpi_pipeline.sources.custody import Custody
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
            load_bare(Path(rest[0]) / BARE_FILE, Path(rest[1]), ADDED_COLUMNS if command == "wide" else ())
    elif command == "contract":
        load_with_contract(date.fromisoformat(rest[0]), report)
    else:
        raise SystemExit(__doc__)
    reported(report)


if __name__ == "__main__":
    main(sys.argv[1:])
