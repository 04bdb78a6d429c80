"""The watchdog on a company whose runs, reports, sources and daemon fail in turn, beside runs and without any."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat

from kpi_pipeline.calendar.clock import FixedClock
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.cli import doctor as command
from kpi_pipeline.defs.daily_run import prepare_dagster_home
from kpi_pipeline.delivery.delivery_ledger import Contents, DeliveryLedger, Place
from kpi_pipeline.doctor.finding import Examined, Finding
from kpi_pipeline.doctor.watch import Watched, watch
from kpi_pipeline.warehouse.run_lock import LONGEST_RUN
from tests.integration.books_company import NOW, BooksCompany, Kpi
from tests.unit.delivery.hook_server import HookServer
from tests.unit.delivery.mail_server import MailServer, make_authority

REPORTS = "reports:\n  team: {audience: internal, title: {en: Team, fa: گروه}, languages: [en]}\n"
DELIVERY = """\
enabled: true
smtp: {{host: localhost, port: {port}, user: reports@shop.test, sender: reports@shop.test}}
owner: {{address: data@shop.test}}
recipients:
  - {{report: team, channel: mail, to: Team@shop.test, language: en}}
"""
# The last complete week before Saturday, 21 November 2026.
WEEK = date(2026, 11, 9)
HOLDER = """
import os, pathlib, sys, time
from kpi_pipeline.warehouse.run_lock import RunLock
with RunLock(pathlib.Path(sys.argv[1])).acquire():
    if sys.argv[2] == "child":
        child = os.fork()
        if child:
            print(child, flush=True)
            os.kill(os.getpid(), 9)
    else:
        print(os.getpid(), flush=True)
    time.sleep(60)
