"""How fast one large export is loaded, compared with the engine's own limit.

Here: running all ways in turn and putting the answer together. The ways themselves belong to ``google_ads_load``.
"""

import os
import shutil
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import Program, Series, run_interleaved, run_once
from benchmarks.tables import SERIES_COLUMNS, Table, megabytes, ratio_cells, series_cells, split_rows, verdict
from benchmarks.workspace import Workspace

ROWS_PER_MEGABYTE = 4_630
# The slowest peer gets only this part of the rows.
SLICE = 50
AS_OF = "2026-01-02"
TARGET = 0.6


def measure_load(workspace: Workspace) -> list[Table]:
    """Load one export in every way."""
    folder, slice_folder = workspace.fresh_folder("export"), workspace.fresh_folder("slice")
    data, bare_file = workspace.folder / "load", workspace.folder / "load" / "bare.duckdb"
    rows = workspace.extent.export_megabytes * ROWS_PER_MEGABYTE
    workspace.say(f"preparing: a Google Ads export of {rows:,} rows")
    program = ("-m", "benchmarks.google_ads_load")
    export = run_once(Program("export", (*program, "write", str(folder), str(rows)), {})).report
    run_once(Program("slice", (*program, "write", str(slice_folder), str(rows // SLICE)), {}))
    empty = partial(workspace.fresh_folder, data.name)
    deliver = partial(_deliver, workspace, folder / export["file"], data / "inbox" / export["source"])
    bare, wide, ours, pandas = run_interleaved(
        [
            Program("bare", (*program, "bare", str(folder), str(bare_file)), {}, empty),
            Program("bare and wide", (*program, "wide", str(folder), str(bare_file)), {}, empty),
            Program("with contract", (*program, "contract", AS_OF), workspace.environment(data), deliver),
            Program("pandas", (*program, "pandas", str(folder), str(bare_file)), {}, empty),
        ],
        workspace.extent.repetitions,
        workspace.say,
    )
    tables = [_comparison(bare, wide, ours, rows, export["bytes"]), _split(ours)]
    peers = [("`pandas.read_csv` with types, then an insert", pandas, rows)]
    if find_spec("dlt"):
        dlt = Program("dlt", (*program, "dlt", str(slice_folder), str(bare_file)), {"DLTHUB_TELEMETRY": "false"}, empty)
        (slow,) = run_interleaved([dlt], 1, workspace.say)
        peers.append((f"dlt {version('dlt')}: files, `read_csv`, destination DuckDB", slow, rows // SLICE))
    shutil.rmtree(data)
    return [*tables, _peers(ours, peers, rows)]


def _deliver(workspace: Workspace, export: Path, inbox: Path) -> None:
    workspace.fresh_folder(inbox.parents[1].name)
    inbox.mkdir(parents=True)
    copied = shutil.copy(export, inbox)
    # A file that was written a moment ago would be left for the next run.
    os.utime(copied, (0, 0))


def _comparison(bare: Series, wide: Series, ours: Series, rows: int, size: int) -> Table:
    limit, way = bare.inside("bare `create table as select`"), ours.inside("inbox → custody → contract → `raw`")
    best = limit.best.seconds / way.best.seconds
    pairs = (
        (limit, limit),
        (limit, wide.inside("bare, with the columns of `raw`")),
        (limit, way),
        (bare, Series("the first as a whole process", bare.samples)),
        (bare, Series("the third as a whole process", ours.samples)),
    )
    return Table(
        "How fast is a large export loaded, custody and contract included?",
        f"One Google Ads export, {rows:,} rows and {megabytes(size)} MB, into a new warehouse: from opening it to"
        " closing it, against a bare `create table as select … from read_csv` with declared types on the same rows"
        f" (the engine's limit). Target: at least {TARGET} of its speed; **{verdict(best, TARGET, at_least=True)}**"
        f" with {best:.2f} ({rows / way.best.seconds / 1e6:.2f} million rows a second). The second row keeps what"
        " `raw` keeps and writes those of lineage and those that this export lacks, but checks nothing. A whole"
        " process also starts Python and imports. The file has the columns that such reports have, of which the"
        " contract needs about half.",
        ("", "speed, best", "median", "CPU", *SERIES_COLUMNS),
        tuple((each.name, *ratio_cells(against, each), *series_cells(each)) for against, each in pairs),
    )


def _peers(ours: Series, peers: Sequence[tuple[str, Series, int]], rows: int) -> Table:
    own = ours.inside("inbox → custody → contract → `raw`")
    entries = [("inbox → custody → contract → `raw`", own, rows)]
    entries += [(name, series.inside(name), count) for name, series, count in peers]
    own_rate = rows / own.best.seconds
    return Table(
        "How does the load compare with what people use?",
        "The same rows without checks of any kind, by their own clocks after the imports. Targets: faster than pandas"
        f" at a quarter of its memory, at least 20 times as fast as dlt. The slowest peer got one row in {SLICE}.",
        ("", "rows a second", "our speed against it", "peak MB", "our memory against it", "repetitions"),
        tuple(
            (
                name,
                f"{count / series.best.seconds:,.0f}",
                f"{own_rate / (count / series.best.seconds):.1f}",
                f"{series.peak_mb:,.0f}",
                f"{own.peak_mb / series.peak_mb:.2f}",
                str(len(series.samples)),
            )
            for name, series, count in entries
        ),
    )


def _split(ours: Series) -> Table:
    whole = ours.inside("").best
    parts = whole.report["parts"]
    return Table(
        "Where does the load spend its time?",
        "Of the best repetition. The insert parses the file, checks every cell against the contract and writes the"
        " rows; what follows it adds up totals, decides which days the file owns, and commits.",
        ("", "share", "seconds"),
        split_rows(
            (
                ("custody: copy, hash, sync", parts["custody"]),
                ("head and tail of the file", parts["prepare"]),
                ("insert", parts["insert"]),
                ("totals, ownership, bookkeeping, commit", parts["load"] - parts["insert"]),
                ("closing the warehouse", parts["close"]),
            ),
            whole,
        ),
    )
