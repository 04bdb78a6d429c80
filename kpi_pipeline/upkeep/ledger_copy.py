"""A copy of a ledger that is whole even while another process writes to the original.

Here: SQLite's own online copy and its check. What the ledgers hold belongs to their own modules.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from kpi_pipeline.errors import CustodyError
from kpi_pipeline.warehouse.ledger import BUSY_SECONDS


def copy_ledger(original: Path, copy: Path) -> None:
    """Copy a ledger, readable by its owner alone, and check every page of the copy.

    Raises:
        CustodyError: the ledger is damaged or cannot be read.
    """
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            # Not read-only: the journal of a writer that was killed is rolled back first.
            closing(sqlite3.connect(original, timeout=BUSY_SECONDS)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            found = target.execute("pragma integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise CustodyError(f"{original}: the ledger cannot be copied: {error}. Restore it from a backup") from error
    if found != "ok":
        raise CustodyError(f"{original}: the ledger is damaged: {found}. Restore it from a backup")
