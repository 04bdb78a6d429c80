"""``kpi doctor`` on an installation that is well, and on one where everything is wrong in turn."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.delivery.delivery_ledger import Contents, DeliveryLedger, Place
from kpi_pipeline.doctor.disk import disk
from kpi_pipeline.doctor.examination import BESIDE_RUNS, WITH_THE_WAREHOUSE, Check, examine
from kpi_pipeline.doctor.finding import Examined, Finding
from kpi_pipeline.doctor.publications import deliveries, last_run, reports, snapshots
from kpi_pipeline.doctor.setting import custody_files, hash_key, lock
from kpi_pipeline.doctor.warehouse import warehouse
from kpi_pipeline.sources.custody.arrival import NewArrival
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.warehouse import space
from tests.integration.books_company import NOW, BooksCompany, Kpi


@pytest.fixture
def company(original: BooksCompany, tmp_path: Path) -> BooksCompany:
    return original.copied(tmp_path / "company")


def found(company: BooksCompany, *checks: Check, **environment: str) -> dict[str, Finding]:
    """Return what the checks find, all of them unless some are named, by its subject."""
    examined = Examined(company.installation, company.environment() | environment)
    return {each.subject: each for each in examine(examined, checks or (*BESIDE_RUNS, *WITH_THE_WAREHOUSE))}


def test_each_line_says_how_it_is_and_what_to_do(company: BooksCompany, kpi_of: Callable[[BooksCompany], Kpi]) -> None:
    code, printed = kpi_of(company)("doctor")
    assert code == 1
    assert "■  last run       nothing was ever published" in printed
    assert "→ kpi run" in printed
    assert "✔  warehouse      it holds every file that the custody ledger says was loaded" in printed
    code, printed = kpi_of(company)("doctor", "--json")
    listed: list[dict[str, Any]] = json.loads(printed)
    assert {each["level"] for each in listed if each["subject"] in ("configuration", "key", "custody")} == {"good"}
    (versions,) = (each for each in listed if each["subject"] == "versions")
    assert {"duckdb", "dagster", "python"} < versions["facts"].keys()


def test_nothing_is_changed(company: BooksCompany) -> None:
    paths = company.installation.paths
    before = {path: path.read_bytes() for path in paths.data.rglob("*") if path.is_file()}
    found(company)
    after = {path: path.read_bytes() for path in paths.data.rglob("*") if path.is_file()}
    # The lock counts its holders.
    assert {path.name for path in after if after[path] != before.get(path)} <= {"warehouse.lock"}


def test_what_is_gone_is_named_with_its_remedy(company: BooksCompany) -> None:
    paths = company.installation.paths
    (stored,) = (path for path in paths.custody.iterdir() if len(path.name) == 64)
    stored.unlink()
    paths.warehouse.unlink()
    findings = found(company, custody_files, warehouse)
    assert (findings["custody"].level, findings["custody"].facts) == ("problem", {"files": 1, "missing": 1})
    assert "journal_20261120.csv" in findings["custody"].message
    assert (findings["warehouse"].level, findings["warehouse"].advice[:11]) == ("problem", "kpi rebuild")
    paths.half_restored.mkdir()
    assert found(company, lock)["data"].level == "problem"


def test_a_warehouse_that_lost_a_file_is_told_and_left_for_the_next_run(company: BooksCompany) -> None:
    with company.installation.open_run() as run:
        run.engine.run("delete from raw.batches")
    assert found(company, warehouse)["warehouse"].level == "problem"
    assert "journal_20261120.csv" in found(company, warehouse)["warehouse"].message
    assert len(company.load()) == 1
    assert found(company, warehouse)["warehouse"].level == "good"


def test_an_active_run_is_neither_wrong_nor_disturbed(company: BooksCompany) -> None:
    with company.installation.run_lock.acquire() as token:
        findings = found(company, lock, warehouse)
    assert findings["lock"].facts == {"is_active": 1}
    assert (findings["warehouse"].level, "a run is active" in findings["warehouse"].message) == ("good", True)
    with company.installation.run_lock.acquire() as next_token:
        assert next_token == token + 1


def test_a_key_that_others_may_read_is_a_problem(company: BooksCompany, tmp_path: Path) -> None:
    key = tmp_path / "hash.key"
    key.write_text("a key")
    key.chmod(0o644)
    assert found(company, hash_key, KPI_HASH_KEY="", KPI_HASH_KEY_FILE=str(key))["key"].level == "problem"
    key.chmod(0o600)
    assert found(company, hash_key, KPI_HASH_KEY="", KPI_HASH_KEY_FILE=str(key))["key"].level == "good"
    assert found(company, hash_key, KPI_HASH_KEY="")["key"].level == "warning"


def test_a_broken_configuration_does_not_stop_the_rest(company: BooksCompany) -> None:
    (company.installation.paths.config / "company.yaml").write_text("name: 5\n")
    broken = replace(company.installation)
    findings = {each.subject: each for each in examine(Examined(broken, company.environment()))}
    assert findings["configuration"].level == "problem"
    assert {"custody", "disk", "last run"} < findings.keys()


@pytest.mark.parametrize(("days", "level"), [(1, "good"), (2, "warning"), (7, "problem")])
def test_the_last_run_is_judged_by_its_age(company: BooksCompany, days: int, level: str) -> None:
    with PublicationLedger(company.installation.paths.publication_ledger) as publications:
        publications.enter("a", NOW.date() - timedelta(days=days), NOW, [])
    findings = found(company, last_run, snapshots, reports)
    assert findings["last run"].level == level
    # Entered, and no file is there that readers could open.
    assert findings["published"].level == "problem"
    assert findings["reports"].level == "warning"


@pytest.mark.parametrize(("is_resolved", "level"), [(False, "problem"), (True, "good")])
def test_a_copy_of_which_nobody_knows_whether_it_arrived_is_a_problem(
    company: BooksCompany, is_resolved: bool, level: str
) -> None:
    place = Place(date(2026, 11, 9), "internal", 1, "mail", "a@shop.test")
    with DeliveryLedger(company.installation.paths.delivery_ledger) as ledger:
        claim = ledger.claim(place, Contents("internal", "en", "a", NOW, "<a@shop.test>"), NOW)
        assert claim is not None
        ledger.settle(place, claim, "unknown", "the connection broke", NOW)
        if is_resolved:
            ledger.resolve(place, is_sent=True, by="Ada", now=NOW)
    assert found(company, deliveries)["delivery"].level == level


@pytest.mark.parametrize(
    ("weeks", "weekly", "free", "days_left", "level"),
    [
        (10, 1_000_000, 10_000_000, 35, "warning"),
        (10, 1_000_000, 100_000_000, 350, "good"),
        (10, 1_000_000, 2_000_000, 7, "problem"),
        (1, 1_000_000, 2_000_000, None, "good"),
    ],
)
def test_the_disk_lasts_as_long_as_recent_weeks_say(
    company: BooksCompany,
    monkeypatch: pytest.MonkeyPatch,
    weeks: int,
    weekly: int,
    free: int,
    days_left: int | None,
    level: str,
) -> None:
    """One file of ``weekly`` bytes a week, of which tables and snapshots take as much again."""
    paths = company.installation.paths
    shutil.rmtree(paths.custody)
    paths.custody.mkdir()
    paths.custody_ledger.unlink()
    with CustodyLedger(paths.custody_ledger) as ledger:
        for week in range(weeks):
            arrived = NOW - timedelta(weeks=week, hours=1)
            ledger.register([NewArrival("books", f"{week}.csv", weekly, f"{week:064}", 0, arrived, arrived.date())])
            (paths.custody / f"{week:064}").touch()
            os.truncate(paths.custody / f"{week:064}", weekly)
    with paths.warehouse.open("r+b") as file:
        file.truncate(weeks * weekly)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(0, 0, free))  # type: ignore[attr-defined]
    (finding,) = disk(Examined(company.installation, {}))
    assert (finding.level, finding.facts["days_left"]) == (level, days_left)
    assert finding.facts["custody_bytes"] == weeks * weekly


@pytest.mark.slow
def test_space_that_a_run_will_give_back_is_told_and_given_back(
    company: BooksCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = company.installation.paths.warehouse
    with company.installation.open_run() as run:
        run.engine.replace_table("core.large", "select md5(cast(n as varchar)) as t from range(200000) as numbers(n)")
        run.engine.run("checkpoint")
        run.engine.replace_table("core.behind", "select n from range(5000) as numbers(n)")
        run.engine.run("checkpoint")
        run.engine.run("drop table core.large")
    size = path.stat().st_size
    assert found(company, warehouse)["space"].level == "good"
    monkeypatch.setattr(space, "WORTHWHILE_BYTES", 1_000_000)
    (finding,) = (each for each in warehouse(Examined(company.installation, {})) if each.subject == "space")
    assert (finding.level, "by itself" in finding.advice) == ("warning", True)
    company.load()
    assert path.stat().st_size < size / 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert found(company, warehouse)["space"].level == "good"


def test_a_source_that_is_late_is_named(company: BooksCompany) -> None:
    later = replace(company.installation, clock=FixedClock(datetime(2026, 12, 5, tzinfo=UTC)))
    findings = {each.subject: each for each in warehouse(Examined(later, company.environment()))}
    assert findings["source"].facts == {"source": "books", "late_by_days": 14, "quarantined": 0}
    assert findings["source"].advice == "kpi sources books"


def test_what_is_asked_every_few_minutes_does_not_open_the_warehouse(company: BooksCompany) -> None:
    path = company.installation.paths.warehouse
    path.write_bytes(b"")
    path.chmod(0)
    examine(Examined(company.installation, company.environment()), BESIDE_RUNS)
    assert path.stat().st_size == 0
