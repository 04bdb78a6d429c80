"""The lock that lets one run at a time hold the warehouse.

Here: taking the lock, saying who holds it, and finding out that it was taken over. Add nothing that a run does with the
warehouse. The lock is the kernel's: it ends with its holder, however that ends, and no stale lock has to be removed.

The file keeps a token that grows by one with each holder. A holder that was suspended, and whose lock file an operator
removed to let another run start, notices by ``check_token`` that it must not go on.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from kpi_pipeline.errors import EngineError, RunActiveError

# Written in one go and always of the same length, so that a kill never leaves half a record.
RECORD_BYTES = 64


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
        os.close(self._open_locked())

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
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                message = self._holder(descriptor)
                os.close(descriptor)
                raise RunActiveError(message) from error
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

    def _holder(self, descriptor: int) -> str:
        since = datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC)
        content = os.pread(descriptor, RECORD_BYTES, 0)
        # The holder may be between locking and writing; then the record is that of the run before, or none.
        pid = json.loads(content).get("pid") if content.strip().startswith(b"{") else "unknown"
        return (
            f"{self.path}: another run holds the warehouse (process {pid}, since {since:%Y-%m-%d %H:%M:%S} UTC);"
            " wait for it to end"
        )
