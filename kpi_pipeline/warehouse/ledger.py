"""A ledger: a small SQLite file beside the warehouse that outlives it, synced to disk at every change.

Here: how such a file is opened and changed. What a ledger holds belongs to the ledgers themselves, each beside what it
keeps account of.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

BUSY_SECONDS = 30


class Ledger:
    """An open ledger, made if it is absent; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite would create the file readable for everybody; it gives its journal the permissions of this file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        # EXTRA is FULL and a synced folder, without which a power cut can bring a finished journal back.
        self._connection.execute("pragma synchronous = extra")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        """All that is done meanwhile, or nothing; nobody else writes until it is over."""
        cursor = self._connection.cursor()
        cursor.execute("begin immediate")
        try:
            yield cursor
            cursor.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                cursor.execute("rollback")
            raise
