"""The files that go beside the services: settings, environment, logs, and the backup's script."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from kpi_pipeline.config.paths import CHECKOUT, Paths
from kpi_pipeline.defs.run_settings import instance_settings

DEPLOY = CHECKOUT / "deploy"
EXAMPLE = DEPLOY / "environment.example"
STORAGES = {"storage", "event_log_storage"}
LOGROTATE = shutil.which("logrotate", path=f"{os.environ['PATH']}:/usr/sbin")
NGINX_LOGS = Path("/etc/logrotate.d/nginx")


def readers() -> str:
    """Return all texts that may read an environment variable, but not the example itself."""
    ours = [*(CHECKOUT / "kpi_pipeline").rglob("*.py"), *(path for path in DEPLOY.rglob("*") if path.is_file())]
    return "\n".join(path.read_text(encoding="utf-8") for path in ours if path != EXAMPLE)


def test_settings_on_a_server_are_those_of_a_checkout_but_for_the_storage(tmp_path: Path) -> None:
    server = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
    checkout = yaml.safe_load(instance_settings(Paths.from_environment({"KPI_DATA_DIR": str(tmp_path)})))
    assert {name: server[name] for name in server.keys() - STORAGES} == {
        name: checkout[name] for name in checkout.keys() - STORAGES
    }
    assert "postgres" in server["storage"]


def test_every_variable_of_the_example_is_read_by_somebody() -> None:
    text = readers()
    named = re.findall(r"^#?([A-Z][A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {"KPI_DATA_DIR", "KPI_SMTP_PASSWORD_FILE"} <= set(named)
    # Of any secret it can be said in which file it is; the home is read by the orchestrator itself.
    assert [name for name in named if not re.search(rf"\b{name.removesuffix('_FILE')}\b", text)] == ["DAGSTER_HOME"]


def test_every_variable_of_the_settings_and_the_script_is_in_the_example() -> None:
    texts = [(DEPLOY / name).read_text(encoding="utf-8") for name in ("dagster.yaml", "backup", "kpi")]
    needed = set(re.findall(r"KPI_[A-Z_]+", "\n".join(texts)))
    example = EXAMPLE.read_text(encoding="utf-8")
    assert {name for name in needed if f"\n{name}=" not in example} == set()


def test_the_example_holds_no_secret() -> None:
    secrets = re.findall(
        r"^#?(\w*(?:PASSWORD|KEY|TOKEN|SECRET))=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert secrets == [("KPI_POSTGRES_PASSWORD", "")]


def test_the_example_says_the_same_to_systemd_and_to_a_shell() -> None:
    lines = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Z_]+=[\w./-]*", line)] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_journal_takes_the_limits(tmp_path: Path) -> None:
    # What systemd merges for a folder as root is what it would read on a server.
    limits = tmp_path / "etc" / "systemd" / "journald.conf.d"
    limits.mkdir(parents=True)
    shutil.copy(DEPLOY / "journald" / "kpi-pipeline.conf", limits)
    command = ["systemd-analyze", "cat-config", f"--root={tmp_path}", "systemd/journald.conf"]
    merged = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert {"SystemMaxUse=1G", "MaxRetentionSec=90day"} <= set(merged.splitlines())


@pytest.mark.parametrize("script", ["backup", "kpi"])
def test_a_script_is_one_that_the_shell_can_read(script: str) -> None:
    assert stat.S_IMODE((DEPLOY / script).stat().st_mode) & 0o111
    read = subprocess.run(["sh", "-n", DEPLOY / script], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


@pytest.mark.skipif(LOGROTATE is None or not NGINX_LOGS.exists(), reason="logrotate or nginx is not installed")
def test_the_logs_of_the_site_are_turned_over_with_those_of_nginx() -> None:
    assert LOGROTATE
    tried = subprocess.run([LOGROTATE, "-d", NGINX_LOGS], capture_output=True, text=True, check=True).stderr
    pattern = re.search(r"^rotating pattern: (\S+)", tried, re.MULTILINE)
    assert pattern, tried
    site = (DEPLOY / "nginx" / "kpi-pipeline.conf").read_text(encoding="utf-8")
    logs = re.findall(r"(?:access|error)_log (\S+);", site)
    assert len(logs) == 2
    assert [log for log in logs if not Path(log).match(pattern[1])] == []
