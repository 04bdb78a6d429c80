"""The ``kpi`` command as a user runs it: real processes, the orchestrator included."""

import json
import math
import os
import re
import shlex
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
import pyarrow.parquet as parquet
import pytest
from dagster import DagsterInstance

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.cli.main import main
from kpi_pipeline.defs.daily_run import Orchestrator
from kpi_pipeline.errors import RunActiveError
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.warehouse.run_lock import RunLock

Run = Callable[..., subprocess.CompletedProcess[str]]
Say = Callable[..., "Said"]
BLOCK = re.compile(r"```(?P<kind>sh|yaml|diff) ?(?P<file>[^ \n]*) ?(?P<entry>\w*)\n(?P<text>.*?)```", re.DOTALL)
DIRECTION_MARKS = re.compile("[\u2066-\u2069\u200e\u200f]")


@dataclass(frozen=True)
class Demo:
    """A data folder on which ``kpi demo --run`` was run, and what it printed."""

    data: Path
    output: str
    exit_code: int
    last_run: date


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    problem: str


@pytest.fixture
def say(demo: Demo, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command on the demo in this process: reading what is published needs no process of its own."""
    for name in [name for name in os.environ if name.startswith("KPI_")]:
        monkeypatch.delenv(name)
    for name, value in (("DATA", demo.data), ("CONFIG", checkout / "config"), ("SQL", checkout / "sql")):
        monkeypatch.setenv(f"KPI_{name}_DIR", str(value))

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["kpi", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return run


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
            timeout=900,
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


@pytest.mark.slow
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
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import dagster"], check=True)
    # What is promised holds for a machine on which importing the orchestrator takes a second.
    slowness = max(time.monotonic() - started, 1.0)
    with RunLock(copy_of / "warehouse.lock").acquire():
        started = time.monotonic()
        result = run_kpi(copy_of, "run", "--on", "2026-11-17")
        seconds = time.monotonic() - started
    assert result.returncode == 3
    assert "another run" in result.stderr
    assert seconds < 2 * slowness


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


@pytest.mark.slow
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


def test_questions_about_the_snapshot(demo: Demo, say: Say) -> None:
    rows = json.loads(say("query", "orders_valid", "--format", "json").out)
    truth = json.loads((demo.data / "demo" / "truth.json").read_text(encoding="utf-8"))["values"]
    expected = {
        entry["week_start"]: entry["numerator"]
        for entry in truth
        if entry["metric_id"] == "orders_valid" and entry["dimension"] == "total"
    }
    assert {row["period_start"]: row["value"] for row in rows if row["period_start"] in expected} == expected

    statement = say("sql", "orders_valid").out
    printed = say("connect", "-c", statement, "--format", "json")
    assert {row["period_start"]: row["value"] for row in json.loads(printed.out)} == {
        row["period_start"]: row["value"] for row in rows
    }

    explained = say("explain", "revenue").out
    assert "gross_sales - discounts - returns" in explained
    assert "orders_export" in explained

    sources = say("sources")
    assert sources.code == 1
    assert "is in quarantine" in sources.out


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("run", "--on", "yesterday"), 2, "write YYYY-MM-DD"),
        (("run", "--on", "2026-11-16", "--source", "gogle_ads"), 2, "there are: fx_rates"),
        (("query", "revenu"), 1, "revenue"),
        (("query", "cac_blended", "--by", "channel"), 1, "channel"),
        (("query", "revenue", "--since", "1405-01-01"), 2, "write the Gregorian day, 2026-03-21"),
        (("query", "revenue", "--format", "parquet"), 2, "--output FILE"),
        (("query", "revenue", "--since", "2026-11-02", "--until", "2026-11-01"), 2, "lies after"),
        (("query", "revenue_growth", "--grain", "week"), 1, "possible are: month"),
        (("query", "revenue", "--where", "channel = 'Email'"), 1, "no dimension common to all its tables"),
        (("explain", "sales"), 1, "there are:"),
        (("history", "sales", "--week", "2026-11-09"), 1, "there are:"),
        (("history", "revenue", "--week", "2020-01-01"), 1, "nothing was published"),
        (("history", "revenue", "--week", "2026-11-09", "--on", "2020-01-01"), 1, "the first time was on"),
        (("connect", "-c", "select * from nowhere"), 1, "nowhere"),
        (("connect", "-c", "copy (select 1) to 'stolen.csv'"), 1, "disabled"),
    ],
)
def test_wrong_usage_and_wrong_questions_are_answered_in_one_message(
    say: Say, arguments: tuple[str, ...], exit_code: int, words: str
) -> None:
    said = say(*arguments)
    assert said.code == exit_code, said.out + said.problem
    assert words in said.problem


def test_problem_is_one_message_and_no_traceback(demo: Demo, run_kpi: Run) -> None:
    result = run_kpi(demo.data, "query", "revenu")
    assert result.returncode == 1
    assert "revenue" in result.stderr
    assert "Traceback" not in result.stderr


def test_values_are_shown_in_every_form(demo: Demo, say: Say, tmp_path: Path) -> None:
    asked = ("query", "conversion_rate_session", "--by", "channel", "--grain", "month", "--where", "device <> 'tv'")
    table = say(*asked).out
    assert re.search(r"2026-11-01 +2026-11-30 +Email +[\d.]+ % +[\d,]+ +[\d,]+ +partial", table)
    as_json = json.loads(say(*asked, "--format", "json").out)
    lines = say(*asked, "--format", "csv").out.splitlines()
    file = tmp_path / "values.parquet"
    assert f"wrote {len(as_json)} rows" in say(*asked, "--format", "parquet", "--output", str(file)).out
    assert len(lines) - 1 == len(as_json) == parquet.read_table(file).num_rows == len(table.splitlines()) - 2
    assert "aov: no values" in say("query", "revenue", "aov", "--until", "2020-01-01").out
    assert "no connected source delivers leads" in say("query", "leads").out
    assert [row["value"] for row in as_json] == parquet.read_table(file).column("value").to_pylist()


def test_metrics_are_listed_found_and_explained(say: Say) -> None:
    assert "conversion_rate_session" in say("metrics", "نرخ تبديل", "--language", "fa").out
    assert "no metric has all of these words" in say("metrics", "xyzzy").out.lower()
    one = say("metrics", "ctr_ads").out
    for words in ("ad_clicks / ad_impressions", "نرخ کلیک تبلیغات", "google_ads, meta_ads", "Partial week"):
        assert words in one
    found = json.loads(say("metrics", "--profile", "b2b", "--json").out)
    assert {"qualified_leads", "contract_renewal_rate"} <= {each["metric_id"] for each in found}
    assert not any(each["is_connected"] for each in found if each["metric_id"] == "qualified_leads")


def test_goals_are_drawn_for_their_readers(say: Say) -> None:
    internal = say("goals", "--audience", "internal").out
    assert re.search(r"Conversion rate \(session\) +[\d.]+% ", internal)
    for words in ("Make the way from the cart", "Why do visitors leave a full cart", "must go right", "Alignment"):
        assert words in internal
    for language in ("en", "fa"):
        executive = say("goals", "--audience", "executive", "--language", language).out
        assert "conversion_rate_session" in executive
        for hidden in ("cart_abandonment_session", "ctr_ads", "int_smooth_cart", "Cart abandonment", "ریزش سبد"):
            assert hidden not in executive
        assert not DIRECTION_MARKS.search(executive)
    # Who says nothing means external KPIs.
    assert say("goals").out == say("goals", "--audience", "executive").out
    tree = json.loads(say("goals", "--json").out)
    assert [each["level"] for each in tree["objectives"]] == ["business", "business"]
    assert tree["objectives"][0]["children"][0]["level"] == "external"


def test_explanation_tells_everything_about_a_kpi(say: Say) -> None:
    told = say("explain", "cac_blended").out
    for words in (
        "acquisition_cost / new_customers",
        "Win new customers at a lower cost",
        "Head of Marketing",
        "SMART",
        "A good KPI is",
        "Moves with its objective?",
        "identity; evidence by construction",
        "since then",
        "sha256",
    ):
        assert words in told
    letters = re.findall(r"^  [✔▲■–] ([SMART])  ", told, re.MULTILINE)
    assert letters == list("SMART")
    assert "is a metric that no KPI is about" in say("explain", "aov").problem


def test_history_tells_what_was_said_of_a_week_and_why_it_is_different_now(say: Say) -> None:
    asked = ("history", "conversion_rate_session", "--week", "2026-11-11", "--on", "2026-11-14")
    told = say(*asked).out
    for words in ("on 2026-11-14", "week not over", "now", "days that were still to come", "events_2026"):
        assert words in told
    found = json.loads(say(*asked, "--json").out)
    assert found["difference"] == found["now"]["value"] - found["then"]["value"]
    assert math.fsum(reason["effect"] for reason in found["reasons"]) == pytest.approx(found["difference"], rel=1e-12)
    assert "Nothing else has been said since" in say("history", "revenue", "--week", "2026-10-28").out
    hidden = say("history", "ctr_ads", "--week", "2026-11-11", "--audience", "executive")
    assert (hidden.code, "ctr_ads" in hidden.problem.partition("there are:")[2]) == (1, False)


def test_check_tells_what_is_wrong_in_words_and_for_scripts(
    say: Say, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = say("check")
    assert (fine.code, fine.problem) == (0, "")
    assert "no errors" in fine.out
    shutil.copytree(checkout / "config", tmp_path / "config")
    metrics = tmp_path / "config" / "metrics" / "sales.yaml"
    text = metrics.read_text(encoding="utf-8")
    metrics.write_text(text.replace("formula: orders\n", "formula: orders + 0 * orders\n", 1), encoding="utf-8")
    monkeypatch.setenv("KPI_CONFIG_DIR", str(tmp_path / "config"))
    wrong = say("check")
    assert wrong.code == 1
    assert re.search(r"^config/metrics/sales\.yaml:\d+  KPI044  .*raise version to 2", wrong.out, re.MULTILINE)
    problems = json.loads(say("check", "--language", "fa", "--json").out)
    errors = [each for each in problems if each["severity"] == "error"]
    assert [each["code"] for each in errors] == ["KPI044"]
    assert "تعریف «orders_valid»" in errors[0]["message"]


def test_catalogue_is_exported_and_nothing_else_is_overwritten(say: Say, tmp_path: Path) -> None:
    made = say("export", "metricflow", "--output", str(tmp_path / "mf"))
    assert "metrics are left out, because the format cannot say them:" in made.out
    assert (tmp_path / "mf" / "project_configuration.yaml").exists()
    assert "| `roas` |" in (tmp_path / "mf" / "not_expressed.md").read_text(encoding="utf-8")
    stale = tmp_path / "mf" / "old_table.yaml"
    stale.write_text((tmp_path / "mf" / "orders.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    mine = tmp_path / "mf" / "notes.txt"
    mine.write_text("mine", encoding="utf-8")
    assert say("export", "metricflow", "--output", str(tmp_path / "mf")).code == 0
    assert (stale.exists(), mine.exists()) == (False, True)
    assert "wrote" in say("export", "osi", "--output", str(tmp_path / "catalogue.yaml")).out
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "README.md").write_text("# Mine", encoding="utf-8")
    refused = say("export", "pages", "--output", str(foreign))
    assert (refused.code, "holds something else" in refused.problem) == (1, True)
    assert [path.name for path in foreign.iterdir()] == ["README.md"]
    assert set(json.loads(say("schema").out)) >= {"metrics/*.yaml", "kpis/*.yaml", "goals.yaml"}
    assert say("schema", "--output", str(tmp_path / "schemas")).code == 0
    assert json.loads((tmp_path / "schemas" / "metrics.json").read_text(encoding="utf-8"))


def follow(page: Path, config: Path, say: Say, *, last_command: str = "") -> list[str]:
    """Do what a page says: run its commands, put its entries and changes into the configuration; return what it ran."""
    ran: list[str] = []
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] == "sh":
            for command in block["text"].splitlines():
                if command == last_command:
                    return ran
                said = say(*shlex.split(command)[1:])
                assert said.code == 0, f"{command}\n{said.out}{said.problem}"
                ran.append(command)
            continue
        file = config.parent / block["file"]
        text = file.read_text(encoding="utf-8")
        if block["kind"] == "yaml":
            entry = re.compile(rf"^{block['entry']}:\n(?:[ #].*\n|\n)*", re.MULTILINE)
            if "metrics" in block["file"]:
                assert say("check").code == 1  # until it is filled in
            text, replaced = entry.subn(lambda _, new=block["text"]: new, text)
            assert replaced == 1
        else:
            old, new = (line[1:] for line in block["text"].splitlines())
            assert text.count(old) == 1
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    return ran


def test_first_kpi_can_be_made_as_the_page_says(
    say: Say, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(checkout / "config", tmp_path / "config")
    monkeypatch.setenv("KPI_CONFIG_DIR", str(tmp_path / "config"))
    ran = follow(checkout / "docs" / "first_kpi.md", tmp_path / "config", say, last_command="kpi run")
    assert len(ran) >= 8
    assert re.search(r"2026-11-01 +2026-11-30 +[\d.]+ %", say("query", "discount_share", "--grain", "month").out)
    assert 'cannot be split by "product"' in say("query", "discount_share", "--by", "product").problem


@pytest.mark.slow
def test_first_kpi_is_published_as_the_page_says(
    copy_of: Path, say: Say, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(checkout / "config", tmp_path / "config")
    monkeypatch.setenv("KPI_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("KPI_DATA_DIR", str(copy_of))
    monkeypatch.setenv("KPI_HASH_KEY", "a key for tests alone")
    follow(checkout / "docs" / "first_kpi.md", tmp_path / "config", say)
    assert "Discount share" in say("goals").out
    assert "discounts / gross_sales" in say("explain", "discount_share").out
