"""One writer and eight readers in processes of their own: no reader waits, fails, or sees half a run."""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import PublishError
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.publish import publish_snapshot
from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot
from kpi_pipeline.warehouse.snapshot_file import PublishedTable
from tests.fault_figures import note_figures

READERS = 8
SECONDS = float(os.environ.get("KPI_READER_SECONDS", "10"))
ROWS = 20_000
KEPT = 3


def write(folder: Path, done: Event, told: "multiprocessing.SimpleQueue[int]") -> None:
    """Run after run: replace rows, publish, until told to stop."""
    number = 0
    while not done.is_set():
        number += 1
        with closing(DuckDbEngine(folder / "warehouse.duckdb", threads=1)) as engine:
            prepare_meta(engine)
            publish_run(engine, folder / "published", number)
    told.put(number)


def publish_run(engine: DuckDbEngine, published: Path, number: int) -> None:
    engine.replace_table("kpi.values", f"select n, {number} as run from range({ROWS}) as numbers(n)")
    engine.replace_table("kpi.snapshot", f"select {number} as run")
    tables = [
        PublishedTable("kpi.values", "select n, run from kpi.values", "Values.", {"n": "a number", "run": "which"}),
        PublishedTable("kpi.snapshot", "select run from kpi.snapshot", "The run.", {"run": "which"}),
    ]
    by_audience: dict[Audience, list[PublishedTable]] = {"internal": tables, "executive": tables}
    publish_snapshot(engine, published, f"run-{number:06}", by_audience, keep=KEPT)


def read(folder: Path, audience: Audience, done: Event, told: "multiprocessing.SimpleQueue[Counter[str]]") -> None:
    """Query after query on the current snapshot; count what was seen."""
    seen: Counter[str] = Counter()
    last = 0
    while not done.is_set():
        started = time.monotonic()
        try:
            with closing(open_snapshot(current_snapshot(folder / "published", audience))) as connection:
                rows = connection.execute(
                    "select run, count(*) from kpi.values group by all"
                    " union all select run, -count(*) from kpi.snapshot group by all order by all"
                ).fetchall()
        except (PublishError, duckdb.Error) as error:
            seen["lock errors" if "lock" in str(error).lower() else f"errors: {error}"] += 1
            continue
        number = rows[0][0]
        seen["queries"] += 1
        seen["mixed"] += rows != [(number, -1), (number, ROWS)]
        seen["back in time"] += number < last
        seen["snapshots"] += number != last
        seen["slowest ms"] = max(seen["slowest ms"], int((time.monotonic() - started) * 1000))
        last = number
    told.put(seen)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with closing(DuckDbEngine(tmp_path / "warehouse.duckdb", threads=1)) as engine:
        prepare_meta(engine)
        publish_run(engine, tmp_path / "published", 0)
    yield tmp_path


@pytest.mark.slow
def test_eight_readers_see_whole_runs_while_one_writes(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    done, written, told = context.Event(), context.SimpleQueue(), context.SimpleQueue()
    audiences: tuple[Audience, ...] = ("internal", "executive")
    readers = [
        context.Process(target=read, args=(folder, audiences[number % 2], done, told)) for number in range(READERS)
    ]
    writer = context.Process(target=write, args=(folder, done, written))
    for process in (*readers, writer):
        process.start()
    time.sleep(SECONDS)
    done.set()
    seen = [told.get() for _ in readers]
    runs = written.get()
    for process in (*readers, writer):
        process.join(60)
        assert process.exitcode == 0
    total = sum(seen, Counter[str]())
    faults = {
        name: count for name, count in total.items() if count and (name.startswith(("lock", "error", "mixed", "back")))
    }
    assert faults == {}
    assert runs > 1
    assert all(each["queries"] > 1 for each in seen)
    note_figures(
        "readers",
        seconds=int(SECONDS),
        runs=runs,
        queries=total["queries"],
        slowest_ms=max(each["slowest ms"] for each in seen),
    )