"""


@pytest.fixture
def company(original: BooksCompany, tmp_path: Path) -> BooksCompany:
    """A company where all is well, but that nothing was really published."""
    copied = original.copied(tmp_path / "company")
    (copied.installation.paths.config / "reports.yaml").write_text(REPORTS, encoding="utf-8")
    (copied.installation.paths.config / "delivery.yaml").write_text(DELIVERY.format(port=25), encoding="utf-8")
    publish(copied, NOW.date())
    deliver(copied, WEEK)
    return copied


def publish(company: BooksCompany, day: date) -> None:
    with PublicationLedger(company.installation.paths.publication_ledger) as publications:
        publications.enter(f"{day:%Y%m%d}-a", day, datetime(2026, 11, day.day, 6, 5), [])


def deliver(company: BooksCompany, week: date, state: str = "sent") -> None:
    place = Place(week, "team", 0, "mail", "team@shop.test")
    with DeliveryLedger(company.installation.paths.delivery_ledger) as ledger:
        claim = ledger.claim(place, Contents("internal", "en", "a", NOW.replace(tzinfo=None), "<a@shop.test>"), NOW)
        assert claim is not None
        ledger.settle(place, claim, state, "", NOW)  # type: ignore[arg-type]


def look(company: BooksCompany, now: datetime = NOW) -> Watched:
    installation = replace(company.installation, clock=FixedClock(now))
    return watch(Examined(installation, company.environment()))


def wrong(watched: Watched) -> dict[str, Finding]:
    """Return the problems by subject, without that of the published files, which this company lacks."""
    return {
        one.subject: one for one in watched.findings if one.level == "problem" and one.subject not in ("published",)
    }


def test_where_all_is_well_nobody_is_told(company: BooksCompany) -> None:
    watched = look(company)
    assert wrong(watched) == {}
    assert watched.is_everything


def test_a_published_folder_that_is_gone_is_an_incident(company: BooksCompany) -> None:
    (one,) = look(company).incidents
    assert (one.key, one.kind) == ("published", "watch")
    assert "run: kpi run" in one.what


# Sunday, 22 November: the run is due at six, and late from twenty to seven.
@pytest.mark.parametrize(("minute", "is_late"), [(39, False), (40, True)])
def test_a_run_that_did_not_come_through_is_told_within_the_hour(
    company: BooksCompany, minute: int, is_late: bool
) -> None:
    found = wrong(look(company, datetime(2026, 11, 22, 6, minute, tzinfo=UTC)))
    assert ("daily run" in found) == is_late
    if is_late:
        assert found["daily run"].message == (
            "the run of 2026-11-22 was due on 2026-11-22 06:00 and has not come through;"
            " the last one was that of 2026-11-21"
        )


def test_while_a_run_is_active_nobody_knows_yet(company: BooksCompany) -> None:
    later = datetime(2026, 11, 22, 7, tzinfo=UTC)
    with company.installation.run_lock.acquire():
        watched = look(company, later)
    assert "daily run" not in wrong(watched)
    assert not watched.is_everything


def test_a_report_that_nobody_got_is_told_after_the_deadline(company: BooksCompany) -> None:
    # The week from 16 November has to be sent on Monday, 23 November at noon.
    publish(company, date(2026, 11, 23))
    assert "report team" not in wrong(look(company, datetime(2026, 11, 23, 12, 39, tzinfo=UTC)))
    late = look(company, datetime(2026, 11, 23, 12, 40, tzinfo=UTC))
    assert wrong(late)["report team"].message == (
        'report "team" on the week from 2026-11-16 was due on 2026-11-23 12:00; not sent: 1 of 1 copies'
    )
    assert {one.key: one.kind for one in late.incidents}["report team"] == "late_report"
    deliver(company, date(2026, 11, 16), "failed")
    assert "report team" in wrong(look(company, datetime(2026, 11, 23, 13, tzinfo=UTC)))
    deliver(company, date(2026, 11, 16))
    assert "report team" not in wrong(look(company, datetime(2026, 11, 23, 13, tzinfo=UTC)))


def test_a_report_without_readers_has_to_be_written(company: BooksCompany) -> None:
    paths = company.installation.paths
    (paths.config / "delivery.yaml").unlink()
    found = wrong(look(BooksCompany(replace(company.installation))))
    assert found["report team"].advice == "kpi report --week 2026-11-09"
    folder = paths.reports / "internal" / "2026-11-09"
    folder.mkdir(parents=True)
    (folder / "team.en.json").write_text("{}")
    assert "report team" not in wrong(look(BooksCompany(replace(company.installation))))


def test_a_late_source_is_told_while_the_warehouse_is_locked(company: BooksCompany) -> None:
    path = company.installation.paths.warehouse
    path.write_bytes(b"held by somebody else")
    later = datetime(2026, 11, 23, 8, tzinfo=UTC)
    publish(company, later.date())
    watched = look(company, later)
    # Exported on the 20th and promised daily: on the 21st there should have been one, so two days late on the 23rd.
    assert wrong(watched)["source books"].message == "source books: late by 2 days"
    assert {one.key: one.kind for one in watched.incidents}["source books"] == "late_source"
    assert path.read_bytes() == b"held by somebody else"


@contextmanager
def held(company: BooksCompany, how: str) -> Iterator[int]:
    """Let a real process hold the lock, or the child that it left."""
    lock = company.installation.run_lock.path
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(lock), how], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pid = int(holder.stdout.readline())
        if how == "child":
            holder.wait()
        try:
            yield holder.pid
        finally:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("how", "words"),
    [("alive", "holds the warehouse since"), ("child", "is gone, and a process that it left holds the warehouse")],
)
def test_a_run_that_lasts_too_long_is_stuck(company: BooksCompany, how: str, words: str) -> None:
    with held(company, how) as pid:
        since = company.installation.run_lock.path.stat().st_mtime
        limit = datetime.fromtimestamp(since, UTC) + LONGEST_RUN
        assert "run" not in wrong(look(company, limit - timedelta(seconds=1)))
        watched = look(company, limit + timedelta(minutes=1))
        found = wrong(watched)["run"]
    assert f"the run of process {pid} {words}" in found.message
    assert {one.key: one.kind for one in watched.incidents}["run"] == "stuck"
    assert "run" not in wrong(look(company, limit + timedelta(minutes=1)))


@pytest.fixture
def heart(company: BooksCompany) -> Callable[[datetime], None]:
    """Return a function that enters signs of life as the orchestrator's daemon does."""
    paths = company.installation.paths
    prepare_dagster_home(paths)

    def beat(at: datetime) -> None:
        with dg.DagsterInstance.from_config(str(paths.dagster_home)) as instance:
            for kind in ("SCHEDULER", "SENSOR", "BACKFILL"):
                instance.add_daemon_heartbeat(DaemonHeartbeat(at.timestamp(), kind, "some-id", None))

    return beat


def test_a_silent_daemon_is_told_after_a_quarter_of_an_hour(
    company: BooksCompany, heart: Callable[[datetime], None]
) -> None:
    heart(NOW)
    assert "daemon" not in wrong(look(company, NOW + timedelta(minutes=15)))
    found = wrong(look(company, NOW + timedelta(minutes=16)))
    assert "is silent for 16 minutes" in found["daemon"].message


