"""Folders and chat services, the latter against a receiver on loopback."""

import builtins
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.delivery.hook_server import HookServer
from tests.unit.delivery.office import Office, reader

# The optional package imports it where this Python still has it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def shelf(office: Office) -> Path:
    folder = office.data / "shelf"
    folder.mkdir()
    office.change(recipients=(reader(str(folder), channel="folder"),))
    return folder


def test_the_files_of_an_edition_lie_in_the_folder(office: Office, shelf: Path) -> None:
    assert set(office.states().values()) == {"sent"}
    assert sorted(path.name for path in shelf.iterdir()) == [
        *(f"2026-11-09-report.en.{ending}" for ending in ("html", "pdf", "xlsx")),
        "2026-11-09-scorecard.en.txt",
    ]
    assert "Nordlicht Home" in (shelf / "2026-11-09-report.en.html").read_text(encoding="utf-8")


def test_a_relative_folder_lies_below_the_data(office: Office, shelf: Path) -> None:
    office.change(recipients=(reader("shelf", channel="folder"),))
    assert office.states() == {"shelf": "sent"}
    assert len(list(shelf.iterdir())) == 4


def test_a_folder_that_is_not_there_is_not_made(office: Office, shelf: Path) -> None:
    shelf.rmdir()
    (one,) = office.deliver()
    assert (one.state, one.reason) == ("failed", "the folder is not there")
    assert not shelf.exists()
    shelf.mkdir()
    assert set(office.states().values()) == {"sent"}


def test_a_folder_that_cannot_be_written_to_is_a_failure(office: Office, shelf: Path) -> None:
    (shelf / "2026-11-09-report.en.html").mkdir()
    (one,) = office.deliver()
    assert one.state == "failed"
    assert one.reason.startswith("the folder cannot be written to")


@pytest.fixture
def service() -> Iterator[HookServer]:
    with HookServer() as running:
        yield running


@pytest.fixture
def chatting(office: Office, service: HookServer) -> Office:
    pytest.importorskip("apprise", reason="the optional package apprise is not installed")
    office.change(recipients=(reader("team_chat", channel="chat"),), archive_url="https://reports.shop.test/kpi/")
    office.environment = {"KPI_CHAT_TEAM_CHAT_URL": f"json://127.0.0.1:{service.port}/s3cret"}
    return office


def test_chat_gets_the_headline_and_a_link(chatting: Office, service: HookServer) -> None:
    assert chatting.states() == {"team_chat": "sent"}
    (request,) = service.requests
    said = json.loads(request.body)["message"]
    assert said.splitlines()[0] == "Nordlicht Home: Weekly scorecard, Week 9–15 Nov 2026"
    assert said.splitlines()[-1] == "https://reports.shop.test/kpi/executive/2026-11-09/report.en.html"


@pytest.mark.slow
def test_what_a_chat_service_does_not_confirm_is_unknown(
    chatting: Office, service: HookServer, caplog: pytest.LogCaptureFixture
) -> None:
    service.script = ["500"] * 9
    with caplog.at_level(logging.DEBUG):
        (one,) = chatting.deliver()
    assert (one.state, one.reason) == ("unknown", "the chat service did not confirm it")
    assert "s3cret" not in caplog.text
    assert chatting.states() == {"team_chat": "unknown"}


def test_an_address_of_no_chat_service_is_a_failure(chatting: Office) -> None:
    chatting.environment = {"KPI_CHAT_TEAM_CHAT_URL": "nonsense://x/s3cret"}
    (one,) = chatting.deliver()
    assert (one.state, one.reason) == ("failed", "the address is none of a chat service")


def test_without_the_package_it_says_how_to_install_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "apprise":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    office.change(recipients=(reader("team_chat", channel="chat"),))
    (one,) = office.deliver()
    assert one.state == "failed"
    assert "pip install -e '.[chat]'" in one.reason
