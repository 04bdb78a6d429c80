"""Tellers that are killed at every point, and many processes that race: the server's mailbox is the truth."""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from kpi_pipeline.alerts.alert_ledger import CLAIM
from tests.unit.alerts.killed_teller import POINTS, Task, tell, tell_and_die
from tests.unit.delivery.mail_server import Authority, MailServer
from tests.unit.delivery.office import NOW

pytestmark = pytest.mark.slow
RACERS = 12


@pytest.fixture
def task(server: MailServer, authority: Authority, tmp_path: Path) -> Task:
    return Task(tmp_path, server.port, authority.trusted, NOW)


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServerContext]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.alerts.killed_teller"])
    yield context


def test_of_twelve_processes_one_tells(task: Task, server: MailServer, processes: ForkServerContext) -> None:
    with processes.Pool(RACERS) as racers:
        told = racers.map(tell, [task] * RACERS, chunksize=1)
    assert sum(told) == 1
    assert len(server.mailbox) == 1


@pytest.mark.parametrize("point", POINTS)
def test_an_alert_comes_twice_rather_than_never(
    task: Task, server: MailServer, processes: ForkServerContext, point: str
) -> None:
    teller = processes.Process(target=tell_and_die, args=(task, point))
    teller.start()
    teller.join(60)
    assert teller.exitcode == -signal.SIGKILL
    # The server may still be taking what the dead teller had handed over.
    time.sleep(0.1)
    arrived = len(server.mailbox)
    assert arrived == (point in ("behind the final dot", "behind the answer"))
    assert tell(task) == 0
    assert tell(replace(task, now=NOW + CLAIM + timedelta(seconds=1))) == 1
    assert tell(replace(task, now=NOW + CLAIM + timedelta(minutes=10))) == 0
    assert len(server.mailbox) == arrived + 1
