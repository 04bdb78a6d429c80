import sqlite3
import stat
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kpi_pipeline.sources.custody.arrival import Contents, Decision, NewArrival, Refusal
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.files.opened_file import FileNote

FILE = NewArrival(
    source="ads",
    file_name="ads.csv",
    size=120,
    sha256="ab" * 32,
    modified_ns=1_795_154_400_123_456_789,
    arrived_at=datetime(2026, 11, 20, 6, 0, tzinfo=UTC),
    arrived_for=date(2026, 11, 20),
)
CONTENTS = Contents(
    rows=3,
    first_day=date(2026, 11, 1),
    last_day=date(2026, 11, 3),
    control_totals={"cost": Decimal("12.3400"), "clicks": Decimal(7)},
    is_end_verifiable=True,
    unknown_columns=("Größe", "نام"),
    notes=(FileNote("undated_rows", "totals", "counted on the last day"),),
)
REFUSAL = Refusal(
    "ads.csv, line 4: found x", line=4, column="Cost", found="x", expected="a number", advice="Export again."
)
LOADED = Decision(1, "loaded", datetime(2026, 11, 20), "b1", "f1", contents=CONTENTS)


def test_everything_about_an_arrival_comes_back(ledger: CustodyLedger) -> None:
    assert ledger.register([FILE, replace(FILE, file_name="broken.csv", sha256="cd" * 32)]) == [1, 2]
    ledger.decide([LOADED, Decision(2, "quarantined", None, None, "f1", refusal=REFUSAL)])

    loaded, quarantined = ledger.arrivals("ads")

    assert loaded.file == FILE
    assert (loaded.state, loaded.exported_at, loaded.batch_id) == ("loaded", datetime(2026, 11, 20), "b1")
    assert (loaded.contents, loaded.refusal) == (CONTENTS, None)
    assert (quarantined.state, quarantined.contents, quarantined.refusal) == ("quarantined", None, REFUSAL)


def test_arrivals_are_kept_per_source_in_their_order(ledger: CustodyLedger) -> None:
    ledger.register([replace(FILE, source="ads"), replace(FILE, source="shop"), replace(FILE, source="ads")])

    assert [arrival.arrival_id for arrival in ledger.arrivals("ads")] == [1, 3]
    assert [arrival.arrival_id for arrival in ledger.arrivals()] == [1, 2, 3]


def test_an_arrival_has_no_state_until_it_is_decided_and_again_when_it_is_reopened(ledger: CustodyLedger) -> None:
    ledger.register([FILE])
    assert ledger.arrivals()[0].state is None
    ledger.decide([LOADED])
    ledger.reopen([1])
    assert ledger.arrivals()[0].state is None


def test_decisions_and_corrections_are_entered_together_or_not_at_all(ledger: CustodyLedger) -> None:
    ledger.register([FILE, FILE])
    ledger.decide([LOADED])

    with pytest.raises(sqlite3.IntegrityError):
        ledger.decide([replace(LOADED, arrival_id=2)], {1: "lost"})  # type: ignore[dict-item]
    assert [arrival.state for arrival in ledger.arrivals()] == ["loaded", None]

    ledger.decide([replace(LOADED, arrival_id=2)], {1: "superseded"})
    assert [arrival.state for arrival in ledger.arrivals()] == ["superseded", "loaded"]


def test_a_new_modification_time_does_not_change_the_first_one(ledger: CustodyLedger) -> None:
    ledger.register([FILE])
    ledger.note_unchanged({1: (120, 7)})

    (arrival,) = ledger.arrivals()

    assert arrival.seen_ns == 7
    assert arrival.file.modified_ns == FILE.modified_ns


def test_confirming_a_file_opens_it_again_wherever_it_is_in_quarantine(ledger: CustodyLedger) -> None:
    ledger.register([FILE, replace(FILE, source="other")])
    ledger.decide(
        [
            Decision(1, "quarantined", None, None, "f1", refusal=REFUSAL),
            Decision(2, "quarantined", None, None, "f1", refusal=REFUSAL),
        ]
    )

    ledger.confirm("ads", FILE.sha256, confirmed_by="Ada", reason="shop closed", confirmed_at=FILE.arrived_at)

    assert ledger.confirmed("ads") == {FILE.sha256}
    assert ledger.confirmed("other") == set()
    assert [arrival.state for arrival in ledger.arrivals()] == [None, "quarantined"]


def test_what_was_written_is_there_after_reopening_and_only_for_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "custody.sqlite"
    with CustodyLedger(path) as ledger:
        ledger.register([FILE])
    with CustodyLedger(path) as ledger:
        assert [arrival.file for arrival in ledger.arrivals()] == [FILE]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_ledger_syncs_every_change_and_keeps_no_write_ahead_log(ledger: CustodyLedger, tmp_path: Path) -> None:
    connection = ledger._connection
    assert connection.execute("pragma journal_mode").fetchone()[0] == "delete"
    assert connection.execute("pragma synchronous").fetchone()[0] == 3  # EXTRA: FULL, and the folder
