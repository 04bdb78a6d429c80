"""``kpi sources`` on a small installation: what it shows, and what its options do before and after the next run."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.cli import main as cli
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.pipeline import Installation
from kpi_pipeline.warehouse.run_lock import RunLock

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COMPANY = """\
name: {en: Rates, fa: نرخ}
time_zone: UTC
week_start: monday
reporting_currency: EUR
started_on: 2026-09-01
"""
RATES = "system: fx_rates\nexported_at: '_(\\d{8})'\n"
Printed = tuple[int, str]


@dataclass(frozen=True)
class World:
    installation: Installation
    kpi: Callable[..., Printed]

    def drop(self, name: str, text: str, source: str = "fx") -> None:
        path = self.installation.paths.inbox / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (NOW.timestamp() - 60, NOW.timestamp() - 60))

    def ingest(self, source: str = "fx") -> None:
        with self.installation.open_run() as opened:
            opened.ingest(source, NOW.date())

    def rows(self) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.installation.paths.warehouse), read_only=True) as connection:
            return connection.execute("select day, rate from raw.fx_rates order by day").fetchall()


def rates(*days: int, rate: str = "1.1") -> str:
    return "date,base,quote,rate\n" + "".join(f"2026-11-{day:02},EUR,USD,{rate}\n" for day in days)


@pytest.fixture
def world(
    tmp_path: Path,
    checkout: Path,
    config_with: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> World:
    config = config_with(tmp_path / "config", COMPANY, {"fx": RATES, "other": RATES})
    paths = Paths(config=config, sql=checkout / "sql", data=tmp_path / "data")
    for name, value in (("CONFIG", config), ("SQL", paths.sql), ("DATA", paths.data)):
        monkeypatch.setenv(f"KPI_{name}_DIR", str(value))
    monkeypatch.setenv("KPI_HASH_KEY", "a key for tests alone")
    monkeypatch.setenv("USER", "ada")

    def kpi(*arguments: str) -> Printed:
        monkeypatch.setattr(sys, "argv", ["kpi", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return World(Installation(paths, FixedClock(NOW), None), kpi)


def test_show_may_be_left_out_and_a_source_may_be_named(world: World) -> None:
    world.drop("a_20261119.csv", rates(17, 18))
    world.ingest()
    code, shown = world.kpi("sources")
    assert code == 1  # the other source delivered nothing
    assert "2 to 2026-11-18" in shown
    assert "other is late; put an export into" in shown
    assert world.kpi("sources", "show")[1] == shown
    assert "2026-11-17 … 2026-11-18, 2 days" in world.kpi("sources", "fx")[1]
    (state,) = json.loads(world.kpi("sources", "fx", "--json")[1])
    assert (state["source"], state["last_file"], state["quarantine"]) == ("fx", "a_20261119.csv", [])
    assert "source" in world.kpi("sources", "--help")[1]


def test_a_released_file_is_decided_on_again(world: World) -> None:
    world.drop("a_20261119.csv", "broken")
    world.ingest()
    world.ingest()
    assert "a_20261119.csv is in quarantine" in world.kpi("sources")[1]
    code, shown = world.kpi("sources", "--release", "a_20261119.csv")
    assert (code, shown) == (0, "fx: the next run decides again on a_20261119.csv.\n")
    assert "the next run decides on a_20261119.csv" in world.kpi("sources")[1]
    world.ingest()
    assert "a_20261119.csv is in quarantine" in world.kpi("sources")[1]


def test_a_confirmed_file_is_loaded_by_the_next_run(world: World) -> None:
    pounds = "".join(f"2026-11-{day:02},EUR,GBP,0.9\n" for day in range(1, 18))
    world.drop("a_20261118.csv", rates(*range(1, 18)) + pounds)
    world.ingest()
    world.drop("b_20261119.csv", rates(1, 17, rate="2"))  # speaks for all days between, and has hardly any
    world.drop("c_20261119.csv", "broken")
    world.ingest()
    before = world.rows()
    assert "kpi sources --confirm" in world.kpi("sources", "fx")[1]
    code, shown = world.kpi("sources", "--confirm", "c_20261119.csv", "--reason", "x")
    assert code == 1
    assert "only few rows can be confirmed" in shown
    code, shown = world.kpi("sources", "--confirm", "b_20261119.csv", "--reason", "holidays", "--by", "Ada L.")
    assert (code, shown) == (0, "fx: the next run loads b_20261119.csv, confirmed by Ada L..\n")
    assert world.rows() == before
    world.ingest()
    assert [str(rate) for _day, rate in world.rows()] == ["2.0000000000"] * 2


def test_a_replay_brings_the_same_rows(world: World) -> None:
    world.drop("a_20261118.csv", rates(1, 2, 3))
    world.drop("b_20261119.csv", rates(3, 4, rate="2"))
    world.ingest()
    before = world.rows()
    code, shown = world.kpi("sources", "fx", "--replay")
    assert code == 0
    assert "fx: 2 file(s) loaded anew from custody, 5 rows." in shown
    assert world.rows() == before
    assert world.rows()[0][0] == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--replay",), "--replay needs the NAME"),
        (("--release", "a", "--confirm", "b", "--reason", "c"), "ask for one of them"),
        (("--confirm", "b"), "belong together"),
        (("--reason", "b"), "belong together"),
        (("gogle",), "no source gogle; there are: fx, other"),
        (("add",), "questions are only asked in a terminal"),
        (("add", "new", "--sample", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_wrong_usage_is_answered_in_one_message(world: World, arguments: tuple[str, ...], words: str) -> None:
    code, shown = world.kpi("sources", *arguments)
    assert code == 2
    assert words in shown


def test_what_is_not_there_is_said(world: World) -> None:
    code, shown = world.kpi("sources", "--release", "a.csv")
    assert (code, shown) == (1, "a.csv: no such file in quarantine; there are: none\n")


@pytest.mark.parametrize("arguments", [(), ("--release", "a"), ("--confirm", "a", "--reason", "b"), ("fx", "--replay")])
def test_nothing_is_touched_while_another_run_is_active(world: World, arguments: tuple[str, ...]) -> None:
    world.ingest()
    with RunLock(world.installation.paths.data / "warehouse.lock").acquire():
        assert world.kpi("sources", *arguments)[0] == 3


def test_an_added_source_passes_the_check_and_reads_its_sample(world: World, tmp_path: Path) -> None:
    sample = tmp_path / "refunds_20261119.csv"
    sample.write_text(
        "refund_id,order_id,day,amount,currency,email\n1,7,2026-11-18,5.00,EUR,ada@example.com\n", encoding="utf-8"
    )
    code, shown = world.kpi("sources", "add", "shop", "--sample", str(sample))
    assert code == 0, shown
    assert "detected  the columns are those of refunds" in shown
    code, shown = world.kpi("check")
    assert code == 0, shown
    shutil.copy(sample, tmp_path / "copy.csv")
    world.drop(sample.name, sample.read_text(encoding="utf-8"), "shop")
    installation = Installation(world.installation.paths, FixedClock(NOW), None)
    with installation.open_run() as opened:
        (outcome,) = opened.ingest("shop", NOW.date()).files
    assert (outcome.state, outcome.rows_loaded) == ("loaded", 1)
    assert world.kpi("sources", "add", "shop", "--sample", str(sample))[0] == 1


def test_unsure_suggestions_are_written_as_comments(world: World, tmp_path: Path) -> None:
    sample = tmp_path / "refunds.csv"
    sample.write_text("refund_id,order_id,day,amount,currency\n1,7,01/02/2026,5.00,EUR\n", encoding="utf-8")
    code, shown = world.kpi("sources", "add", "shop", "--sample", str(sample))
    assert code == 1
    assert "unsure    day.style" in shown
    written = (world.installation.paths.config / "sources" / "shop.yaml").read_text(encoding="utf-8")
    assert '# unsure: day.style: "%d/%m/%Y" or "%m/%d/%Y"' in written


def test_the_check_names_sources_whose_mapping_is_wrong(world: World) -> None:
    path = world.installation.paths.config / "sources" / "shop.yaml"
    path.write_text(
        "system: csv\nsubject: refunds\ncurrency: EUR\ncolumns:\n"
        + "".join(f"    {name}: {{header: {name}}}\n" for name in ("refund_id", "order_id", "day", "amount"))
        + "    reason: {header: Customer email}\n",
        encoding="utf-8",
    )
    code, shown = world.kpi("check")
    assert code == 1
    assert "shop.yaml: columns.reason: 'Customer email' sounds like an e-mail address" in shown


def test_only_the_owner_reads_what_is_not_published(world: World) -> None:
    world.drop("a_20261119.csv", rates(17, 18))
    previous = os.umask(0o022)
    try:
        world.ingest()
        data = world.installation.paths.data
        assert data.joinpath("warehouse.duckdb").stat().st_mode & 0o077 == 0
        assert data.joinpath("custody.sqlite").stat().st_mode & 0o077 == 0
        assert data.joinpath("published", "internal").stat().st_mode & 0o055 == 0o055
        probe = data / "made_after_a_run"
        probe.touch()
        assert probe.stat().st_mode & 0o044 == 0o044
    finally:
        os.umask(previous)
