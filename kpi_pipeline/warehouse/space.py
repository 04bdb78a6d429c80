"""Space inside the warehouse's file that DuckDB keeps for later, and writing the file anew without it.

Here: how much there is, when that is worth a copy, and the copy. A checkpoint only shortens the end of the file, so
what many replacements left free stays on the disk. When this is done belongs to ``pipeline``; rebuilding from custody,
which also begins with a fresh file, to ``upkeep``.
"""

import logging
import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kpi_pipeline.errors import EngineError
from kpi_pipeline.warehouse.duckdb_engine import STORAGE_VERSION, DuckDbEngine
from kpi_pipeline.warehouse.quoting import quoted_table, quoted_text
from kpi_pipeline.warehouse.snapshot_file import sync

# Below either limit the next runs fill the space by themselves before a copy has paid for itself.
WORTHWHILE_SHARE = 0.5
WORTHWHILE_BYTES = 100_000_000
# What the copy may need beyond the blocks in use: the file's header and blocks that are filled a little differently.
MARGIN = 1.2

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileSpace:
    """The blocks of one DuckDB file, in bytes.

    Attributes:
        size: all blocks.
        free: those that hold nothing.
    """

    size: int
    free: int

    @property
    def is_worth_reclaiming(self) -> bool:
        """Whether writing the file anew gives back more than half of it, and enough to matter."""
        return self.free > WORTHWHILE_BYTES and self.free > WORTHWHILE_SHARE * self.size


def read_space(engine: DuckDbEngine) -> FileSpace:
    """Return the space of the open warehouse, as of its last checkpoint."""
    # With a cursor of its own: whoever used the connection may have left a result behind.
    cursor = engine.connection.cursor()
    found = cursor.execute(
        "select total_blocks * block_size, free_blocks * block_size from pragma_database_size()"
        " where database_name = current_database()"
    ).fetchone()
    cursor.close()
    assert found is not None
    return FileSpace(*found)


def reclaim(path: Path, space: FileSpace) -> bool:
    """Write the closed warehouse anew if that is worthwhile; tell whether it was done.

    A run that is complete does not fail because of this: what goes wrong is logged, and the file stays as it is.
    """
    if not space.is_worth_reclaiming:
        return False
    needed = int((space.size - space.free) * MARGIN)
    if shutil.disk_usage(path.parent).free < needed:
        _LOG.warning("%s: %d MB would be needed beside it to give its free space back", path, needed // 1_000_000)
        return False
    try:
        rewrite(path)
    except EngineError as error:
        _LOG.warning("%s", error)
        return False
    return True


def rewrite(path: Path) -> None:
    """Write a closed DuckDB file anew without its free blocks, and put it in the old one's place when it is verified.

    Whoever calls this holds the run lock. A process that is killed meanwhile leaves the old file and a hidden one.

    Raises:
        EngineError: if the file is in use, has a write-ahead log, or cannot be copied; it is then left as it was.
    """
    if path.with_name(f"{path.name}.wal").exists():
        raise EngineError(f"{path}: it was not closed; expected no write-ahead log beside it. Run the pipeline first")
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    try:
        _copy(path, fresh)
        fresh.chmod(path.stat().st_mode & 0o777)
        sync(fresh)
        fresh.replace(path)
        sync(path.parent)
    except (duckdb.Error, OSError) as error:
        raise EngineError(f"{path}: its free space cannot be given back: {error}. It stays as it was") from error
    finally:
        fresh.unlink(missing_ok=True)


def _copy(path: Path, fresh: Path) -> None:
    # Rows of a day lie side by side, which later runs rely on to skip blocks: their order is kept.
    with closing(duckdb.connect(config={"preserve_insertion_order": True})) as connection:
        run = connection.execute
        run(f"attach {quoted_text(str(path))} as old (read_only)").fetchall()
        run(f"attach {quoted_text(str(fresh))} as fresh (storage_version '{STORAGE_VERSION}')").fetchall()
        run("copy from database old to fresh").fetchall()
        run("checkpoint fresh").fetchall()
        counts = [_counts(connection, name) for name in ("old", "fresh")]
        run("detach fresh").fetchall()
    if counts[0] != counts[1]:
        raise EngineError(f"{path}: its copy holds other tables or numbers of rows; it stays as it was")


def _counts(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, int]:
    listed = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = ?", [database]
    ).fetchall()
    return {
        table: connection.execute(f"select count(*) from {quoted_table(f'{database}.{table}')}").fetchall()[0][0]
        for (table,) in listed
    }
