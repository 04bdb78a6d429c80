"""``kpi rebuild``: the warehouse is lost, and everything that was published is there again."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.upkeep.rebuild import rebuild
from kpi_pipeline.warehouse.snapshot import current_snapshot, open_snapshot
from tests.integration.books_company import NOW, BooksCompany, Kpi, new_books_company

# Of each day the newest export counts: 102 to 104, 205 to 208, 309 and more; each with 25 cents.
COSTS = {
    2: 102 + 103 + 104 + 205 + 206 + 207 + 208 + 7 * 0.25,
    9: sum(range(309, 316)) + 7 * 0.25,
    16: sum(range(316, 319)) + 3 * 0.25,
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> BooksCompany:
    company = new_books_company(tmp_path_factory.mktemp("books"), checkout)
    company.export(12, {day: 100 + day for day in range(2, 12)})
    company.load()
    # The later export arrives first: what it says of the days that both speak for stands.
    company.export(19, {day: 300 + day for day in range(9, 19)})
    company.load()
    company.export(16, {day: 200 + day for day in range(5, 16)})
    company.run(21)
    return company


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> BooksCompany:
    """A company that has published nothing yet."""
    company = new_books_company(tmp_path_factory.mktemp("loaded"), checkout)
    for exported_on, amount in ((12, 100), (19, 300), (16, 200)):
        company.export(exported_on, {day: amount + day for day in range(exported_on - 9, exported_on)})
        company.load()
    return company


@pytest.fixture
def company(original: BooksCompany, tmp_path: Path) -> BooksCompany:
    return original.copied(tmp_path)


@pytest.fixture
def kpi(company: BooksCompany, kpi_of: Callable[[BooksCompany], Kpi]) -> Kpi:
    return kpi_of(company)


def costs(company: BooksCompany) -> dict[int, float]:
    """Day of November on which a week starts → published costs."""
    with open_snapshot(current_snapshot(company.installation.paths.published, "internal")) as connection:
        rows = connection.execute(
            "select day(period_start), value from kpi.values where metric_id = 'running_costs' and grain = 'week'"
            " and dimension = 'total' order by all"
        ).fetchall()
    return dict(rows)


def postings(company: BooksCompany) -> list[tuple[object, ...]]:
    with duckdb.connect(str(company.installation.paths.warehouse), read_only=True) as connection:
        return connection.execute("select day(day), amount from raw.ledger_entries order by all").fetchall()


def states(company: BooksCompany) -> list[str | None]:
    with CustodyLedger(company.installation.paths.custody_ledger) as ledger:
        return [arrival.state for arrival in ledger.arrivals()]


def test_of_a_lost_warehouse_the_newest_export_of_each_day_is_there_again(loaded: BooksCompany, tmp_path: Path) -> None:
    company = loaded.copied(tmp_path)
    before, ledger = postings(company), states(company)
    company.installation.paths.warehouse.unlink()
    rebuilt = rebuild(company.installation)
    assert (rebuilt.files, rebuilt.is_switched) == (3, True)
    assert (postings(company), states(company)) == (before, ledger)
    assert [day for day, _ in before] == list(range(3, 19))


@pytest.mark.slow
def test_of_a_deleted_warehouse_every_published_table_comes_out_the_same(company: BooksCompany, kpi: Kpi) -> None:
    paths = company.installation.paths
    before, ledger = current_snapshot(paths.published, "internal"), states(company)
    assert costs(company) == COSTS
    paths.warehouse.unlink()
    code, printed = kpi("rebuild")
    assert code == 0, printed
    assert "3 files were loaded from custody." in printed
    assert "published tables came out with the same hash" in printed
    assert paths.warehouse.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in paths.data.iterdir() if path.name.startswith(".")) == []
    assert states(company) == ledger
    # The next run of the day has nothing to load, to publish or to repair.
    with company.installation.open_run() as run:
        assert run.disagreements == ()
        assert run.ingest("books", NOW.date()).files == ()
        # What readers have was made from the old warehouse, so no part of it is taken over into the next file.
        assert run.engine.read("from meta.published").num_rows == 0
        publication = run.publish(NOW.date())
    assert (publication.is_new, publication.snapshots["internal"]) == (False, before)


@pytest.mark.slow
def test_snapshots_that_are_lost_too_are_written_again(company: BooksCompany, kpi: Kpi) -> None:
    paths = company.installation.paths
    paths.warehouse.unlink()
    for path in sorted(paths.published.rglob("*"), reverse=True):
        if not path.is_dir():
            path.unlink()
    code, printed = kpi("rebuild")
    assert code == 0, printed
    assert "compared with the publication ledger" in printed
    assert costs(company) == COSTS


@pytest.mark.slow
def test_another_configuration_gives_another_warehouse_which_is_only_used_when_told(
    company: BooksCompany, kpi: Kpi
) -> None:
    paths = company.installation.paths
    text = (paths.config / "company.yaml").read_text(encoding="utf-8")
    (paths.config / "company.yaml").write_text(text.replace("week_start: monday", "week_start: saturday"))
    before = paths.warehouse.read_bytes()
    for options in (["--check"], []):
        code, printed = kpi("rebuild", *options)
        assert code == 1
        assert "the configuration, the SQL or the files in custody are others than then" in printed
        assert "internal: values differs from the published table" in printed
        assert paths.warehouse.read_bytes() == before
    code, printed = kpi("rebuild", "--accept-differences")
    assert code == 0
    assert "The rebuilt warehouse is in use." in printed
    assert paths.warehouse.read_bytes() != before


def test_a_damaged_file_in_custody_stops_it_before_anything_changed(
    loaded: BooksCompany, tmp_path: Path, kpi_of: Callable[[BooksCompany], Kpi]
) -> None:
    company = loaded.copied(tmp_path)
    paths = company.installation.paths
    stored = next(path for path in paths.custody.iterdir() if len(path.name) == 64)
    stored.write_bytes(stored.read_bytes()[:-1])
    before = paths.warehouse.read_bytes()
    code, printed = kpi_of(company)("rebuild")
    assert code == 1
    assert stored.name in printed
    assert paths.warehouse.read_bytes() == before
    assert not (paths.data / ".rebuild").exists()


def test_while_a_run_is_active_it_says_so(loaded: BooksCompany, kpi_of: Callable[[BooksCompany], Kpi]) -> None:
    with loaded.installation.run_lock.acquire():
        code, printed = kpi_of(loaded)("rebuild")
    assert code == 3
    assert "another run holds the warehouse" in printed


@pytest.mark.slow
def test_rows_whose_files_were_deleted_by_age_are_not_given_up_silently(company: BooksCompany) -> None:
    paths = company.installation.paths
    with CustodyLedger(paths.custody_ledger) as ledger:
        newest = next(entry.file for entry in ledger.arrivals() if entry.file.file_name == "journal_20261119.csv")
        ledger.expire("books", [newest.sha256], NOW)
    (paths.custody / newest.sha256).unlink()
    rebuilt = rebuild(company.installation)
    assert not rebuilt.is_switched
    assert "journal_20261119.csv of books; a rebuilt warehouse lacks their rows" in rebuilt.comparison.differences[0]


@pytest.mark.slow
def test_a_log_that_the_old_warehouse_left_is_not_replayed_on_the_new_one(company: BooksCompany) -> None:
    paths = company.installation.paths
    log = paths.warehouse.with_name(f"{paths.warehouse.name}.wal")
    log.write_bytes(b"of another file")
    assert rebuild(company.installation).is_switched
    assert log.with_name(f"{log.name}.before-rebuild").read_bytes() == b"of another file"
    with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
        assert connection.execute("select count(*) from raw.batches").fetchall() == [(3,)]


KILLED = """
import os, pathlib, signal, sys
from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.upkeep.rebuild import rebuild
def step(number, steps, what):
    if what.startswith("comparing"):
        os.kill(os.getpid(), signal.SIGKILL)
rebuild(Installation.from_environment(os.environ, SystemClock()), step)
"""


@pytest.mark.slow
def test_a_rebuild_that_is_killed_changes_nothing_and_the_next_one_begins_anew(company: BooksCompany) -> None:
    paths = company.installation.paths
    before = [path.read_bytes() for path in (paths.warehouse, paths.custody_ledger, paths.publication_ledger)]
    killed = subprocess.run([sys.executable, "-c", KILLED], env=company.environment(), check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (paths.data / ".rebuild").exists()
    assert [path.read_bytes() for path in (paths.warehouse, paths.custody_ledger, paths.publication_ledger)] == before
    assert rebuild(company.installation).is_switched
    assert not (paths.data / ".rebuild").exists()
