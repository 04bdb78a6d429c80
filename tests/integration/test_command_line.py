"""The ``kpi`` command as a user runs it: real processes, the orchestrator included."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest
from dagster import DagsterInstance

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.defs.daily_run import Orchestrator
from kpi_pipeline.errors import RunActiveError
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.warehouse.run_lock import RunLock

Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Demo:
    """A data folder on which ``kpi demo --run`` was run, and what it printed."""

    data: Path
    output: str
    exit_code: int
    last_run: date


@pytest.fixture(scope="module")
def run_kpi(checkout: Path) -> Run:
    def run(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("kpi"), *arguments],
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("KPI_")},
                "KPI_DATA_DIR": str(data),
                "KPI_CONFIG_DIR": str(checkout / "config"),
                "KPI_SQL_DIR": str(checkout / "sql"),
                "KPI_HASH_KEY": "a key for tests alone",
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, run_kpi: Run) -> Demo:
    data = tmp_path_factory.mktemp("data")
    result = run_kpi(data, "demo", "--weeks", "4", "--scale", "0.05", "--run")
    truth = json.loads((data / "demo" / "truth.json").read_text(encoding="utf-8"))
    return Demo(data, result.stdout + result.stderr, result.returncode, date.fromisoformat(truth["arrival_days"][-1]))


@pytest.fixture
def copy_of(demo: Demo, tmp_path: Path) -> Path:
    """A data folder of one's own, as the demo left it."""
    shutil.copytree(demo.data, tmp_path / "data", symlinks=True)
    # The pointers lead to the demo's own files by absolute or relative path; here they must lead to the copy.
    for link in (tmp_path / "data" / "published").glob("*.duckdb"):
        target = Path("published", link.stem, link.readlink().name)
        link.unlink()
        link.symlink_to(tmp_path / "data" / target)
    return tmp_path / "data"


def test_demo_runs_to_the_end_and_says_where_everything_is(demo: Demo) -> None:
    assert demo.exit_code == 0, demo.output
    for name in ("report.en.html", "report.fa.html", "executive.duckdb", "internal.duckdb", "make dev"):
        assert name in demo.output
    for audience in ("internal", "executive"):
        for language in ("en", "fa"):
            assert list((demo.data / "reports" / audience).glob(f"*/report.{language}.html"))


def test_broken_file_is_reported_and_stops_nothing(demo: Demo) -> None:
    assert "quarantined" in demo.output
    assert "line" in demo.output
    assert "found" in demo.output
    assert "expected" in demo.output


def test_runs_of_the_command_line_are_runs_of_the_orchestrator(demo: Demo) -> None:
    with DagsterInstance.from_config(str(demo.data / "dagster")) as instance:
        runs = instance.get_runs()
    assert {run.job_name for run in runs} == {"daily", "weekly_reports"}
    assert all(run.is_success for run in runs)
    assert demo.last_run.isoformat() in {run.tags["dagster/partition"] for run in runs}


def test_second_demo_reuses_what_is_there(copy_of: Path, run_kpi: Run) -> None:
    before = (copy_of / "published" / "internal.duckdb").resolve()
    written = (copy_of / "demo" / "truth.json").stat().st_mtime_ns
    result = run_kpi(copy_of, "demo", "--weeks", "4", "--scale", "0.05", "--run")
    assert result.returncode == 0, result.stdout + result.stderr
    assert (copy_of / "demo" / "truth.json").stat().st_mtime_ns == written
    assert (copy_of / "published" / "internal.duckdb").resolve() == before


def test_run_with_a_broken_file_exits_with_1_and_publishes_the_rest(copy_of: Path, demo: Demo, run_kpi: Run) -> None:
    good = max((copy_of / "inbox" / "google_ads").glob("campaign_report_*.csv"))
    broken = good.with_name("campaign_report_2026-11-17T09-00-00.csv")
    broken.write_text(good.read_text(encoding="utf-8").replace("2026-11-1", "2026-13-1"), encoding="utf-8")
    os.utime(broken, ns=(good.stat().st_mtime_ns, good.stat().st_mtime_ns))
    result = run_kpi(copy_of, "run", "--on", "2026-11-17")
    assert result.returncode == 1
    assert broken.name in result.stdout
    assert "line" in result.stdout
    assert "2026-13-1" in result.stdout
    current = (copy_of / "published" / "internal.duckdb").resolve()
    assert current.name.startswith("20261117")
    for language, word in (("en", "incomplete"), ("fa", "ناقص")):
        page = (copy_of / "reports" / "executive" / "2026-11-09" / f"report.{language}.html").read_text(
            encoding="utf-8"
        )
        assert word in page


def test_second_run_exits_with_3_within_two_seconds(copy_of: Path, run_kpi: Run) -> None:
    with RunLock(copy_of / "warehouse.lock").acquire():
        started = time.monotonic()
        result = run_kpi(copy_of, "run", "--on", "2026-11-17")
        seconds = time.monotonic() - started
    assert result.returncode == 3
    assert "another run" in result.stderr
    assert seconds < 2


