"""Files whose bytes are deleted after some days, and what still works without them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import CustodyError
from kpi_pipeline.sources.custody import retention
from kpi_pipeline.sources.custody.custody import Custody
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.reconciliation import reconcile
from kpi_pipeline.sources.loading.ingest import IngestReport, ingest_source, replay_source
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

FIRST = datetime(2026, 11, 1, 6, tzinfo=UTC)
KEPT = Source(system="fx_rates", exported_at=r"_(\d{8})", keep_files_days=10)
FOREVER = Source(system="fx_rates", exported_at=r"_(\d{8})")


@dataclass
class World:
    paths: Paths
    engine: DuckDbEngine
    ledger: CustodyLedger
    today: datetime = FIRST
    source: Source = KEPT
    name: str = "fx"
    hashes: dict[str, str] = field(default_factory=dict)

    def drop(self, name: str, rates: Mapping[int, str] | str) -> None:
        folder = self.paths.inbox / self.name
        folder.mkdir(parents=True, exist_ok=True)
        if not isinstance(rates, str):
            rows = [f"2026-11-{day:02},EUR,USD,{rate}\n" for day, rate in rates.items()]
            rates = "date,base,quote,rate\n" + "".join(rows)
        (folder / name).write_text(rates)
        changed = (self.today - timedelta(hours=1)).timestamp()
        os.utime(folder / name, (changed, changed))

    def ingest(self, days_later: int = 0) -> IngestReport:
        self.today += timedelta(days=days_later)
        return ingest_source(
            self.name,
            self.source,
            engine=self.engine,
            ledger=self.ledger,
            paths=self.paths,
            as_of=self.today.date(),
            now=self.today,
            hash_key=None,
        )

    def replay(self) -> IngestReport:
        return replay_source(
            self.name, self.source, engine=self.engine, ledger=self.ledger, paths=self.paths, hash_key=None
        )

    def standing(self) -> dict[int, str]:
        rows = self.engine.read("select day, rate from raw.fx_rates order by day").to_pylist()
        return {row["day"].day: str(row["rate"].normalize()) for row in rows}

    def stored(self) -> list[str]:
        """Return the names of the files whose bytes are in custody."""
        present = {path.name for path in self.paths.custody.iterdir() if path.is_file()}
        return [entry.file.file_name for entry in self.ledger.arrivals() if entry.file.sha256 in present]


@pytest.fixture
def world(tmp_path: Path, engine: DuckDbEngine, ledger: CustodyLedger) -> World:
    return World(Paths(config=tmp_path, sql=tmp_path, data=tmp_path / "data"), engine, ledger)


def test_bytes_are_deleted_when_they_are_old_and_the_rows_stay(world: World) -> None:
    world.drop("a_20261101.csv", {1: "1.1"})
    world.drop("b_20261101.csv", "broken")
    world.ingest()
    world.drop("c_20261106.csv", {2: "2.2"})
    world.ingest(days_later=5)
    assert world.stored() == ["a_20261101.csv", "b_20261101.csv", "c_20261106.csv"]

    report = world.ingest(days_later=5)
    assert world.stored() == ["c_20261106.csv"]
    assert report.notes == (
        "The bytes of 2 file(s) were deleted from custody, 10 days after they arrived. Their rows stay and cannot be "
        "made anew from now on.",
    )
    assert world.standing() == {1: "1.1", 2: "2.2"}
    expired = {entry.file.file_name: entry.expired_at for entry in world.ledger.arrivals()}
    assert expired == {"a_20261101.csv": world.today, "b_20261101.csv": world.today, "c_20261106.csv": None}
    assert world.ingest().notes == ()


def test_files_are_kept_for_ever_where_nothing_is_said(world: World) -> None:
    world.source = FOREVER
    world.drop("a_20261101.csv", {1: "1.1"})
    world.ingest()
    world.ingest(days_later=3000)
    assert world.stored() == ["a_20261101.csv"]


def test_a_file_that_still_lies_in_the_inbox_does_not_come_back(world: World) -> None:
    world.drop("a_20261101.csv", {1: "1.1"})
    world.ingest()
    world.ingest(days_later=10)
    assert world.ingest().files == ()
    world.drop("a_20261101.csv", {1: "1.1"})  # the same bytes with a new time
    assert world.ingest().files == ()
    assert world.stored() == []


def test_another_contract_loads_anew_what_is_there_and_leaves_the_rest(world: World) -> None:
    world.drop("a_20261101.csv", {1: "1.1", 2: "1.2"})
    world.ingest()
    world.drop("c_20261106.csv", {2: "2.2", 3: "2.3"})
    world.ingest(days_later=5)
    world.ingest(days_later=5)
    before = world.engine.read("select batch_id from raw.batches where file_name like 'c%'").to_pylist()

    world.source = KEPT.model_copy(update={"final_line_break": False, "coverage": "days_present"})
    report = world.ingest()
    assert [(file.file_name, file.state) for file in report.files] == [("c_20261106.csv", "loaded")]
    assert report.notes[0].startswith("1 file(s) were not loaded anew, because their bytes were deleted from custody")
    assert world.standing() == {1: "1.1", 2: "2.2", 3: "2.3"}
    assert world.engine.read("select batch_id from raw.batches where file_name like 'c%'").to_pylist() != before
    assert (world.ingest().files, world.ingest().notes) == ((), ())


def test_bytes_that_come_again_are_a_new_file(world: World) -> None:
    world.drop("a_20261101.csv", {1: "1.1"})
    world.ingest()
    world.ingest(days_later=10)
    world.drop("again_20261111.csv", {1: "1.1"})
    world.ingest()
    assert world.stored() == ["a_20261101.csv", "again_20261111.csv"]
    assert [entry.expired_at for entry in world.ledger.arrivals()] == [None, None]
    world.ingest(days_later=9)
    assert len(world.stored()) == 2
    world.ingest(days_later=1)
    assert world.stored() == []


def test_bytes_that_another_source_may_still_use_are_kept_for_it(world: World) -> None:
    world.drop("a_20261101.csv", {1: "1.1"})
    world.ingest()
    world.name, world.source = "other", FOREVER
    world.drop("a_20261101.csv", {1: "1.1"})
    world.ingest()
    world.name, world.source = "fx", KEPT
    world.ingest(days_later=10)
    assert [(entry.file.source, entry.expired_at is None) for entry in world.ledger.arrivals()] == [
        ("fx", False), ("other", True),
    ]  # fmt: skip
    assert len(world.stored()) == 2


def test_a_file_that_nobody_decided_on_is_kept(world: World) -> None:
    world.drop("a_20261101.csv", {1: "1.1"})
    world.ingest()
    (arrival,) = world.ledger.arrivals()
    world.ledger.reopen([arrival.arrival_id])
    custody = Custody(world.paths.custody)
    later = world.today + timedelta(days=100)
    assert retention.expire_files("fx", 10, ledger=world.ledger, custody=custody, now=later) == frozenset()
    assert world.stored() == ["a_20261101.csv"]


def test_a_deletion_that_was_interrupted_is_made_up_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.drop("a_20261101.csv", {1: "1.1"})
    world.ingest()
    with monkeypatch.context() as patch:
        patch.setattr(Custody, "delete", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            world.ingest(days_later=10)
    assert world.stored() == ["a_20261101.csv"]
    world.ingest()
    assert world.stored() == []


def test_rows_that_are_lost_with_their_file_are_said_to_be_lost_once(world: World) -> None:
    world.drop("a_20261101.csv", {1: "1.1"})
    world.ingest()
    world.ingest(days_later=10)
    world.engine.run("delete from raw.fx_rates")
    world.engine.run("delete from raw.batches")
    world.engine.run("delete from raw.covered_days")
    (found,) = reconcile(world.engine, world.ledger)
    assert "its bytes were deleted on 2026-11-11" in found.message
    assert reconcile(world.engine, world.ledger) == ()
    assert world.ingest().files == ()


def test_a_replay_ends_with_the_same_rows(world: World) -> None:
    world.source = FOREVER
    world.drop("late_20261103.csv", {1: "3", 28: "3"})  # speaks for all days between
    world.ingest()
    world.drop("early_20261102.csv", dict.fromkeys(range(1, 29), "2"))  # many rows, but older
    world.drop("broken_20261104.csv", "broken")
    world.drop("copy_20261101.csv", {1: "3", 28: "3"})
    world.ingest()
    before = world.engine.read("select * from raw.fx_rates order by all").to_pylist()
    states = [(entry.file.file_name, entry.state) for entry in world.ledger.arrivals()]

    report = world.replay()
    assert {(file.file_name, file.state) for file in report.files} == {
        ("late_20261103.csv", "loaded"), ("early_20261102.csv", "superseded"), ("copy_20261101.csv", "duplicate"),
    }  # fmt: skip
    assert world.engine.read("select * from raw.fx_rates order by all").to_pylist() == before
    assert [(entry.file.file_name, entry.state) for entry in world.ledger.arrivals()] == states


def test_a_replay_checks_all_files_first(world: World) -> None:
    world.source = FOREVER
    world.drop("a_20261101.csv", {1: "1.1"})
    world.drop("b_20261102.csv", {2: "1.2"})
    world.ingest()
    (world.paths.custody / world.ledger.arrivals()[1].file.sha256).write_text("damaged")
    with pytest.raises(CustodyError, match="Restore this file"):
        world.replay()
    assert world.standing() == {1: "1.1", 2: "1.2"}
    assert [entry.state for entry in world.ledger.arrivals()] == ["loaded", "loaded"]


def test_few_rows_that_come_back_later_are_still_refused(world: World) -> None:
    world.source = FOREVER
    few = "date,base,quote,rate\n2026-11-01,EUR,USD,1\n2026-11-28,EUR,USD,1\n"
    world.drop("a_20261101.csv", few)
    world.ingest()
    world.drop("b_20261102.csv", dict.fromkeys(range(1, 29), "2"))
    world.ingest()
    world.drop("c_20261103.csv", few)
    assert [file.state for file in world.ingest().files] == ["quarantined"]
    world.replay()
    assert world.standing() == dict.fromkeys(range(1, 29), "2")


def test_a_ledger_of_the_first_version_is_extended(tmp_path: Path) -> None:
    with CustodyLedger(tmp_path / "custody.sqlite") as ledger:
        ledger._connection.execute("alter table arrivals drop column expired_at")
    with CustodyLedger(tmp_path / "custody.sqlite") as ledger:
        assert ledger.arrivals() == []
        assert ledger.expired_hashes() == []
