import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.source_state import SourceState, source_states
from kpi_pipeline.sources.loading.ingest import ingest_source
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
AS_OF = date(2026, 11, 20)
SOURCE = Source(system="fx_rates", exported_at=r"_(\d{8})", restates_days=3, promised_every_days=2)
BERLIN = CompanyCalendar("Europe/Berlin", "monday", "gregorian")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(config=tmp_path, sql=tmp_path, data=tmp_path / "data")


@pytest.fixture
def state(paths: Paths, engine: DuckDbEngine, ledger: CustodyLedger) -> "StateAfter":
    return StateAfter(paths, engine, ledger)


class StateAfter:
    """Ingests files of rates per day of November and asks for the state."""

    def __init__(self, paths: Paths, engine: DuckDbEngine, ledger: CustodyLedger) -> None:
        self.paths, self.engine, self.ledger = paths, engine, ledger
        self.folder = paths.inbox / "fx"
        self.folder.mkdir(parents=True)

    def __call__(self, name: str = "", days: tuple[int, ...] = (), *, source: Source = SOURCE) -> SourceState:
        if name:
            rows = "".join(f"2026-11-{day:02},EUR,USD,1\n" for day in days) or "broken\n"
            (self.folder / name).write_text("date,base,quote,rate\n" + rows)
            os.utime(self.folder / name, (0, NOW.timestamp() - 60))
        ingest_source(
            "fx", source, engine=self.engine, ledger=self.ledger, paths=self.paths, as_of=AS_OF, now=NOW, hash_key=None
        )
        (state,) = source_states(
            {"fx": source}, engine=self.engine, ledger=self.ledger, calendar=BERLIN, as_of=AS_OF
        )  # fmt: skip
        return state


def november(*days: int) -> tuple[date, ...]:
    return tuple(date(2026, 11, day) for day in days)


def test_a_source_that_never_delivered_is_late(state: StateAfter) -> None:
    found = state()
    assert (found.source, found.system, found.last_file, found.is_late) == ("fx", "fx_rates", None, True)
    assert (found.coverage, found.quarantine, dict(found.files)) == ((), (), {})


@pytest.mark.parametrize(("exported_on", "is_late"), [("20261117", True), ("20261118", False), ("20261120", False)])
def test_a_source_is_late_when_its_promise_has_passed(state: StateAfter, exported_on: str, is_late: bool) -> None:
    assert state(f"a_{exported_on}.csv", (1,)).is_late is is_late


def test_the_newest_export_is_the_last_file_whatever_arrived_last(state: StateAfter) -> None:
    state("b_20261119.csv", (2,))
    state("broken_20261120.csv")
    found = state("a_20261118.csv", (1,))

    assert (found.last_file, found.exported_at) == ("b_20261119.csv", datetime(2026, 11, 19))
    assert dict(found.files) == {"loaded": 2, "quarantined": 1}


def test_covered_missing_and_provisional_days(state: StateAfter) -> None:
    state("a_20261119.csv", (10, 12))
    (coverage,) = state("b_20261119.csv", (15, 16, 17, 18)).coverage

    assert (coverage.subject, coverage.first_day, coverage.last_day) == ("fx_rates", *november(10, 18))
    assert coverage.covered_days == 7
    assert coverage.missing_days == november(13, 14, 19)
    assert coverage.provisional_days == november(17, 18)  # 20 - 3


def test_a_source_that_speaks_only_for_its_days_has_no_gaps(state: StateAfter) -> None:
    (coverage,) = state(
        "a_20261119.csv", (10, 12), source=SOURCE.model_copy(update={"coverage": "days_present"})
    ).coverage
    assert (coverage.covered_days, coverage.missing_days) == (2, ())


def test_quarantined_files_are_shown_with_their_reason_until_they_are_replaced(state: StateAfter) -> None:
    (quarantined,) = state("a_20261119.csv").quarantine
    assert (quarantined.file_name, quarantined.arrived_at) == ("a_20261119.csv", NOW)
    assert quarantined.refusal.message.startswith("a_20261119.csv, line 2")

    assert state("b_20261119.csv", (1,)).quarantine == (quarantined,)
    assert state("a_20261119.csv", (2,)).quarantine == ()


def test_of_a_file_that_is_broken_again_only_the_newest_attempt_is_shown(state: StateAfter) -> None:
    state("a_20261119.csv")
    (state.folder / "a_20261119.csv").unlink()
    (state.folder / "a_20261119.csv").write_text("still broken")
    os.utime(state.folder / "a_20261119.csv", (0, NOW.timestamp() - 30))

    assert len(state().quarantine) == 1


def test_a_file_that_was_refused_for_its_name_is_settled_by_the_same_bytes(state: StateAfter) -> None:
    assert len(state("a.csv", (1,)).quarantine) == 1
    assert state("a_20261119.csv", (1,)).quarantine == ()
