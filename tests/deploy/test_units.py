"""The units are what systemd takes, and start what there is."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path

import click
import pytest
from dagster._cli import create_dagster_cli
from dagster._daemon.cli import create_dagster_daemon_cli
from dagster_webserver.cli import dagster_webserver

from kpi_pipeline.cli.main import kpi
from kpi_pipeline.config.paths import CHECKOUT

UNITS = CHECKOUT / "deploy" / "systemd"
PROGRAM = "/opt/kpi-pipeline/current"
SERVICES = sorted(UNITS.glob("*.service"))
COMMANDS: dict[str, click.Command] = {
    "kpi": kpi,
    "dagster": create_dagster_cli(),
    "dagster-daemon": create_dagster_daemon_cli(),
    "dagster-webserver": dagster_webserver,
}
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def started_by(service: Path) -> str:
    unit = RawConfigParser(strict=False)
    unit.read(service, encoding="utf-8")
    return unit["Service"]["ExecStart"]


def unknown_options(command: click.Command, words: Iterator[str]) -> Iterator[str]:
    """Yield the words that no command of the program takes."""
    context = click.Context(command)
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.get_command(context, word)
            if found is None:
                yield word
                return
            command = found
            context = click.Context(command)
            continue
        option = next((each for each in command.params if word in each.opts), None)
        if option is None:
            yield word
        elif isinstance(option, click.Option) and not option.is_flag:
            next(words, None)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units of a program that is this checkout."""
    shutil.copytree(UNITS, tmp_path / "units")
    for unit in (tmp_path / "units").rglob("*.*"):
        if unit.is_file():
            text = unit.read_text(encoding="utf-8").replace(f"{PROGRAM}/.venv/bin", str(Path(sys.executable).parent))
            unit.write_text(text.replace(PROGRAM, str(CHECKOUT)), encoding="utf-8")
    return tmp_path / "units"


def verify(unit: Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@needs_systemd
@pytest.mark.parametrize("name", [unit.name for unit in sorted(UNITS.glob("*.*")) if unit.is_file()])
def test_systemd_accepts_the_unit(units: Path, name: str) -> None:
    verified = verify(units / name)
    assert (verified.returncode, verified.stderr) == (0, "")


@needs_systemd
def test_the_verification_finds_what_is_wrong(units: Path) -> None:
    wrong = units / "kpi-daemon.service"
    wrong.write_text(wrong.read_text(encoding="utf-8") + "\nRestrat=always\n", encoding="utf-8")
    assert "Restrat" in verify(wrong).stderr


@needs_systemd
@pytest.mark.parametrize("name", [service.name for service in SERVICES])
def test_a_service_may_do_little(units: Path, name: str) -> None:
    # Without the shared drop-in the exposure is 9.6 of 10.
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=25", units / name]
    examined = subprocess.run(command, capture_output=True, text=True, check=False)
    assert examined.returncode == 0, examined.stdout


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_what_a_service_starts_exists_with_its_options(service: Path) -> None:
    program, *words = shlex.split(started_by(service))
    inside = program.removeprefix(f"{PROGRAM}/")
    assert inside != program
    if inside.startswith("deploy/"):
        assert os.access(CHECKOUT / inside, os.X_OK)
    else:
        assert list(unknown_options(COMMANDS[Path(inside).name], iter(words))) == []
    for word in words:
        if word.startswith(f"{PROGRAM}/"):
            assert (CHECKOUT / word.removeprefix(f"{PROGRAM}/")).is_file()


def test_an_unknown_option_is_found() -> None:
    assert list(unknown_options(kpi, iter(["doctor", "--nonsense"]))) == ["--nonsense"]
    assert list(unknown_options(kpi, iter(["nonsense", "--json"]))) == ["nonsense"]


def test_the_socket_is_where_the_clients_look() -> None:
    socket = re.search(r"--socket (\S+)", started_by(UNITS / "kpi-code-server.service"))
    assert socket
    assert f"socket: {socket[1]}\n" in (CHECKOUT / "deploy" / "workspace.yaml").read_text(encoding="utf-8")


def test_the_ui_listens_where_the_proxy_asks_and_nowhere_else() -> None:
    host, port = re.findall(r"--host (\S+) --port (\d+)", started_by(UNITS / "kpi-webserver.service"))[0]
    assert host == "127.0.0.1"
    site = (CHECKOUT / "deploy" / "nginx" / "kpi-pipeline.conf").read_text(encoding="utf-8")
    assert f"proxy_pass http://{host}:{port};" in site


def test_the_services_write_where_the_settings_put_the_data() -> None:
    common = (UNITS / "kpi-.service.d" / "common.conf").read_text(encoding="utf-8")
    example = (CHECKOUT / "deploy" / "environment.example").read_text(encoding="utf-8")
    state = re.search(r"^StateDirectory=(.+)$", common, re.MULTILINE)
    assert state
    assert f"KPI_DATA_DIR=/var/lib/{state[1]}\n" in example
    backups = re.search(r"^KPI_BACKUP_DIR=(.+)$", example, re.MULTILINE)
    assert backups
    assert f"ReadWritePaths={backups[1]}\n" in (UNITS / "kpi-backup.service").read_text(encoding="utf-8")
