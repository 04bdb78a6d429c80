"""``kpi deliver`` as a user runs it, and the orchestrator's asset that does the same, against a real mail server."""

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.cli.main import main
from kpi_pipeline.defs.delivery import delivery_assets
from kpi_pipeline.pipeline import Installation
from tests.unit.config.conftest import FILES
from tests.unit.delivery.mail_server import DROP, Authority, MailServer, make_authority
from tests.unit.delivery.office import Office, small_delivery
from tests.unit.reports.conftest import WEEK

Say = Callable[..., "Said"]
REPORTS = """\
reports:
    scorecard: {audience: executive, title: {en: Weekly, fa: هفتگی}, languages: [en, fa]}
"""
# The snapshots written by hand have weeks that begin on Monday.
WITH_MONDAYS = (
    ("week_start: saturday", "week_start: monday"),
    ("2026-06-06", "2026-06-01"),
    ("2026-08-29", "2026-08-24"),
)
DELIVERY = """\
enabled: %s
smtp: {host: localhost, port: %d, user: reports@shop.test, sender: reports@shop.test}
owner: {address: owner@shop.test}
recipients:
    - {report: scorecard, channel: mail, to: ceo@shop.test, language: en}
    - {report: scorecard, channel: mail, to: cfo@shop.test, language: fa}
"""


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    problem: str


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority) -> Iterator[MailServer]:
    with MailServer(authority.server) as running:
        yield running


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path / "data", small_delivery())
    made.publish()
    return made


@pytest.fixture
def config(
    tmp_path: Path, server: MailServer, office: Office, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A configuration folder that sends by the running server, named in the environment with everything else."""
    folder = tmp_path / "config"
    files = {**FILES, "reports.yaml": REPORTS, "delivery.yaml": DELIVERY % ("true", server.port)}
    for name, text in files.items():
        for saturday, monday in WITH_MONDAYS:
            text = text.replace(saturday, monday)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("KPI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KPI_CONFIG_DIR", str(folder))
    monkeypatch.setenv("KPI_DATA_DIR", str(office.data))
    monkeypatch.setenv("KPI_SMTP_PASSWORD", "correct horse")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trusted))
    return folder


@pytest.fixture
def say(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command in this process."""

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


def test_the_reports_are_sent_once_and_the_status_tells_it(say: Say, server: MailServer) -> None:
    said = say("deliver")
    assert (said.code, said.problem) == (0, "")
    assert said.out.count("● ") == 2
    assert sorted(to for to, _ in server.mailbox) == ["ceo@shop.test", "cfo@shop.test"]
    again = say("deliver")
    assert again.code == 0
    assert again.out.count("before; no second copy is sent") == 2
    assert len(server.mailbox) == 2
    entries = json.loads(say("deliver", "--status", "--json").out)
    assert [(entry["recipient"], entry["state"], entry["attempts"]) for entry in entries] == [
        ("ceo@shop.test", "sent", 1),
        ("cfo@shop.test", "sent", 1),
    ]
    assert "sent" in say("deliver", "--status", "--week", "2026-11-12").out
    assert "Nothing was delivered yet." in say("deliver", "--status", "--week", "2026-11-02").out


def test_a_dry_run_says_where_everything_is_and_why_nothing_was_sent(
    say: Say, server: MailServer, config: Path
) -> None:
    (config / "delivery.yaml").write_text(DELIVERY % ("false", server.port), encoding="utf-8")
    said = say("deliver")
    assert said.code == 0
    assert "outbox" in said.out
    assert "Nothing is sent until config/delivery.yaml says enabled: true." in said.out
    assert server.connections == 0


@pytest.mark.slow
def test_a_failure_is_told_with_its_reason_and_what_to_do(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPI_SMTP_PASSWORD", "wrong")
    said = say("deliver")
    assert said.code == 1
    assert "the server refuses user or password (535)" in said.out
    assert "Failed: mend the reason, then kpi deliver once more" in said.out
    assert "wrong" not in said.out + said.problem
    assert say("deliver", "--status").code == 1


@pytest.mark.parametrize(("answer", "copies"), [pytest.param("sent", 1, marks=pytest.mark.slow), ("not-sent", 2)])
def test_an_unknown_copy_waits_for_a_person(say: Say, server: MailServer, answer: str, copies: int) -> None:
    server.scripts.of_message["ceo@shop.test"] = [DROP]
    said = say("deliver")
    assert said.code == 1
    assert "kpi deliver --resolve sent|not-sent --recipient TO" in said.out
    assert say("deliver").code == 1
    assert len(server.messages("ceo@shop.test")) == 1
    resolved = say("deliver", "--resolve", answer, "--recipient", "CEO@shop.test", "--by", "ada")
    assert resolved.code == 0
    assert "resolved by ada" in resolved.out
    assert say("deliver").code == 0
    assert len(server.messages("ceo@shop.test")) == copies
    assert len({str(message["Message-ID"]) for message in server.messages("ceo@shop.test")}) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--resolve", "sent"), "--resolve and --recipient belong together"),
        (("--recipient", "ceo@shop.test"), "--resolve and --recipient belong together"),
        (("--dry-run", "--status"), "ask for one of them"),
        (("--resolve", "sent", "--recipient", "nobody@shop.test"), "unknown are those of: nobody's"),
        (("--week", "1405-08-18"), "Jalali"),
    ],
)
def test_wrong_usage_is_explained(say: Say, arguments: tuple[str, ...], words: str) -> None:
    said = say("deliver", *arguments)
    assert said.code == 2
    assert words in said.problem


