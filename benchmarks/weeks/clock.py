"""A clock that leaps: what it shows is what the processes started under it take for the time.

Here: libfaketime, which stands between a process and the machine's clock, and the file by which a running process is
told of a leap. Time goes on at its own pace between leaps; what waits in seconds waits that long. Times of files are
the kernel's and stay real, so the story sets them where they matter.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

LIBRARIES = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
# How long a process may go on with the clock that it read last.
CACHED_SECONDS = 1
LOOK_SECONDS = 0.01


class LeapingClock:
    """The clock of some processes, and of nothing else on this machine."""

    def __init__(self, file: Path, start: datetime) -> None:
        self._file = file
        self._ahead = timedelta()
        self.leap_to(start)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that put a process under this clock.

        Raises:
            FileNotFoundError: if libfaketime is not installed.
        """
        if not LIBRARIES:
            raise FileNotFoundError("libfaketime is needed for a clock that leaps: apt-get install faketime")
        return {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": str(CACHED_SECONDS),
            # Whatever waits for a number of seconds must not wake up because of a leap.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": str(Path(__file__).with_name("startup")),
        }

    def now(self) -> datetime:
        """Return what the clock shows, in UTC."""
        return datetime.now(UTC) + self._ahead

    def leap_to(self, instant: datetime) -> None:
        """Go there at once, and wait until every process has noticed."""
        self._ahead = instant - datetime.now(UTC)
        partial = self._file.with_suffix(".part")
        partial.write_text(f"{self._ahead.total_seconds():+.3f}", encoding="ascii")
        partial.rename(self._file)
        time.sleep(CACHED_SECONDS + 0.2)

    def leap(self, by: timedelta) -> None:
        """Go on by so much."""
        self.leap_to(self.now() + by)

    @contextmanager
    def times_of(self, file: Path) -> Iterator[None]:
        """Let a file's time of change follow this clock meanwhile, where its age is asked for."""
        is_over = Event()
        thread = Thread(target=self._follow, args=(file, is_over))
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _follow(self, file: Path, is_over: Event) -> None:
        last = 0
        while not is_over.wait(LOOK_SECONDS):
            if file.exists() and file.stat().st_mtime_ns != last:
                os.utime(file, (self.now().timestamp(), self.now().timestamp()))
                last = file.stat().st_mtime_ns
