"""Publishing a run: one new file per audience, then the pointers, so that readers never see half a run.

Here: the order of steps and the retention. What stands in a file belongs to ``snapshot_file``, reading to ``snapshot``.

A file is written under a hidden name and renamed when it is verified; from then on it never changes. Only when the
files of all audiences stand are the pointers switched, each by one rename. A run killed in between leaves the old
pointers, complete files that the next run finds, and hidden files that it removes.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import PublishError
from kpi_pipeline.warehouse.changes import Built, changes_since, last_sequence, published_file, record_published
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.snapshot import list_snapshots, open_snapshot, pointer
from kpi_pipeline.warehouse.snapshot_file import FormerFile, PublishedTable, sync, write_snapshot_file

SNAPSHOT_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")


def publish_snapshot(
    engine: DuckDbEngine,
    published: Path,
    snapshot_id: str,
    tables: Mapping[Audience, Sequence[PublishedTable]],
    *,
    keep: int,
) -> dict[Audience, Path]:
    """Make ``snapshot_id`` the current snapshot of every audience, and return their files.

    Args:
        engine: the warehouse, outside a transaction.
        published: the folder of snapshots and pointers.
        snapshot_id: the same id stands for the same content: a file that is there already is not written again.
        tables: what each audience may see.
        keep: how many snapshots per audience stay, the current one always among them.

    Raises:
        PublishError: if a file does not hold what it should; the current snapshots stay what they were.
    """
    if not SNAPSHOT_ID.fullmatch(snapshot_id):
        raise PublishError(f'"{snapshot_id}" is no snapshot id; use letters, digits, - and _')
    _remove_leftovers(published)
    files = {audience: published / audience / f"{snapshot_id}.duckdb" for audience in tables}
    written = {
        audience: _write(engine, file, tables[audience], _former(engine, published, audience, tables[audience]))
        for audience, file in files.items()
        if not _stands(file)
    }
    for audience, hidden in written.items():
        hidden.rename(files[audience])
        sync(files[audience].parent)
    for audience, file in files.items():
        _point_to(pointer(published, audience), file)
    for audience, file in files.items():
        for old in list_snapshots(published, audience)[keep:]:
            if old != file:
                old.unlink()
    return files


def _remove_leftovers(published: Path) -> None:
    for pattern in (".*.duckdb*", "*/.*.duckdb*"):
        for leftover in published.glob(pattern):
            leftover.unlink()


def _stands(file: Path) -> bool:
    if not file.exists():
        return False
    try:
        open_snapshot(file).close()
    except PublishError:
        # Damaged since it was verified: its inputs are still the same, so it is written once more.
        return False
    return True


def _write(engine: DuckDbEngine, file: Path, tables: Sequence[PublishedTable], former: FormerFile | None) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    hidden = file.with_name(f".{file.name}")
    try:
        write_snapshot_file(engine, hidden, tables, former)
    except BaseException:
        hidden.unlink(missing_ok=True)
        raise
    if any(table.is_copy for table in tables):
        record_published(engine, _known_as(file), Built(_fingerprint(tables), last_sequence(engine)))
    return hidden


def _former(
    engine: DuckDbEngine, published: Path, audience: Audience, tables: Sequence[PublishedTable]
) -> FormerFile | None:
    """Return the current file if the new one may start as its copy: same tables, and known changes since.

    A file without copied tables is always written from nothing; so is that of executives, in which no byte of an
    internal table ever stood.
    """
    copied = [table.name for table in tables if table.is_copy]
    link = pointer(published, audience)
    if not copied or not link.exists():
        return None
    current = link.resolve()
    made_from = published_file(engine, _known_as(current))
    if made_from is None or made_from.fingerprint != _fingerprint(tables) or not _stands(current):
        return None
    return FormerFile(current, changes_since(engine, copied, made_from.sequence))


def _known_as(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def _fingerprint(tables: Sequence[PublishedTable]) -> str:
    return hashlib.sha256(repr(tables).encode()).hexdigest()


def _point_to(link: Path, file: Path) -> None:
    target = file.relative_to(link.parent)
    if link.is_symlink() and link.readlink() == target:
        return
    hidden = link.with_name(f".{link.name}")
    hidden.symlink_to(target)
    hidden.replace(link)
    sync(link.parent)