def test_nobody_is_named(say: Say, config: Path) -> None:
    (config / "delivery.yaml").unlink()
    said = say("deliver")
    assert said.code == 0
    assert "Nobody is named under recipients in config/delivery.yaml" in said.out


def test_a_held_edition_says_why(say: Say, office: Office, server: MailServer) -> None:
    office.publish("20261118-open", as_of=date(2026, 11, 12))
    said = say("deliver", "--week", WEEK.isoformat())
    assert said.code == 1
    assert "This week is not over" in said.out
    assert "incomplete: mark" in said.out
    assert [to for to, _ in server.mailbox] == ["owner@shop.test"]


@pytest.mark.slow
def test_the_asset_delivers_once_and_fails_where_somebody_has_to_look(
    config: Path, server: MailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installation = Installation.from_environment(os.environ, FixedClock(datetime(2026, 11, 18, 8, tzinfo=UTC)))
    assets = {asset.key.path[-1]: asset for asset in delivery_assets(installation)}
    asset = assets["scorecard"]
    server.scripts.of_recipient["cfo@shop.test"] = ["550 no such user"]
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:

        def materialize() -> dg.ExecuteInProcessResult:
            run_config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
            return dg.materialize(
                [asset], partition_key="2026-11-09", instance=instance, raise_on_error=False, run_config=run_config
            )

        failed = materialize()
        assert not failed.success
        failure = failed.failure_data_for_node("delivery__scorecard")
        assert failure is not None
        assert failure.error is not None
        assert failure.error.cause is not None
        message = failure.error.cause.message
        assert "(1 failed, 1 sent); look at: kpi deliver --status" in message
        assert "@shop.test" not in message
        good = materialize()
        assert good.success
        (event,) = good.get_asset_materialization_events()
        assert event.materialization.metadata["sent"].value == 2
        assert materialize().success
    assert sorted(to for to, _ in server.mailbox) == ["ceo@shop.test", "cfo@shop.test"]


@pytest.mark.slow
def test_no_secret_stands_in_the_ledger_or_the_outbox(
    say: Say, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("deliver", "--dry-run")
    monkeypatch.setenv("KPI_SMTP_PASSWORD", "canary/Q7+w=Zk")
    assert say("deliver").code == 1
    with closing(sqlite3.connect(office.paths.delivery_ledger)) as connection:
        dump = "\n".join(connection.iterdump())
    files = [path.read_bytes() for path in office.paths.outbox.rglob("*") if path.is_file()]
    assert files
    assert "canary" not in dump
    assert not any(b"canary" in content for content in files)
