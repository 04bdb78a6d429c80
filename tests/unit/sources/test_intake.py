import os
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.sources.custody import intake
from kpi_pipeline.sources.custody.custody import Custody
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.inbox import InboxScan, scan_inbox
from kpi_pipeline.sources.custody.intake import Finding, Intake, take_in

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


class Inbox:
    def __init__(self, folder: Path, ledger: CustodyLedger) -> None:
        self.folder = folder / "inbox"
        self.folder.mkdir()
        self.ledger = ledger
        self.custody = Custody(folder / "custody")

    def drop(self, name: str, content: str, age_seconds: int = 60) -> None:
        (self.folder / name).write_text(content)
        os.utime(self.folder / name, (0, NOW.timestamp() - age_seconds))

    def take_in(self) -> Intake:
        finding = Finding(NOW, date(2026, 11, 20), settle_seconds=2)
        return take_in("ads", self.folder, "*", finding, ledger=self.ledger, custody=self.custody)

    def arrivals(self) -> list[tuple[str, int, bool]]:
        return [
            (arrival.file.file_name, arrival.file.size, bool(arrival.file.sha256)) for arrival in self.ledger.arrivals()
        ]


@pytest.fixture
def inbox(tmp_path: Path, ledger: CustodyLedger) -> Inbox:
    return Inbox(tmp_path, ledger)


def test_new_files_are_stored_and_entered_without_a_state(inbox: Inbox) -> None:
    inbox.drop("b.csv", "22")
    inbox.drop("a.csv", "1")
    intake = inbox.take_in()

    assert inbox.arrivals() == [("a.csv", 1, True), ("b.csv", 2, True)]
    assert {arrival.state for arrival in inbox.ledger.arrivals()} == {None}
    assert {arrival.file.sha256 for arrival in inbox.ledger.arrivals()} == intake.stored
    assert all(inbox.custody.verified(sha256) for sha256 in intake.stored)


def test_known_files_are_not_read_and_changed_ones_are_new(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop("a.csv", "1")
    inbox.drop("b.csv", "2")
    inbox.take_in()
    inbox.drop("b.csv", "3", age_seconds=30)
    read = []
    store = Custody.store
    monkeypatch.setattr(Custody, "store", lambda self, path: read.append(path.name) or store(self, path))
    intake = inbox.take_in()

    assert read == ["b.csv"]
    assert len(intake.stored) == 1
    assert [name for name, _, _ in inbox.arrivals()] == ["a.csv", "b.csv", "b.csv"]


def test_a_name_that_had_other_bytes_in_between_arrives_again(inbox: Inbox) -> None:
    for age, content in ((60, "price 10"), (50, "price 12"), (40, "price 10")):
        inbox.drop("prices.csv", content, age_seconds=age)
        inbox.take_in()
    first, second, third = inbox.ledger.arrivals()
    assert first.file.sha256 == third.file.sha256 != second.file.sha256


def test_a_file_that_changes_while_it_is_stored_is_left_for_later(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.drop("a.csv", "1")
    monkeypatch.setattr(Custody, "store", lambda *_: None)
    assert inbox.take_in().unsettled == ("a.csv",)
    assert inbox.arrivals() == []


def test_a_file_that_grew_since_it_was_listed_is_left_for_later(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop("a.csv", "1")
    monkeypatch.setattr(intake, "scan_inbox", partial(_scan_and_let_grow, inbox))
    assert inbox.take_in().unsettled == ("a.csv",)
    assert inbox.arrivals() == []
    monkeypatch.undo()
    inbox.take_in()
    assert inbox.arrivals() == [("a.csv", 3, True)]


def _scan_and_let_grow(inbox: Inbox, *arguments: Any, **named: Any) -> InboxScan:
    scan = scan_inbox(*arguments, **named)
    inbox.drop("a.csv", "123")
    return scan


def test_what_cannot_be_read_is_entered_and_told_once(inbox: Inbox, tmp_path: Path) -> None:
    (inbox.folder / "link.csv").symlink_to(tmp_path)
    (refused,) = inbox.take_in().unreadable
    assert refused.file == "link.csv"
    assert inbox.take_in().unreadable == ()
    assert inbox.arrivals() == [("link.csv", 0, False)]
    assert inbox.ledger.arrivals()[0].state == "quarantined"