def test_a_daemon_that_does_not_start_the_runs_here_is_not_missed(
    company: BooksCompany, heart: Callable[[datetime], None]
) -> None:
    heart(NOW - timedelta(days=1))
    # The run of today came through at 06:05, when that daemon had been silent for long.
    assert "daemon" not in wrong(look(company))


def test_what_cannot_be_looked_at_is_told_and_nothing_is_over(company: BooksCompany) -> None:
    company.installation.paths.custody_ledger.write_bytes(b"this is no database" * 100)
    watched = look(company)
    assert "late sources cannot be looked at" in wrong(watched)["late sources"].message
    assert not watched.is_everything


def test_a_broken_configuration_is_one_problem(company: BooksCompany) -> None:
    (company.installation.paths.config / "company.yaml").write_text("name: 5\n")
    assert set(wrong(look(BooksCompany(replace(company.installation))))) == {"configuration"}


@pytest.fixture
def kpi(company: BooksCompany, kpi_of: Callable[[BooksCompany], Kpi], monkeypatch: pytest.MonkeyPatch) -> Kpi:
    monkeypatch.setattr(command, "SystemClock", lambda: FixedClock(NOW))
    return kpi_of(company)


def make_well(company: BooksCompany) -> None:
    company.export(21, {20: 120})
    company.run(21)
    assert look(company).incidents == ()


def test_the_command_tells_once_and_ends_with_1_as_long_as_it_lasts(
    company: BooksCompany, kpi: Kpi, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody listens there, and while something is wrong nobody is asked.
    monkeypatch.setenv("KPI_HEARTBEAT_URL", "https://127.0.0.1:9/ping")
    delivery = company.installation.paths.config / "delivery.yaml"
    delivery.write_text(DELIVERY.format(port=25).replace("enabled: true", "enabled: false"), encoding="utf-8")
    code, printed = kpi("doctor", "--watch")
    assert code == 1
    assert "■  published" in printed
    assert "mail data@shop.test: told of" in printed
    code, printed = kpi("doctor", "--watch")
    assert (code, "No message: the team was told before." in printed) == (1, True)
    assert "KPI_HEARTBEAT_URL" not in printed
    assert len(list((company.installation.paths.outbox / "alerts").glob("*/*.eml"))) == 1


@pytest.mark.slow
def test_the_monitor_hears_that_all_is_well_and_nothing_else(
    company: BooksCompany, kpi: Kpi, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HookServer() as monitor:
        monkeypatch.setenv("KPI_HEARTBEAT_URL", f"http://127.0.0.1:{monitor.port}/ping")
        assert kpi("doctor", "--watch")[0] == 1
        assert monitor.requests == []
        make_well(company)
        code, printed = kpi("doctor", "--watch")
        assert (code, "Nobody has to be told anything" in printed) == (0, True)
        assert [request.path for request in monitor.requests] == ["/ping"]
        monitor.script = ["404"]
        code, printed = kpi("doctor", "--watch")
        assert (code, "KPI_HEARTBEAT_URL: the monitor answers 404" in printed) == (1, True)


def test_a_broken_configuration_is_said_where_a_timer_looks(company: BooksCompany, kpi: Kpi) -> None:
    (company.installation.paths.config / "company.yaml").write_text("name: 5\n")
    code, printed = kpi("doctor", "--watch")
    assert code == 1
    assert "■  configuration" in printed
    assert "nobody could be told: " in printed


@pytest.mark.slow
def test_a_full_disk_is_told_by_mail(company: BooksCompany, tmp_path: Path) -> None:
    """A process that may not write a single byte to any file, as on a full disk."""
    authority = make_authority(tmp_path)
    paths = company.installation.paths
    with MailServer(authority.server) as server:
        (paths.config / "delivery.yaml").write_text(DELIVERY.format(port=server.port), encoding="utf-8")
        environment = company.environment() | {
            "SSL_CERT_FILE": str(authority.trusted),
            "KPI_SMTP_PASSWORD": "correct horse",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        program = (
            "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
            " from kpi_pipeline.cli.main import main; import sys; sys.argv = ['kpi', 'doctor', '--watch']; main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1, done.stderr
        assert "it cannot be noted, and comes again with the next look" in done.stdout
        assert [to for to, _ in server.mailbox] == ["data@shop.test"]
