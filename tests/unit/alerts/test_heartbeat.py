"""The sign of life, asked of a real server; its address is never said."""

from pathlib import Path

import pytest

from kpi_pipeline.alerts.heartbeat import send_heartbeat
from kpi_pipeline.config.secrets import Secrets
from tests.unit.delivery.hook_server import CLOSE, HookServer

TOKEN = "s3cret-t0ken-1"


def beat(port: int) -> str | None:
    return send_heartbeat(Secrets({"KPI_HEARTBEAT_URL": f"http://127.0.0.1:{port}/ping/{TOKEN}"}))


def test_without_an_address_there_is_none() -> None:
    assert send_heartbeat(Secrets({})) is None


def test_the_monitor_is_asked_once() -> None:
    with HookServer() as monitor:
        assert beat(monitor.port) is None
    assert [request.path for request in monitor.requests] == [f"/ping/{TOKEN}"]


def test_the_address_may_stand_in_a_file(tmp_path: Path) -> None:
    with HookServer() as monitor:
        file = tmp_path / "heartbeat"
        file.write_text(f"http://127.0.0.1:{monitor.port}/ping\n")
        file.chmod(0o600)
        assert send_heartbeat(Secrets({"KPI_HEARTBEAT_URL_FILE": str(file)})) is None
    assert len(monitor.requests) == 1


@pytest.mark.parametrize("answer", ["404", "500", "302", CLOSE])
def test_what_the_monitor_did_not_take_is_told_without_the_address(answer: str) -> None:
    with HookServer(script=[answer]) as monitor:
        problem = beat(monitor.port)
    assert problem is not None
    assert problem.startswith("KPI_HEARTBEAT_URL: the monitor ")
    assert TOKEN not in problem
    # A redirection is not followed.
    assert len(monitor.requests) == 1


def test_a_monitor_that_is_not_there_is_told_without_the_address() -> None:
    with HookServer() as monitor:
        port = monitor.port
    problem = beat(port)
    assert problem is not None
    assert "does not answer (ConnectionError)" in problem
    assert TOKEN not in problem


def test_the_address_is_not_sent_over_the_network_unencrypted() -> None:
    problem = send_heartbeat(Secrets({"KPI_HEARTBEAT_URL": f"http://monitor.shop.test/{TOKEN}"}))
    assert problem is not None
    assert "expected an https:// address" in problem
    assert TOKEN not in problem
