import os
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import CustodyError, EngineError
from kpi_pipeline.sources.custody.custody import Custody
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading import ingest, loading
from kpi_pipeline.sources.loading.ingest import IngestReport, ingest_source
from kpi_pipeline.sources.loading.raw_tables import loaded_batches
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

NAMED = Source(system="fx_rates", exported_at=r"_(\d{8})")
UNNAMED = Source(system="fx_rates")
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@dataclass
class Inbox:
    """One installation: files are dropped, then ingested."""

    paths: Paths
    engine: DuckDbEngine
    ledger: CustodyLedger
    source: Source = NAMED

    @property
    def folder(self) -> Path:
        return self.paths.inbox / "fx"

    def drop(self, name: str, rates: Mapping[int, str] | str, at: datetime = NOW - timedelta(hours=1)) -> Path:
        """Write a file of rates per day of November, or of any text."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not isinstance(rates, str):
            rows = [f"2026-11-{day:02},EUR,USD,{rate}\n" for day, rate in rates.items()]
            rates = "date,base,quote,rate\n" + "".join(rows)
        path = self.folder / name
        path.write_text(rates, encoding="utf-8")
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def ingest(self, **options: object) -> IngestReport:
        given: dict[str, object] = {
            "engine": self.engine, "ledger": self.ledger, "paths": self.paths, "as_of": date(2026, 11, 20), "now": NOW,
            "hash_key": None,
        }  # fmt: skip
        return ingest_source("fx", self.source, **(given | options))  # type: ignore[arg-type]

    def standing(self) -> dict[int, str]:
        rows = self.engine.read("select day, rate from raw.fx_rates order by day").to_pylist()
        assert len({row["day"] for row in rows}) == len(rows)
        return {row["day"].day: str(row["rate"].normalize()) for row in rows}

    def states(self) -> list[tuple[str, str | None]]:
        return [(arrival.file.file_name, arrival.state) for arrival in self.ledger.arrivals("fx")]


@pytest.fixture
def inbox(tmp_path: Path, engine: DuckDbEngine, ledger: CustodyLedger) -> Inbox:
    return Inbox(Paths(config=tmp_path, sql=tmp_path, data=tmp_path / "data"), engine, ledger)


def test_a_file_goes_through_custody_and_the_ledger_into_raw(inbox: Inbox) -> None:
    original = inbox.drop("rates_20261105.csv", {1: "1.1", 3: "1.3"})
    report = inbox.ingest()

    (outcome,) = report.files
    assert (outcome.file_name, outcome.state, outcome.rows_loaded) == ("rates_20261105.csv", "loaded", 2)
    assert outcome.problem is None
    assert inbox.standing() == {1: "1.1", 3: "1.3"}
    assert Custody(inbox.paths.custody).path(outcome.sha256).read_bytes() == original.read_bytes()
    (arrival,) = inbox.ledger.arrivals("fx")
    assert arrival.exported_at == datetime(2026, 11, 5)
    assert (arrival.file.arrived_at, arrival.file.arrived_for) == (NOW, date(2026, 11, 20))
    assert arrival.contents is not None
    assert (arrival.contents.rows, arrival.contents.first_day) == (2, date(2026, 11, 1))
    (batch,) = loaded_batches(inbox.engine).values()
    assert (batch.batch_id, batch.sha256, batch.loaded_for) == (arrival.batch_id, outcome.sha256, date(2026, 11, 20))


def test_nothing_new_is_not_even_read_again(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1"})
    inbox.drop("broken_20261105.csv", "nothing")
    inbox.ingest()
    before = inbox.ledger.arrivals()
    monkeypatch.setattr(Custody, "store", None)

    assert inbox.ingest().files == ()
    assert inbox.ledger.arrivals() == before


def test_the_same_bytes_are_loaded_once_whatever_their_names(inbox: Inbox) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1"})
    inbox.drop("rates_20261105 (1).csv", {1: "1.1"})
    inbox.ingest()
    inbox.drop("rates_20261105 (2).csv", {1: "1.1"})
    inbox.ingest()

    assert sorted(state for _, state in inbox.states()) == ["duplicate", "duplicate", "loaded"]
    assert inbox.standing() == {1: "1.1"}


def test_a_file_that_was_only_touched_is_no_new_arrival(inbox: Inbox) -> None:
    inbox.source = UNNAMED
    inbox.drop("rates.csv", {1: "1.1"}, at=NOW - timedelta(days=3))
    inbox.ingest()
    inbox.drop("rates.csv", {1: "1.1"}, at=NOW - timedelta(days=1))

    assert inbox.ingest().files == ()
    assert inbox.states() == [("rates.csv", "loaded")]
    (batch,) = loaded_batches(inbox.engine).values()
    assert batch.exported_at == (NOW - timedelta(days=3)).replace(tzinfo=None)
    assert inbox.ingest().files == ()


def test_a_corrected_file_under_the_same_name_takes_over(inbox: Inbox) -> None:
    inbox.source = UNNAMED
    inbox.drop("rates.csv", {1: "1.1", 2: "1.2"}, at=NOW - timedelta(days=3))
    inbox.ingest()
    inbox.drop("rates.csv", {2: "2.2", 3: "2.3"}, at=NOW - timedelta(days=1))
    report = inbox.ingest()

    assert [outcome.state for outcome in report.files] == ["loaded"]
    assert inbox.standing() == {1: "1.1", 2: "2.2", 3: "2.3"}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("at_once", [False, True])
def test_overlapping_late_and_repeated_exports_end_the_same_in_any_order(
    inbox: Inbox, order: tuple[int, ...], at_once: bool
) -> None:
    exports = [
        ("rates_20261105.csv", {1: "1.1", 2: "1.2", 3: "1.3"}),
        ("rates_20261106.csv", {2: "2.2", 3: "2.3"}),
        # What the first one said, once more and newer: the truth went back.
        ("rates_20261107.csv", {1: "1.1", 2: "1.2", 3: "1.3"}),
    ]
    for index in order:
        inbox.drop(*exports[index])
        if not at_once:
            inbox.ingest()
    inbox.ingest()

    assert inbox.standing() == {1: "1.1", 2: "1.2", 3: "1.3"}
    assert sorted(str(state) for _, state in inbox.states()) == ["duplicate", "loaded", "superseded"]
    assert dict(inbox.states())["rates_20261106.csv"] == "superseded"


def test_an_older_export_that_arrives_late_is_superseded(inbox: Inbox) -> None:
    inbox.drop("rates_20261106.csv", {1: "2.1", 2: "2.2"})
    inbox.ingest()
    inbox.drop("rates_20261105.csv", {1: "1.1", 2: "1.2"})
    report = inbox.ingest()

    assert [(outcome.state, outcome.rows_loaded) for outcome in report.files] == [("superseded", 2)]
    assert inbox.standing() == {1: "2.1", 2: "2.2"}


def test_a_file_becomes_superseded_when_a_newer_one_has_replaced_all_of_it(inbox: Inbox) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1", 2: "1.2"})
    inbox.ingest()
    inbox.drop("rates_20261106.csv", {1: "2.1"})
    inbox.ingest()
    assert dict(inbox.states())["rates_20261105.csv"] == "loaded"
    inbox.drop("rates_20261107.csv", {1: "3.1", 2: "3.2"})
    inbox.ingest()

    assert [state for _, state in sorted(inbox.states())] == ["superseded", "superseded", "loaded"]


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_and_any_split_into_runs_ends_the_same(inbox: Inbox, seed: int) -> None:
    exports = [
        ("a_20261105.csv", {1: "1", 2: "1", 3: "1", 4: "1"}),
        ("b_20261106.csv", {3: "2", 4: "2", 6: "2"}),
        ("c_20261107.csv", {1: "1", 2: "1", 3: "1", 4: "1"}),  # the bytes of a, exported again
        ("d_20261108.csv", {4: "3", 5: "3"}),
        ("e_20261104.csv", {7: "4", 8: "4"}),
        ("f_20261108.csv", {8: "5"}),
        ("g_20261106.csv", "broken"),
        ("h_20261103.csv", {2: "6", 3: "6"}),
    ]
    random = Random(seed)
    random.shuffle(exports)
    for export in exports:
        inbox.drop(*export)
        if random.random() < 0.5:
            inbox.ingest()
    inbox.ingest()

    assert inbox.standing() == {1: "1", 2: "1", 3: "1", 4: "3", 5: "3", 6: "2", 7: "4", 8: "5"}
    owners = inbox.engine.read("select day, exported_at from raw.covered_days order by day").to_pylist()
    assert [(row["day"].day, row["exported_at"].day) for row in owners] == [
        (1, 7), (2, 7), (3, 7), (4, 8), (5, 8), (6, 6), (7, 4), (8, 8),
    ]  # fmt: skip
    batches = loaded_batches(inbox.engine).values()
    assert sorted((batch.exported_at.day, batch.rows_loaded) for batch in batches) == [
        (3, 2), (4, 2), (6, 3), (7, 4), (8, 1), (8, 2),
    ]  # fmt: skip
    states = Counter(state for _, state in inbox.states())
    assert states == {"loaded": 5, "superseded": 1, "duplicate": 1, "quarantined": 1}


# Quarantine


def test_a_broken_file_goes_to_quarantine_and_stops_no_other(inbox: Inbox) -> None:
    inbox.drop("a_20261104.csv", {1: "1.1"})
    inbox.drop("b_20261105.csv", "date,base,quote,rate\n2026-11-02,EUR,USD,1.2\n2026-11-03,EUR,USD,1.x\n")
    inbox.drop("c_20261106.csv", "a,b\n1,2\n")
    inbox.drop("d_20261107.csv", {4: "1.4"})
    report = inbox.ingest()

    assert [outcome.state for outcome in report.files] == ["loaded", "quarantined", "quarantined", "loaded"]
    assert inbox.standing() == {1: "1.1", 4: "1.4"}
    assert "b_20261105.csv, line 3, column 'rate': found '1.x'" in str(report.files[1].problem)
    broken = inbox.ledger.arrivals("fx")[1]
    assert broken.refusal is not None
    assert (broken.refusal.line, broken.refusal.column, broken.refusal.found) == (3, "rate", "'1.x'")
    assert broken.exported_at == datetime(2026, 11, 5)
    assert Custody(inbox.paths.custody).verified(broken.file.sha256).is_file()


def test_a_file_whose_name_says_no_time_goes_to_quarantine_until_it_is_renamed(inbox: Inbox) -> None:
    inbox.drop("rates.csv", {1: "1.1"})
    assert [outcome.state for outcome in inbox.ingest().files] == ["quarantined"]
    inbox.drop("rates_20261105.csv", {1: "1.1"})
    assert [outcome.state for outcome in inbox.ingest().files] == ["loaded"]


def test_links_out_of_the_inbox_are_reported_once_and_never_read(inbox: Inbox, tmp_path: Path) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1"})
    (tmp_path / "secret.csv").write_text("date,base,quote,rate\n2026-11-09,EUR,USD,9.9\n")
    (inbox.folder / "link_20261105.csv").symlink_to(tmp_path / "secret.csv")

    states = {outcome.file_name: outcome.state for outcome in inbox.ingest().files}

    assert states == {"link_20261105.csv": "quarantined", "rates_20261105.csv": "loaded"}
    assert inbox.standing() == {1: "1.1"}
    assert inbox.ingest().files == ()
    (inbox.folder / "link_20261105.csv").unlink()
    inbox.drop("link_20261105.csv", {2: "1.2"})
    assert [outcome.state for outcome in inbox.ingest().files] == ["loaded"]


def test_a_file_that_cannot_be_read_is_quarantined_until_it_can(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1"})

    def denied(self: Custody, original: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Custody, "store", denied)
        (outcome,) = inbox.ingest().files
        assert inbox.ingest().files == ()
    assert (outcome.state, outcome.sha256) == ("quarantined", "")
    assert "Permission denied" in str(outcome.problem)

    assert [outcome.state for outcome in inbox.ingest().files] == ["loaded"]


def test_a_file_that_is_being_written_waits_for_the_next_run(inbox: Inbox) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1"}, at=NOW - timedelta(seconds=1))
    report = inbox.ingest()
    assert (report.files, report.unsettled) == ((), ("rates_20261105.csv",))
    assert inbox.ledger.arrivals() == []

    report = inbox.ingest(now=NOW + timedelta(seconds=2))
    assert [outcome.state for outcome in report.files] == ["loaded"]


def test_a_far_too_small_file_waits_for_somebody_to_confirm_it(inbox: Inbox) -> None:
    inbox.drop("rates_20261105.csv", dict.fromkeys(range(1, 13), "1.1"))
    inbox.ingest()
    inbox.drop("rates_20261108.csv", "date,base,quote,rate\n")
    (empty,) = inbox.ingest().files
    assert (empty.state, "no rows at all" in str(empty.problem)) == ("quarantined", True)
    inbox.drop("rates_20261109.csv", {1: "4.1", 20: "4.2"})
    (tiny,) = inbox.ingest().files
    assert tiny.state == "quarantined"
    assert "found 1 rows of fx_rates for 2026-11-01 to 2026-11-12; expected about 12" in str(tiny.problem)
    assert inbox.ingest().files == ()

    inbox.ledger.confirm("fx", tiny.sha256, confirmed_by="Ada", reason="Currency was dropped", confirmed_at=NOW)
    assert [outcome.state for outcome in inbox.ingest().files] == ["loaded"]
    assert inbox.standing() == {1: "4.1", 20: "4.2"}


# Changes of the configuration


def test_a_corrected_contract_takes_files_out_of_quarantine(inbox: Inbox) -> None:
    inbox.source = Source(system="fx_rates", exported_at=r"_(\d{8})", decimal_separator=",", delimiter=";")
    path = inbox.drop("rates_20261105.csv", {1: "1.1"})
    assert [outcome.state for outcome in inbox.ingest().files] == ["quarantined"]
    path.unlink()  # custody has it
    inbox.source = NAMED
    assert [outcome.state for outcome in inbox.ingest().files] == ["loaded"]
    assert inbox.standing() == {1: "1.1"}


def test_another_contract_loads_everything_anew(inbox: Inbox) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1", 3: "1.3"})
    inbox.drop("rates_20261106.csv", {3: "2.3"})
    inbox.ingest()
    batches = set(loaded_batches(inbox.engine))
    inbox.source = Source(system="fx_rates", exported_at=r"_(\d{8})", account_id="bank", coverage="days_present")
    report = inbox.ingest()

    assert [outcome.state for outcome in report.files] == ["loaded", "loaded"]
    assert inbox.standing() == {1: "1.1", 3: "2.3"}
    accounts = inbox.engine.read("select distinct account_id from raw.fx_rates union all select account_id from"
                                 " raw.covered_days")["account_id"].to_pylist()  # fmt: skip
    assert accounts == ["bank", "bank", "bank"]  # the 2nd is not covered any more
    assert not batches & set(loaded_batches(inbox.engine))
    assert inbox.ingest().files == ()


def test_another_rule_for_export_times_orders_the_files_anew(inbox: Inbox) -> None:
    inbox.drop("rates_20261105_20261109.csv", {1: "1.1"})
    inbox.drop("rates_20261106_20261108.csv", {1: "2.1"})
    inbox.ingest()
    assert inbox.standing() == {1: "2.1"}
    inbox.source = Source(system="fx_rates", exported_at=r"_(\d{8})\.csv$")
    inbox.ingest()
    assert inbox.standing() == {1: "1.1"}
    assert inbox.ingest().files == ()


# Crashes


class Crash(BaseException):
    """What a killed process does to those who wait for it."""


STEPS = {
    "after storing": (Custody, "flush"),
    "before entering the arrivals": (CustodyLedger, "register"),
    "before preparing": (ingest, "prepare_file"),
    "before loading": (ingest, "load_file"),
    "inside the load's transaction": (loading, "claim_days"),
    "before the end of the transaction": (loading, "enter_batch"),
    "after loading": (ingest, "standing_batches"),
    "before deciding": (CustodyLedger, "decide"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("call", [1, 2])
def test_after_a_crash_at_any_point_the_next_run_ends_as_if_nothing_had_happened(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, step: str, call: int
) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1", 2: "1.2"})
    inbox.drop("rates_20261106.csv", {2: "2.2"})
    inbox.drop("rates_20261107.csv", {2: "2.2"})
    inbox.drop("rates_20261108.csv", "broken")
    owner, name = STEPS[step]
    original = getattr(owner, name)
    calls = []

    def crashing(*arguments: object, **options: object) -> object:
        calls.append(name)
        if len(calls) == call:
            raise Crash
        return original(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, crashing)
        try:
            inbox.ingest()
        except Crash:
            # What was dropped may be gone from the inbox when the next run starts, once the ledger knows it.
            if inbox.ledger.arrivals():
                shutil.rmtree(inbox.folder)
    assert calls
    inbox.ingest()

    assert inbox.standing() == {1: "1.1", 2: "2.2"}
    assert inbox.states() == [
        ("rates_20261105.csv", "loaded"),
        ("rates_20261106.csv", "loaded"),
        ("rates_20261107.csv", "duplicate"),
        ("rates_20261108.csv", "quarantined"),
    ]
    assert all(arrival.contents for arrival in inbox.ledger.arrivals() if arrival.state == "loaded")
    assert [batch.rows_loaded for batch in loaded_batches(inbox.engine).values()] == [2, 1]
    assert inbox.ingest().files == ()


def test_trouble_of_the_engine_is_not_blamed_on_a_file(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1"})

    def full(*_: object, **__: object) -> None:
        raise EngineError("disk full") from duckdb.IOException("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "load_file", full)
        with pytest.raises(EngineError, match="disk full"):
            inbox.ingest()
    assert inbox.states() == [("rates_20261105.csv", None)]
    assert [outcome.state for outcome in inbox.ingest().files] == ["loaded"]


def test_a_file_lost_from_custody_before_it_was_loaded_stops_no_other_and_is_never_silent(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1"})
    with monkeypatch.context() as patch:
        patch.setattr(ingest, "loaded_batches", lambda *_: (_ for _ in ()).throw(Crash))
        with pytest.raises(Crash):
            inbox.ingest()
    (arrival,) = inbox.ledger.arrivals()
    Custody(inbox.paths.custody).path(arrival.file.sha256).unlink()
    inbox.drop("rates_20261106.csv", {2: "2.2"})

    with pytest.raises(CustodyError, match=arrival.file.sha256):
        inbox.ingest()
    assert inbox.standing() == {2: "2.2"}

    inbox.drop("rates_20261105.csv", {1: "1.1"}, at=NOW - timedelta(minutes=1))  # put into the inbox again
    inbox.ingest()
    assert inbox.standing() == {1: "1.1", 2: "2.2"}


def test_rows_that_the_ledger_does_not_know_are_never_thrown_away(inbox: Inbox) -> None:
    inbox.drop("rates_20261105.csv", {1: "1.1"})
    inbox.ingest()
    inbox.ledger._connection.execute("delete from arrivals")
    shutil.rmtree(inbox.folder)

    with pytest.raises(CustodyError, match=r"rates_20261105\.csv: found its rows .* no entry in the custody ledger"):
        inbox.ingest()
