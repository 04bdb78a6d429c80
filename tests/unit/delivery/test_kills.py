"""Senders that are killed at every point of a delivery, and many that race: the server's mailbox is the truth."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from kpi_pipeline.delivery.delivery_ledger import LEASE, DeliveryLedger
from tests.fault_figures import note_figures
from tests.unit.delivery.killed_sender import POINTS, Task, send, send_and_die
from tests.unit.delivery.mail_server import Authority, MailServer

NOW = datetime(2026, 11, 18, 8, tzinfo=UTC)
RACERS = 12
KILLS = int(os.environ.get("KPI_KILLS", "3"))


@pytest.fixture
def task(server: MailServer, authority: Authority, tmp_path: Path) -> Task:
    return Task(tmp_path / "delivery.sqlite", server.port, authority.trusted, "ceo@shop.test", NOW)


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServerContext]:
    """Processes that have loaded everything already, so that hundreds of them can be killed in a minute."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.delivery.killed_sender"])
    yield context


def test_of_many_at_once_one_sends(task: Task, server: MailServer) -> None:
    with ThreadPoolExecutor(RACERS) as racers:
        states = Counter(racers.map(send, [task] * RACERS))
    assert states == {"sent": 1, None: RACERS - 1}
    assert len(server.mailbox) == 1


@pytest.mark.slow
def test_of_twelve_processes_one_sends(task: Task, server: MailServer, processes: ForkServerContext) -> None:
    with processes.Pool(RACERS) as racers:
        states = Counter(racers.map(send, [task] * RACERS, chunksize=1))
    assert states == {"sent": 1, None: RACERS - 1}
    assert len(server.mailbox) == 1


@pytest.mark.slow
def test_a_killed_sender_leaves_no_second_copy_and_none_that_is_lost_unseen(
    task: Task, server: MailServer, processes: ForkServerContext
) -> None:
    found: Counter[str] = Counter()
    for number in range(KILLS):
        for point in POINTS:
            recipient = f"reader{number}.{POINTS.index(point)}@shop.test"
            mine = Task(task.ledger, task.port, task.authority, recipient, NOW)
            sender = processes.Process(target=send_and_die, args=(mine, point))
            sender.start()
            sender.join(60)
            assert sender.exitcode == -signal.SIGKILL, f"{point}: the sender ended with {sender.exitcode}"
            # The server may still be taking what the dead sender had handed over.
            time.sleep(0.02)
            send(mine)
            send(Task(task.ledger, task.port, task.authority, recipient, NOW + LEASE + timedelta(seconds=1)))
            send(Task(task.ledger, task.port, task.authority, recipient, NOW + timedelta(days=7)))
            found[point] += 1
    accepted = Counter(to for to, _ in server.mailbox)
    with DeliveryLedger(task.ledger) as ledger:
        states = {entry.recipient: entry.state for entry in ledger.entries()}
    assert len(states) == KILLS * len(POINTS)
    doubles = [to for to, copies in accepted.items() if copies > 1]
    lost = [to for to, state in states.items() if state == "sent" and not accepted[to]]
    open_ends = [to for to, state in states.items() if state not in ("sent", "unknown")]
    assert (doubles, lost, open_ends) == ([], [], [])
    by_point = {
        point: Counter(states[to] for to in states if to.endswith(f".{POINTS.index(point)}@shop.test"))
        for point in POINTS
    }
    # What was never claimed is sent by the next run; what was claimed is only shown.
    for point in POINTS:
        expected = "sent" if point in ("before the claim", "inside the claim") else "unknown"
        assert by_point[point] == {expected: KILLS}, point
    note_figures(
        "kills",
        kills=sum(found.values()),
        points=len(POINTS),
        sent=sum(state == "sent" for state in states.values()),
        unknown_arrived=sum(state == "unknown" and accepted[to] == 1 for to, state in states.items()),
        unknown_lost=sum(state == "unknown" and accepted[to] == 0 for to, state in states.items()),
    )
