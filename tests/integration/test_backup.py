"""``kpi backup`` and ``kpi restore``: what is copied, what is refused, and that nothing is lost on the way."""

import json
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.upkeep.manifest import MANIFEST
from tests.integration.books_company import KEY, BooksCompany, Kpi, new_books_company


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> BooksCompany:
    company = new_books_company(tmp_path_factory.mktemp("books"), checkout)
    company.export(12, {day: 100 + day for day in range(2, 12)})
    company.load()
    report = company.installation.paths.reports / "internal" / "2026-11-09" / "report.en.html"
    report.parent.mkdir(parents=True)
    report.write_text("what was issued")
    return company


@pytest.fixture
def company(original: BooksCompany, tmp_path: Path) -> BooksCompany:
    return original.copied(tmp_path / "company")


@pytest.fixture
def kpi(company: BooksCompany, kpi_of: Callable[[BooksCompany], Kpi]) -> Kpi:
    return kpi_of(company)


def postings(company: BooksCompany) -> list[tuple[object, ...]]:
    with duckdb.connect(str(company.installation.paths.warehouse), read_only=True) as connection:
        return connection.execute("select day, amount from raw.ledger_entries order by all").fetchall()


def states(company: BooksCompany) -> list[tuple[str, str | None]]:
    with CustodyLedger(company.installation.paths.custody_ledger) as ledger:
        return [(arrival.file.file_name, arrival.state) for arrival in ledger.arrivals()]


def test_a_backup_holds_what_cannot_be_made_again_and_never_the_key(
    company: BooksCompany, kpi: Kpi, tmp_path: Path
) -> None:
    (company.installation.paths.data / "hash.key").write_bytes(KEY)
    code, printed = kpi("backup", str(tmp_path / "backup"))
    assert code == 0, printed
    assert "KPI_HASH_KEY) is not in it" in printed
    found = [path for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    names = {path.relative_to(tmp_path / "backup").as_posix() for path in found}
    assert {"config/company.yaml", "data/custody.sqlite", "data/reports/internal/2026-11-09/report.en.html"} < names
    assert not any(KEY in path.read_bytes() for path in found)
    assert [name for name in names if "warehouse" in name or "inbox" in name] == []
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in found)
    listed = json.loads((tmp_path / "backup" / MANIFEST).read_text(encoding="utf-8"))["files"]
    assert listed.keys() == names - {MANIFEST}


@pytest.mark.parametrize("options", [(), ("--with-warehouse",)])
def test_what_was_lost_is_there_again(
    company: BooksCompany, kpi: Kpi, tmp_path: Path, options: tuple[str, ...]
) -> None:
    before, ledger = postings(company), states(company)
    assert len(before) == 10
    assert kpi("backup", str(tmp_path / "backup"), *options)[0] == 0
    shutil.rmtree(company.installation.paths.data)
    shutil.rmtree(company.installation.paths.config)
    code, printed = kpi("restore", str(tmp_path / "backup"))
    assert code == 0, printed
    assert f"Next: {'kpi doctor' if options else 'kpi rebuild'}" in printed
    assert (company.installation.paths.config / "company.yaml").exists()
    assert states(company) == ledger
    # What the backup did not hold is told as a loss, and loaded again from custody.
    assert len(company.load()) == (0 if options else 1)
    assert (postings(company), states(company)) == (before, ledger)


def test_a_ledger_is_copied_whole_while_somebody_writes_to_it(company: BooksCompany, kpi: Kpi, tmp_path: Path) -> None:
    with closing(sqlite3.connect(company.installation.paths.custody_ledger, isolation_level=None)) as writer:
        writer.execute("begin immediate")
        writer.execute("update arrivals set state = 'superseded'")
        assert kpi("backup", str(tmp_path / "backup"))[0] == 0
        writer.execute("rollback")
    with closing(sqlite3.connect(tmp_path / "backup" / "data" / "custody.sqlite")) as copy:
        assert copy.execute("select state from arrivals").fetchall() == [("loaded",)]


def test_a_damaged_backup_is_refused_with_every_file_that_is_wrong(
    company: BooksCompany, kpi: Kpi, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    kpi("backup", str(backup))
    shutil.rmtree(company.installation.paths.data)
    (stored,) = (backup / "custody").iterdir()
    stored.write_bytes(stored.read_bytes().replace(b"102", b"902"))
    (backup / "config" / "company.yaml").unlink()
    code, printed = kpi("restore", str(backup))
    assert code == 1
    assert f"custody/{stored.name} is not what it was" in printed
    assert "config/company.yaml is missing" in printed
    assert not company.installation.paths.data.exists()
    (backup / MANIFEST).unlink()
    assert "no manifest" in kpi("restore", str(backup))[1]


def test_data_that_are_there_are_set_aside_and_never_deleted(company: BooksCompany, kpi: Kpi, tmp_path: Path) -> None:
    paths = company.installation.paths
    kpi("backup", str(tmp_path / "backup"))
    company.export(19, {day: 300 + day for day in range(9, 19)})
    company.load()
    newer = postings(company)
    code, printed = kpi("restore", str(tmp_path / "backup"))
    assert code == 1
    assert "it holds data already; nothing was restored" in printed
    assert postings(company) == newer
    assert kpi("restore", str(tmp_path / "backup"), "--replace")[0] == 0
    (aside,) = paths.data.glob("before-restore-*")
    with duckdb.connect(str(aside / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("select day, amount from raw.ledger_entries order by all").fetchall() == newer
    # The inbox stayed: what arrived after the backup is taken by the next run.
    company.load()
    assert postings(company) == newer


def test_another_configuration_and_another_key_are_told(
    company: BooksCompany, kpi: Kpi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kpi("backup", str(tmp_path / "backup"))
    text = (company.installation.paths.config / "company.yaml").read_text(encoding="utf-8")
    (company.installation.paths.config / "company.yaml").write_text(text.replace("Books", "Pages"), encoding="utf-8")
    monkeypatch.setenv("KPI_HASH_KEY", "another key")
    code, printed = kpi("restore", str(tmp_path / "backup"), "--replace")
    assert code == 0
    assert "differs from the backup, left as it is: config/company.yaml" in printed
    assert "is not the one of the backup" in printed
    assert "Pages" in (company.installation.paths.config / "company.yaml").read_text(encoding="utf-8")


def test_while_a_run_is_active_neither_is_done(company: BooksCompany, kpi: Kpi, tmp_path: Path) -> None:
    kpi("backup", str(tmp_path / "first"))
    with company.installation.run_lock.acquire():
        assert kpi("backup", str(tmp_path / "second"))[0] == 3
        assert kpi("restore", str(tmp_path / "first"), "--replace")[0] == 3
    assert not (tmp_path / "second").exists()
    code, printed = kpi("backup", str(tmp_path / "first"))
    assert code == 1
    assert "expected an empty folder" in printed


def test_after_an_interrupted_restore_no_run_starts(company: BooksCompany, kpi: Kpi) -> None:
    company.installation.paths.half_restored.mkdir()
    code, printed = kpi("sources")
    assert code == 1
    assert "a restore was interrupted" in printed


def test_a_manifest_that_leads_elsewhere_is_refused(company: BooksCompany, kpi: Kpi, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    kpi("backup", str(backup))
    text = (backup / MANIFEST).read_text(encoding="utf-8")
    (backup / MANIFEST).write_text(text.replace('"data/custody.sqlite"', '"data/../../custody.sqlite"'))
    code, printed = kpi("restore", str(backup), "--replace")
    assert code == 1
    assert "leads out of the backup" in printed
