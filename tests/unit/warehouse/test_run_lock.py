import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kpi_pipeline.errors import EngineError, RunActiveError
from kpi_pipeline.warehouse.run_lock import RunLock

HOLDER = """
import pathlib, sys, time
from kpi_pipeline.warehouse.run_lock import RunLock
with RunLock(pathlib.Path(sys.argv[1])).acquire() as token:
    print(token, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "warehouse.lock"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        yield process
        process.kill()


def test_the_token_grows_with_each_holder(path: Path) -> None:
    tokens = []
    for _ in range(3):
        with RunLock(path).acquire() as token:
            tokens.append(token)
    assert tokens == [1, 2, 3]


def test_a_second_run_is_refused_at_once_with_the_holder_and_since_when(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    started = time.monotonic()
    with pytest.raises(RunActiveError) as caught, RunLock(path).acquire():
        pass
    assert time.monotonic() - started < 2
    since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert f"process {holder.pid}, since {since:%Y-%m-%d %H:%M:%S} UTC" in str(caught.value)


def test_the_lock_of_a_killed_holder_is_free(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with RunLock(path).acquire() as token:
        assert token == 2


def test_a_second_run_in_the_same_process_is_refused_too(path: Path) -> None:
    with RunLock(path).acquire(), pytest.raises(RunActiveError, match=str(os.getpid())), RunLock(path).acquire():
        pass
    with RunLock(path).acquire() as token:
        assert token == 2


def test_the_holder_may_go_on(path: Path) -> None:
    lock = RunLock(path)
    with lock.acquire() as token:
        lock.check_token(token)


def test_a_holder_whose_lock_was_taken_over_may_not_go_on(path: Path) -> None:
    suspended = RunLock(path)
    with suspended.acquire() as token:
        path.unlink()
        with pytest.raises(RunActiveError, match="token 1 no longer holds"):
            suspended.check_token(token)
        successor = RunLock(path)
        # The new file starts again with 1, so the number alone would not tell the two apart.
        with successor.acquire() as next_token:
            successor.check_token(next_token)
            with pytest.raises(RunActiveError, match="Start a new run"):
                suspended.check_token(token)


def test_an_earlier_token_may_not_go_on(path: Path) -> None:
    lock = RunLock(path)
    with lock.acquire() as first:
        pass
    with pytest.raises(RunActiveError):
        lock.check_token(first)
    with lock.acquire(), pytest.raises(RunActiveError):
        lock.check_token(first)


def test_the_lock_is_free_after_an_error(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), RunLock(path).acquire():
        raise ZeroDivisionError
    with RunLock(path).acquire() as token:
        assert token == 2


def test_a_holder_that_has_not_written_yet_is_unknown(path: Path) -> None:
    path.parent.mkdir()
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(RunActiveError, match="process unknown"), RunLock(path).acquire():
            pass


def test_a_file_that_is_removed_while_it_is_locked_is_no_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = []

    def lock_and_remove_once(descriptor: int, operation: int) -> None:
        real_flock(descriptor, operation)
        if not locked:
            path.unlink()
        locked.append(descriptor)

    real_flock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", lock_and_remove_once)
    lock = RunLock(path)
    with lock.acquire() as token:
        lock.check_token(token)
        assert path.exists()
    assert len(locked) == 2


@pytest.mark.parametrize("content", ["no record", "[]", '{"pid": 1}'])
def test_a_damaged_lock_file_is_not_overwritten(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(EngineError, match="remove the file"), RunLock(path).acquire():
        pass
    assert path.read_text() == content
