"""The orchestrator's history in a real Postgres: a server of its own for these tests, and the shipped files."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from kpi_pipeline.config.paths import CHECKOUT, Paths
from kpi_pipeline.defs.run_settings import prepare_dagster_home

DEPLOY = CHECKOUT / "deploy"
# Letters and digits, as environment.example demands.
PASSWORD = "apasswordoftests"
SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
SERVER = SERVERS[-1] if SERVERS else None

pytestmark = [pytest.mark.slow, pytest.mark.skipif(SERVER is None, reason="no Postgres server is installed")]


@pytest.fixture(scope="module")
def postgres() -> Iterator[int]:
    """Return the port of a fresh server that knows one role and one database, both named dagster."""
    assert SERVER
    # The server refuses to be root, and nobody could reach a folder below root's temporary ones.
    who = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="kpi-postgres-") as made, socket.socket() as free:
        folder = Path(made)
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if who:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
        free.close()
        of_cluster = ["-U", "dagster", "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", "--no-sync"]
        cluster = folder / "cluster"
        subprocess.run(
            [*who, SERVER / "initdb", "-D", cluster, *of_cluster], cwd=folder, check=True, capture_output=True
        )
        settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off"]
        options = [word for setting in settings for word in ("-c", setting)]
        running = subprocess.Popen(
            [*who, SERVER / "postgres", "-D", cluster, *options], cwd=folder, stderr=subprocess.DEVNULL
        )
        try:
            ready = [SERVER / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-t", "1"]
            while subprocess.run(ready, capture_output=True, check=False).returncode:
                assert running.poll() is None, "Postgres ended by itself"
            ask(port, "create database dagster", database="postgres")
            yield port
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(30)


def ask(port: int, statement: str, database: str = "dagster") -> str:
    assert SERVER
    command = [SERVER / "psql", "-h", "127.0.0.1", "-p", str(port), "-U", "dagster", "-d", database, "-Atc", statement]
    environment = {"PGPASSWORD": PASSWORD}
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def server_environment(postgres: int, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the shipped environment with the folders of this test, and put the shipped settings into place."""
    folder = tmp_path_factory.mktemp("server")
    data = folder / "data"
    lines = (DEPLOY / "environment.example").read_text(encoding="utf-8").splitlines()
    environment = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    (folder / "hash.key").touch(mode=0o600)
    (folder / "hash.key").write_text("a key for tests alone", encoding="utf-8")
    (data / "dagster").mkdir(parents=True)
    shutil.copy(DEPLOY / "dagster.yaml", data / "dagster")
    return environment | {
        "KPI_CONFIG_DIR": str(CHECKOUT / "config"),
        "KPI_DATA_DIR": str(data),
        "DAGSTER_HOME": str(data / "dagster"),
        "KPI_HASH_KEY_FILE": str(folder / "hash.key"),
        "KPI_POSTGRES_PORT": str(postgres),
        "KPI_POSTGRES_PASSWORD": PASSWORD,
        "KPI_BACKUP_DIR": str(folder / "backups"),
        "KPI_BACKUPS_KEPT": "2",
        "PATH": f"{SERVER}:{os.environ['PATH']}",
    }


@pytest.fixture(scope="module")
def company(server_environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the demo company as the command on a server does: daily runs and the reports of a week."""
    command = [Path(sys.executable).with_name("kpi"), "demo", "--weeks", "6", "--scale", "0.1", "--run"]
    return subprocess.run(command, env=dict(server_environment), capture_output=True, text=True, check=False)


def test_runs_and_their_events_are_in_postgres(
    company: subprocess.CompletedProcess[str], postgres: int, server_environment: Mapping[str, str]
) -> None:
    assert company.returncode == 0, company.stdout + company.stderr
    # Four days of arrival, and the reports of the last complete week.
    assert ask(postgres, "select pipeline_name, status, count(*) from runs group by 1, 2 order by 1") == (
        "daily|SUCCESS|4\nweekly_reports|SUCCESS|1"
    )
    published = "select count(*) from event_logs where dagster_event_type = 'ASSET_MATERIALIZATION'"
    assert int(ask(postgres, f"{published} and asset_key like '%published%'")) > 0
    home = Path(server_environment["DAGSTER_HOME"])
    assert list(home.rglob("*.db")) == []
    assert list(Path(server_environment["KPI_DATA_DIR"], "reports").rglob("report.en.html"))


def test_settings_of_the_operator_are_left_alone(
    company: subprocess.CompletedProcess[str], server_environment: Mapping[str, str]
) -> None:
    assert company.returncode == 0
    settings = Path(server_environment["DAGSTER_HOME"]) / "dagster.yaml"
    prepare_dagster_home(Paths.from_environment(server_environment))
    assert settings.read_bytes() == (DEPLOY / "dagster.yaml").read_bytes()


def test_the_password_is_in_no_file_and_on_no_screen(
    company: subprocess.CompletedProcess[str], server_environment: Mapping[str, str]
) -> None:
    assert PASSWORD not in company.stdout + company.stderr
    files = [path for path in Path(server_environment["KPI_DATA_DIR"]).rglob("*") if path.is_file()]
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []


def test_backups_hold_the_history_and_the_oldest_go(
    company: subprocess.CompletedProcess[str], postgres: int, server_environment: Mapping[str, str]
) -> None:
    assert company.returncode == 0
    assert SERVER
    folder = Path(server_environment["KPI_BACKUP_DIR"])
    # A backup that was cut short, an old one, and something that is none.
    for name in ("2026-01-01T000000Z", "2026-01-02T000000Z", "2026-01-03T000000Z", "by hand"):
        (folder / name).mkdir(parents=True)
        for part in ("manifest.json", "orchestrator.dump"):
            if name != "2026-01-03T000000Z":
                (folder / name / part).touch()
    made = subprocess.run(
        ["sh", program_of(folder) / "deploy" / "backup"],
        env=dict(server_environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    old, newest, by_hand = sorted(path.name for path in folder.iterdir())
    assert (old, by_hand) == ("2026-01-02T000000Z", "by hand")
    ask(postgres, "create database restored", database="postgres")
    dump = folder / newest / "orchestrator.dump"
    restore = [SERVER / "pg_restore", "-h", "127.0.0.1", "-p", str(postgres), "-U", "dagster", "-d", "restored", dump]
    subprocess.run(restore, env={"PGPASSWORD": PASSWORD}, check=True, capture_output=True)
    runs = "select count(*) from runs"
    assert ask(postgres, runs, database="restored") == ask(postgres, runs)


def program_of(folder: Path) -> Path:
    """Return a program folder whose interpreter is the one of these tests, wherever its environment lies."""
    program = folder.parent / "program"
    (program / ".venv").mkdir(parents=True)
    (program / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (program / "deploy").mkdir()
    shutil.copy(DEPLOY / "backup", program / "deploy")
    return program
