"""Webhooks against a real receiver: signed, under one key, and never where they must not go."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_pipeline.config.delivery import Webhook
from tests.unit.delivery.hook_server import CLOSE, RESET, SLOW, HookServer
from tests.unit.delivery.mail_server import Authority, make_authority
from tests.unit.delivery.office import NOW, Office, reader

KEY = "a key for tests alone"


@pytest.fixture
def receiver(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[HookServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trusted))
    with HookServer(authority.server) as running:
        yield running


@pytest.fixture
def hooked(office: Office, receiver: HookServer) -> Office:
    """An office that sends to the running receiver."""
    office.change(
        webhooks={"board": Webhook(host="localhost", is_private=True)},
        recipients=(reader("board", channel="webhook", language="fa"),),
    )
    office.environment = {
        "KPI_WEBHOOK_BOARD_URL": f"https://localhost:{receiver.port}/hook?token=s3cret",
        "KPI_WEBHOOK_BOARD_KEY": KEY,
    }
    return office


def test_the_receiver_gets_the_facts_signed_with_the_time(hooked: Office, receiver: HookServer) -> None:
    assert hooked.states() == {"board": "sent"}
    (request,) = receiver.requests
    assert request.path == "/hook?token=s3cret"
    timestamp = request.headers["x-kpi-timestamp"]
    assert int(timestamp) == NOW.timestamp()
    expected = hmac.new(KEY.encode(), f"{timestamp}.".encode() + request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-kpi-signature"] == f"sha256={expected}"
    facts = json.loads(request.body)
    assert (facts["report"], facts["audience"], facts["week_start"]) == ("scorecard", "executive", "2026-11-09")
    assert (facts["revision"], facts["language"], facts["is_complete"]) == (0, "fa", True)
    (kpi,) = facts["kpis"]
    assert kpi["kpi_id"] == "conversion"
    assert kpi["status"] == "on_track"
    assert facts["headline"]


def test_a_slow_receiver_is_waited_for(hooked: Office, receiver: HookServer) -> None:
    receiver.script = [SLOW]
    assert hooked.states() == {"board": "sent"}
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "fault", ["500", RESET, *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("503", CLOSE))]
)
def test_another_try_has_the_same_key_and_the_same_body(hooked: Office, receiver: HookServer, fault: str) -> None:
    receiver.script = [fault, fault]
    assert hooked.states() == {"board": "sent"}
    assert len(receiver.requests) == 3
    assert len({(request.headers["idempotency-key"], request.body) for request in receiver.requests}) == 1
    assert len(receiver.taken) == 1
    assert hooked.waits == [1.0, 2.0]


@pytest.mark.parametrize(
    ("script", "state", "reason"),
    [
        (["301"], "failed", "the receiver redirects, which is not followed (301)"),
        (["307"], "failed", "the receiver redirects, which is not followed (307)"),
        (["400"], "failed", "the receiver refuses it (400)"),
        (["401"], "failed", "the receiver refuses it (401)"),
        (["429"] * 4, "failed", "the receiver cannot take it now (429), tried 4 times"),
        (["503"] * 4, "unknown", "the receiver cannot take it now (503), tried 4 times"),
        ([RESET] * 4, "unknown", "the connection was lost before there was an answer, tried 4 times"),
        ([RESET, "400"], "unknown", "an earlier try may have arrived; then: the receiver refuses it (400)"),
    ],
)
def test_every_answer_has_its_state(
    hooked: Office, receiver: HookServer, script: list[str], state: str, reason: str
) -> None:
    receiver.script = list(script)
    (one,) = hooked.deliver()
    assert (one.state, one.reason) == (state, reason)
    assert len(receiver.requests) == len(script)
    assert all(request.path.startswith("/hook") for request in receiver.requests)


@pytest.mark.slow
def test_each_revision_and_reader_has_a_key_of_its_own(hooked: Office, receiver: HookServer) -> None:
    hooked.change(
        webhooks={name: Webhook(host="localhost", is_private=True) for name in ("board", "wall")},
        recipients=tuple(reader(name, channel="webhook") for name in ("board", "wall")),
    )
    for part in ("URL", "KEY"):
        hooked.environment = {
            **hooked.environment,
            f"KPI_WEBHOOK_WALL_{part}": hooked.environment[f"KPI_WEBHOOK_BOARD_{part}"],
        }
    assert set(hooked.states().values()) == {"sent"}
    assert len(receiver.taken) == 2


def test_an_untrusted_certificate_gets_nothing(
    hooked: Office, receiver: HookServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(make_authority(tmp_path).trusted))
    (one,) = hooked.deliver()
    assert (one.state, one.reason) == ("failed", "the server's certificate is not trusted")
    assert receiver.requests == []


def test_no_receiver_at_all_is_a_failure(hooked: Office) -> None:
    hooked.environment = {**hooked.environment, "KPI_WEBHOOK_BOARD_URL": "https://localhost:1/"}
    (one,) = hooked.deliver()
    assert (one.state, one.reason) == ("failed", "no server answers at this host and port, tried 4 times")


def test_this_machine_is_not_reached_unless_that_is_meant(hooked: Office, receiver: HookServer) -> None:
    hooked.change(webhooks={"board": Webhook(host="localhost")})
    (one,) = hooked.deliver()
    assert (one.state, one.reason) == ("failed", "the host leads to a machine that may not be reached")
    assert receiver.requests == []


def test_a_name_that_leads_elsewhere_the_second_time_is_asked_only_once(
    hooked: Office, receiver: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: a resolver that shows a public address to the check and this machine to the connection."""
    answers = ["93.184.216.34", "127.0.0.1", "127.0.0.1"]
    asked: list[str] = []
    connected: list[str] = []

    def look_up(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), 443))]

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    hooked.change(webhooks={"board": Webhook(host="localhost")})
    (one,) = hooked.deliver()
    assert one.state == "failed"
    # One look-up for each try; what was not checked was not connected to.
    assert (asked[0], connected) == ("localhost", ["93.184.216.34"])
    assert receiver.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost.test/hook",
        "https://user:pass@localhost/hook",
        "https://localhost.evil.test/hook",
        "https://evil.test/?localhost",
        "ftp://localhost/",
        "file:///etc/passwd",
        "https://evil.test#localhost",
        "https://evil.test\\@localhost.evil.test/",
    ],
)
def test_an_address_that_the_configuration_does_not_allow_is_refused(
    hooked: Office, receiver: HookServer, url: str
) -> None:
    hooked.environment = {**hooked.environment, "KPI_WEBHOOK_BOARD_URL": url}
    (one,) = hooked.deliver()
    assert one.state == "failed"
    assert one.reason.startswith("KPI_WEBHOOK_BOARD_URL: ")
    assert url not in one.reason
    assert receiver.requests == []


@pytest.mark.parametrize("missing", ["URL", "KEY"])
def test_a_missing_secret_is_named(hooked: Office, missing: str) -> None:
    hooked.environment = {name: value for name, value in hooked.environment.items() if not name.endswith(missing)}
    (one,) = hooked.deliver()
    assert one.state == "failed"
    assert f"KPI_WEBHOOK_BOARD_{missing}" in one.reason


def test_secrets_and_answers_reach_no_ledger(hooked: Office, receiver: HookServer) -> None:
    for script in (["400"], ["302"], [RESET] * 4):
        receiver.script = list(script)
        hooked.deliver()
    kept = b"".join(path.read_bytes() for path in hooked.data.glob("delivery.sqlite*"))
    assert kept
    assert not any(secret in kept for secret in (b"s3cret", KEY.encode(), b"canary"))
