"""The DuckDB that checks ask: first rows, total rows, expressions, defects.

Here: one empty database in memory per process. Opening one takes longer than checking a small file, so all checks share
it, each with a cursor of its own. The warehouse is another database, and nothing is ever stored here.
"""

import os
from functools import cache

import duckdb


def check_cursor() -> duckdb.DuckDBPyConnection:
    """Return a cursor for one check, to be closed by ``with``; cursors of several threads do not disturb each other."""
    return _database(os.getpid()).cursor()


@cache
def _database(process_id: int) -> duckdb.DuckDBPyConnection:
    """Open the database of one process: a forked one may not go on with its parent's."""
    # One thread: checks are small, and the first defect of a file is the first one only if rows come in order.
    return duckdb.connect(config={"threads": 1})
