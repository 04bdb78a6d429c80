"""The lock that lets one run at a time hold the warehouse.

Here: taking the lock, saying who holds it, and finding out that it was taken over. Add nothing that a run does with the
warehouse. The lock is the kernel's: it ends with its holder, however that ends, and no stale lock has to be removed.

The file keeps a token that grows by one with each holder. A holder that was suspended, and whose lock file an operator
removed to let another run start, notices by ``check_token`` that it must not go on.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kpi_pipeline.errors import EngineError, RunActiveError

# Written in one go and always of the same length, so that a kill never leaves half a record.
RECORD_BYTES = 64
# Whatever holds the lock for longer is stuck. The first import of years takes minutes, not hours.
LONGEST_RUN = timedelta(hours=4)
# Whoever only looks who holds the lock lets go of it at once.
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Holder:
    """Who holds the lock.

    Attributes:
        pid: its process; None while it has not said so yet.
        since: when it said so, in UTC.
    """

    pid: int | None
    since: datetime


class RunLock:
    """The lock of one warehouse; the file and its folder are created if absent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @contextmanager
    def acquire(self) -> Iterator[int]:
        """Hold the lock; the value is the fencing token.

        Raises:
            RunActiveError: at once, if another run holds it.
        """
        descriptor = self._open_locked()
        try:
            token = self._last_token(descriptor) + 1
            record = json.dumps({"token": token, "pid": os.getpid()}).ljust(RECORD_BYTES)
            os.pwrite(descriptor, record.encode(), 0)
            os.fsync(descriptor)
            self._descriptor = descriptor
            yield token
        finally:
            self._descriptor = None
            os.close(descriptor)

    def refuse_if_held(self) -> None:
        """Find out at once, before anything slow is prepared, that another run is active.

        Raises:
            RunActiveError: if another run holds the lock.
        """
        if (holder := self.holder()) is not None:
            raise RunActiveError(self._refusal(holder))

    def holder(self) -> Holder | None:
        """Return who holds the lock, None if nobody does; asking changes nothing and is in no run's way."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._holder(descriptor)
        finally:
            os.close(descriptor)
        return None

    def check_token(self, token: int) -> None:
        """Make sure that the run with this token still holds the lock; to be called before anything that others see.

        Raises:
            RunActiveError: if it does not.
        """
        held = self._descriptor
        if held is not None and self._is_current(held) and self._last_token(held) == token:
            return
        raise RunActiveError(
            f"{self.path}: the run with token {token} no longer holds the warehouse, because the lock was taken over"
            " while it was suspended; it must not go on. Start a new run"
        )

    def _open_locked(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_second_try = False
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                refusal = self._refusal(self._holder(descriptor))
                os.close(descriptor)
                if is_second_try:
                    raise RunActiveError(refusal) from error
                is_second_try = True
                time.sleep(LOOK_SECONDS)
                continue
            if self._is_current(descriptor):
                return descriptor
            # Between opening and locking, the file was removed: the lock would be on a file that nobody else sees.
            os.close(descriptor)

    def _is_current(self, descriptor: int) -> bool:
        opened = os.fstat(descriptor)
        return self.path.exists() and os.path.samestat(opened, self.path.stat())

    def _last_token(self, descriptor: int) -> int:
        content = os.pread(descriptor, RECORD_BYTES, 0)
        if not content:
            return 0
        try:
            return int(json.loads(content)["token"])
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(
                f"{self.path}: expected the record of a run, found {content[:40]!r};"
                " if no run is active, remove the file"
            ) from error

    def _holder(self, descriptor: int) -> Holder:
        since = datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC)
        content = os.pread(descriptor, RECORD_BYTES, 0)
        # The holder may be between locking and writing; then the record is that of the run before, or none.
        return Holder(json.loads(content).get("pid") if content.strip().startswith(b"{") else None, since)

    def _refusal(self, holder: Holder) -> str:
        return (
            f"{self.path}: another run holds the warehouse (process {holder.pid or 'unknown'}, since"
            f" {holder.since:%Y-%m-%d %H:%M:%S} UTC); wait for it to end"
        )