def test_run_that_finds_the_warehouse_taken_after_it_was_prepared_says_so(
    copy_of: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPI_DATA_DIR", str(copy_of))
    monkeypatch.delenv("KPI_HASH_KEY_FILE", raising=False)
    installation = Installation.from_environment(os.environ, SystemClock())
    with (
        RunLock(copy_of / "warehouse.lock").acquire(),
        Orchestrator.open(installation) as orchestrator,
        pytest.raises(RunActiveError, match="another run holds the warehouse"),
    ):
        orchestrator.run_day(date(2026, 11, 17))


def test_analyst_reads_during_a_run_without_failure_and_never_half_of_it(copy_of: Path, run_kpi: Run) -> None:
    """One connection is held open all the time, others are opened again and again while a run publishes."""
    pointer = copy_of / "published" / "internal.duckdb"
    held = duckdb.connect(str(pointer.resolve()), read_only=True)
    before = held.execute("select * from kpi.weekly_internal order by all").fetchall()
    stop, seen, failures = threading.Event(), set(), []

    def read() -> None:
        while not stop.is_set():
            try:
                with duckdb.connect(str(pointer.resolve()), read_only=True) as connection:
                    ids = connection.execute(
                        "select distinct snapshot_id from (select snapshot_id from kpi.snapshot union all "
                        'select snapshot_id from kpi."values" union all select snapshot_id from kpi.weekly_internal)'
                    ).fetchall()
                seen.add(tuple(sorted(row[0] for row in ids)))
            except duckdb.Error as error:
                failures.append(str(error))
            stop.wait(0.02)  # a reader that never rests would only take the processor from the run

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert run_kpi(copy_of, "run", "--on", "2026-11-17").returncode == 0
    finally:
        stop.set()
        reader.join()
    assert failures == []
    assert len(seen) >= 2
    assert all(len(ids) == 1 for ids in seen), seen
    assert held.execute("select * from kpi.weekly_internal order by all").fetchall() == before
    held.close()


def test_failed_check_publishes_nothing_and_says_which(copy_of: Path, checkout: Path, run_kpi: Run) -> None:
    shutil.copytree(checkout / "sql", copy_of / "sql")
    orders = copy_of / "sql" / "measures" / "orders.sql"
    text = orders.read_text(encoding="utf-8")
    orders.write_text(
        text.replace("-- covered by:", "-- check never_true: orders < 0\n-- covered by:", 1), encoding="utf-8"
    )
    before = (copy_of / "published" / "internal.duckdb").resolve()
    result = run_kpi(copy_of, "run", "--on", "2026-11-17", KPI_SQL_DIR=str(copy_of / "sql"))
    assert result.returncode == 1
    assert "never_true" in result.stdout
    assert (copy_of / "published" / "internal.duckdb").resolve() == before


def test_questions_about_the_snapshot(demo: Demo, run_kpi: Run) -> None:
    query = run_kpi(demo.data, "query", "orders_valid", "--format", "json")
    rows = json.loads(query.stdout)
    truth = json.loads((demo.data / "demo" / "truth.json").read_text(encoding="utf-8"))["values"]
    expected = {
        entry["week_start"]: entry["numerator"]
        for entry in truth
        if entry["metric_id"] == "orders_valid" and entry["dimension"] == "total"
    }
    assert {row["period_start"]: row["value"] for row in rows if row["period_start"] in expected} == expected

    statement = run_kpi(demo.data, "sql", "orders_valid").stdout
    printed = run_kpi(demo.data, "connect", "-c", statement, "--format", "json")
    assert {row["period_start"]: row["value"] for row in json.loads(printed.stdout)} == {
        row["period_start"]: row["value"] for row in rows
    }

    explained = run_kpi(demo.data, "explain", "revenue").stdout
    assert "gross_sales - discounts - returns" in explained
    assert "orders_export" in explained

    sources = run_kpi(demo.data, "sources")
    assert sources.returncode == 1
    assert "is in quarantine" in sources.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("run", "--on", "yesterday"), 2, "write YYYY-MM-DD"),
        (("run", "--on", "2026-11-16", "--source", "gogle_ads"), 2, "there are: fx_rates"),
        (("query", "revenu"), 1, "revenue"),
        (("query", "cac_blended", "--by", "channel"), 1, "channel"),
        (("explain", "sales"), 1, "there are:"),
        (("connect", "-c", "select * from nowhere"), 1, "nowhere"),
        (("connect", "-c", "copy (select 1) to 'stolen.csv'"), 1, "disabled"),
    ],
)
def test_wrong_usage_and_wrong_questions_are_answered_in_one_message(
    demo: Demo, run_kpi: Run, arguments: tuple[str, ...], exit_code: int, words: str
) -> None:
    result = run_kpi(demo.data, *arguments)
    assert result.returncode == exit_code, result.stdout + result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr
