"""Checks of whether what should be running still gets on: a run, and the orchestrator's daemon.

Here: one function per check. The orchestrator itself is not asked: it may be the one that hangs. Its daemon is known by
the signs of life in its SQLite file; with another store, a daemon that is down is noticed by the run that is due.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.doctor.finding import Examined, Fact, Finding
from kpi_pipeline.warehouse.run_lock import LONGEST_RUN

# The daemon gives a sign every half minute; a busy machine may make it wait.
SILENCE = timedelta(minutes=15)
# The parts that start runs. Others are added and dropped between versions of the orchestrator.
STARTING = ("SCHEDULER", "SENSOR")


def stuck_run(examined: Examined) -> Iterator[Finding]:
    """Look whether a run holds the warehouse for longer than any run may last."""
    installation = examined.installation
    holder = installation.run_lock.holder()
    if holder is None:
        yield Finding("run", "good", "no run is active")
        return
    age = installation.clock.now() - holder.since
    if age <= LONGEST_RUN:
        yield Finding("run", "good", f"a run is active since {_minutes(age)} minutes")
        return
    facts: dict[str, Fact] = {
        "since": f"{holder.since:%Y-%m-%d %H:%M} UTC",
        "minutes": _minutes(age),
        "pid": holder.pid or "?",
    }
    if holder.pid is not None and not _is_alive(holder.pid):
        message = Phrase(
            "the run of process {pid} is gone, and a process that it left holds the warehouse since {since}", **facts
        )
        advice = Phrase(
            "find it with: {command}; end it, then: kpi run", command=f"fuser -v {installation.run_lock.path}"
        )
    else:
        message = Phrase("the run of process {pid} holds the warehouse since {since}, {minutes} minutes", **facts)
        advice = Phrase("see in the orchestrator's UI what it does; if it hangs, end process {pid}", **facts)
    yield Finding("run", "problem", message, advice, facts)


def daemon(examined: Examined) -> Iterator[Finding]:
    """Look whether the orchestrator's daemon gives signs of life; where it never ran, there is nothing to say.

    A daemon whose last sign is older than the last run that came through is not the one that starts the runs here.
    """
    paths = examined.installation.paths
    store = paths.dagster_home / "history" / "runs.db"
    if not store.exists():
        return
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as connection:
        if not connection.execute("select 1 from sqlite_master where name = 'daemon_heartbeats'").fetchall():
            return
        rows = connection.execute(
            "select daemon_type, timestamp from daemon_heartbeats where daemon_type in (?, ?)", STARTING
        )
        signs = {kind: datetime.fromisoformat(at).replace(tzinfo=UTC) for kind, at in rows}
    if not signs:
        return
    silent, last_sign = min(signs.items(), key=lambda sign: sign[1])
    since_then = examined.installation.clock.now() - last_sign
    if since_then <= SILENCE:
        yield Finding("daemon", "good", "the orchestrator's daemon gives signs of life")
        return
    if (last_run := _last_publication(examined)) is not None and last_run > last_sign:
        return
    message = Phrase(
        "the orchestrator's daemon ({part}) is silent for {minutes} minutes, so nothing starts by itself",
        part=silent.lower(),
        minutes=_minutes(since_then),
    )
    yield Finding("daemon", "problem", message, Phrase("restart it: systemctl restart kpi-daemon, or make dev"))


def _last_publication(examined: Examined) -> datetime | None:
    path = examined.installation.paths.publication_ledger
    if not path.exists():
        return None
    with PublicationLedger(path) as publications:
        last = publications.last_publication()
    return last[1].replace(tzinfo=UTC) if last else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _minutes(age: timedelta) -> int:
    return int(age / timedelta(minutes=1))
