"""How fast one large export is loaded, compared with the engine's own limit.

Here: running all ways in turn and putting the answer together. The ways themselves belong to ``google_ads_load``.
"""

import os
import shutil
from functools import partial
from pathlib import Path

from benchmarks.measure import Program, Series, run_interleaved, run_once
from benchmarks.tables import SERIES_COLUMNS, Table, megabytes, ratio_cells, series_cells, split_rows, verdict
from benchmarks.workspace import Workspace

ROWS_PER_MEGABYTE = 8_900
AS_OF = "2026-01-02"
TARGET = 0.6


def measure_load(workspace: Workspace) -> list[Table]:
    """Load one export in every way."""
    folder, data = workspace.fresh_folder("export"), workspace.folder / "load"
    rows = workspace.extent.export_megabytes * ROWS_PER_MEGABYTE
    workspace.say(f"preparing: a Google Ads export of {rows:,} rows")
    program = ("-m", "benchmarks.google_ads_load")
    export = run_once(Program("export", (*program, "write", str(folder), str(rows)), {})).report
    empty = partial(workspace.fresh_folder, data.name)
    deliver = partial(_deliver, workspace, folder / export["file"], data / "inbox" / export["source"])
    bare, wide, ours = run_interleaved(
        [
            Program("bare", (*program, "bare", str(folder), str(data / "bare.duckdb")), {}, empty),
            Program("bare and wide", (*program, "wide", str(folder), str(data / "bare.duckdb")), {}, empty),
            Program("with contract", (*program, "contract", AS_OF), workspace.environment(data), deliver),
        ],
        workspace.extent.repetitions,
        workspace.say,
    )
    shutil.rmtree(data)
    return [_comparison(bare, wide, ours, rows, export["bytes"]), _split(ours)]


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
        (limit, wide.inside("bare, with the columns that `raw` adds")),
        (limit, way),
        (bare, Series("the first as a whole process", bare.samples)),
        (bare, Series("the third as a whole process", ours.samples)),
    )
    return Table(
        "How fast is a large export loaded, custody and contract included?",
        f"One Google Ads export, {rows:,} rows and {megabytes(size)} MB, into a new warehouse: from opening it to"
        " closing it, against a bare `create table as select … from read_csv` with declared types on the same rows"
        f" (the engine's limit). Target: at least {TARGET} of its speed; **{verdict(best, TARGET, at_least=True)}**"
        f" with {best:.2f} ({rows / way.best.seconds / 1e6:.2f} million rows a second). The second row writes the"
        " columns of lineage and those that this export lacks too, but checks and keeps nothing. A whole process also"
        " starts Python and imports.",
        ("", "speed, best", "median", "CPU", *SERIES_COLUMNS),
        tuple((each.name, *ratio_cells(against, each), *series_cells(each)) for against, each in pairs),
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
