"""Reading what was published: which snapshot is the current one, and opening it so that a query can do no harm.

Here: finding and opening snapshots. Every reader goes through ``open_snapshot``: reports, the command line, analysts.
Writing snapshots belongs to ``publish``.
"""

from pathlib import Path

import duckdb

from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import PublishError

MEMORY_LIMIT = "2GB"
THREADS = 4


def pointer(published: Path, audience: Audience) -> Path:
    """Return the symbolic link that leads to an audience's current snapshot."""
    return published / f"{audience}.duckdb"


def current_snapshot(published: Path, audience: Audience) -> Path:
    """Return the file of an audience's current snapshot; it will never change.

    Raises:
        PublishError: if nothing was published for this audience.
    """
    link = pointer(published, audience)
    if not link.exists():
        found = "a pointer to a file that is gone" if link.is_symlink() else "no pointer"
        raise PublishError(f"{link}: expected the {audience} snapshot, found {found}; run: kpi run")
    return link.resolve()


def current_snapshot_id(published: Path) -> str | None:
    """Return the id of the current snapshot, the same for all audiences; None if nothing was published yet."""
    link = pointer(published, "internal")
    return link.resolve().stem if link.exists() else None


def list_snapshots(published: Path, audience: Audience) -> list[Path]:
    """Return the files of an audience's snapshots that are kept, newest first."""
    files = (path for path in (published / audience).glob("*.duckdb") if not path.name.startswith("."))
    return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def open_snapshot(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a snapshot for any SQL: it can read this file's tables and nothing else, and change no setting.

    These are defences in depth, not a sandbox: whoever is not trusted at all needs an account of their own.

    Raises:
        PublishError: if the file is not there or is damaged.
    """
    try:
        connection = duckdb.connect(
            str(path.resolve()),
            read_only=True,
            config={
                "enable_external_access": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "allow_persistent_secrets": False,
                "python_enable_replacements": False,
                "memory_limit": MEMORY_LIMIT,
                "threads": THREADS,
                # A query that needs more memory fails, rather than fill the disk that the pipeline needs.
                "temp_directory": "",
                "max_temp_directory_size": "0GB",
            },
        )
        # Only after the file is open: an instant is shown in UTC on every machine.
        connection.execute("set TimeZone = 'UTC'").fetchall()
        connection.execute("set lock_configuration = true").fetchall()
    except duckdb.Error as error:
        raise PublishError(f"{path}: the snapshot cannot be opened: {error}; take another one of the folder") from error
    return connection
