"""Runs that are killed before the checkpoint and whose write-ahead log is then cut: found out and made good at once."""

import multiprocessing
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.warehouse.canonical_hash import canonical_hash
from tests.fault_figures import note_figures
from tests.integration.books_company import NOW, BooksCompany, new_books_company
from tests.integration.killed_loader import fill, load_and_die

TRUNCATIONS = int(os.environ.get("KPI_TRUNCATIONS", "8"))
CUTS_PER_KILL = 4
TABLES = ("raw.ledger_entries", "raw.batches", "raw.covered_days", "staging.ledger_entries", "measures.finance")


@dataclass(frozen=True)
class State:
    """Everything that must be as it would be without the fault."""

    hashes: dict[str, str]
    ledger: list[tuple[str, str | None]]


def state_after_run(company: BooksCompany) -> tuple[int, State]:
    """Open the warehouse as any run does, load and build, and return how many losses were told, and the state."""
    with company.installation.open_run() as run:
        run.ingest("books", NOW.date())
        run.write_seeds(NOW.date())
        run.build_tables().raise_failures()
        hashes = {table: canonical_hash(run.engine, table) for table in TABLES}
        losses = len(run.disagreements)
    with CustodyLedger(company.installation.paths.custody_ledger) as ledger:
        return losses, State(hashes, [(each.file.file_name, each.state) for each in ledger.arrivals()])


def batches(path: Path) -> int:
    """Count what a warehouse holds as it stands, without changing it."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return int(connection.execute("select count(*) from raw.batches").fetchall()[0][0])


@pytest.mark.slow
def test_every_cut_is_found_out_and_made_good(tmp_path: Path, checkout: Path) -> None:
    # The harness's own draw of places; the seed makes a failure repeatable.
    draw = random.Random(7)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.integration.killed_loader"])
    expected: dict[int, State] = {}
    found: Counter[str] = Counter()
    for number in range(TRUNCATIONS):
        if number % CUTS_PER_KILL == 0:
            exports = draw.randint(3, 14)
            folder = tmp_path / f"killed{number}"
            killed = processes.Process(
                target=load_and_die, args=(folder, checkout, exports, number // CUTS_PER_KILL % 2 == 1)
            )
            killed.start()
            killed.join(120)
            assert killed.exitcode == -signal.SIGKILL
            company = new_books_company(tmp_path / f"same{number}", checkout)
            fill(company, exports)
            company.load()
            expected[number // CUTS_PER_KILL] = state_after_run(company)[1]
            dead = company.at(folder)
        cut = dead.copied(tmp_path / f"cut{number}")
        warehouse = cut.installation.paths.warehouse
        log = warehouse.with_name(f"{warehouse.name}.wal")
        assert log.exists(), "the killed run left no log to cut"
        size = draw.randrange(log.stat().st_size)
        os.truncate(log, size)
        lost = exports - batches(warehouse)
        losses, state = state_after_run(cut)
        assert losses == lost, f"cut {number} at {size}: {lost} files were lost and {losses} were told"
        assert state == expected[number // CUTS_PER_KILL], f"cut {number} at {size}"
        assert state_after_run(cut) == (0, state)
        found["with lost files" if lost else "with lost tables alone"] += 1
        found["files lost"] += lost
    assert found["with lost files"]
    note_figures(
        "torn_log",
        cuts=TRUNCATIONS,
        kills=len(expected),
        with_lost_files=found["with lost files"],
        files_lost=found["files lost"],
    )
