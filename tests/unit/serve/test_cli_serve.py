"""The command: which addresses it takes, what it warns of, and what it needs."""

import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kpi_pipeline.cli.serve import serve
from kpi_pipeline.errors import PublishError
from kpi_pipeline.serve.listening import LOOPBACK, ServeError, is_loopback, is_wildcard, listening
from tests.unit.serve.conftest import new_maker
from tests.unit.serve.visitor import publish


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the server would be started with."""
    publish(new_maker(tmp_path / "published", "internal"))
    monkeypatch.setenv("KPI_DATA_DIR", str(tmp_path))
    asked: dict[str, Any] = {}
    monkeypatch.setattr(
        "kpi_pipeline.serve.listening.serve",
        lambda folder, audience, **options: asked.update(folder=folder, audience=audience, **options),
    )
    return asked


def run(*arguments: str) -> Result:
    return CliRunner().invoke(serve, arguments)


def test_without_options_only_this_machine_is_served(asked: dict[str, Any], tmp_path: Path) -> None:
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    assert (asked["host"], asked["port"], asked["audience"]) == (LOOPBACK, 8321, "internal")
    assert asked["folder"] == tmp_path / "published"


def test_another_address_comes_with_a_warning(asked: dict[str, Any]) -> None:
    result = run("--host", "192.0.2.7")
    assert "no login. Whoever reaches 192.0.2.7 reads everything of the internal snapshot" in result.stderr
    assert asked["host"] == "192.0.2.7"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_all_addresses_at_once_are_no_address(asked: dict[str, Any], host: str) -> None:
    assert run("--host", host).exit_code == 2
    assert asked == {}


def test_without_a_snapshot_nothing_is_served(asked: dict[str, Any]) -> None:
    result = run("--audience", "executive")
    assert isinstance(result.exception, PublishError)
    assert asked == {}


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("shop", False),
    ],
)
def test_loopback_is_what_no_other_machine_reaches(host: str, is_own: bool) -> None:
    assert is_loopback(host) == is_own
    assert not is_wildcard(host)


def test_a_port_that_is_taken_is_an_error_with_advice() -> None:
    with (
        socket.create_server((LOOPBACK, 0)) as taken,
        pytest.raises(ServeError, match=r"choose another one by --port"),
    ):
        listening(LOOPBACK, taken.getsockname()[1])
