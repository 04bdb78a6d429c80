"""A backup: everything that cannot be made again, copied while no run is active, with a manifest of hashes.

Here: which files make up a backup, and their copying. The key for personal data is never among them: whoever finds a
backup must not find the key with it. What can be made again is left out (tables, older snapshots) or taken on request
(the warehouse). Putting a backup back belongs to ``restore``.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import duckdb

from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import CustodyError
from kpi_pipeline.pipeline import Installation, owner_only
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.upkeep.ledger_copy import copy_ledger
from kpi_pipeline.upkeep.manifest import Kept, Manifest, OnFile, hash_of, key_check, write_manifest
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.snapshot import current_snapshot, current_snapshot_id, pointer
from kpi_pipeline.warehouse.snapshot_file import sync

CUSTODY, DATA, CONFIGURATION, SQL = "custody", "data", "config", "sql"


def back_up(
    installation: Installation,
    target: Path,
    on_file: OnFile = lambda number, files, name: None,
    *,
    with_warehouse: bool = False,
) -> Manifest:
    """Write a backup into an empty or absent folder, readable by its owner alone.

    Args:
        installation: what is backed up.
        target: the folder.
        on_file: told before each copy: its number, how many there are, and which file.
        with_warehouse: take a checkpointed copy of the warehouse too, so that nothing has to be rebuilt.

    Raises:
        RunActiveError: another run is active.
        CustodyError: the folder is in use, or a ledger or a stored file is damaged; the folder has no manifest then.
    """
    paths = installation.paths
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CustodyError(f"{target}: expected an empty folder, or none; nothing was written")
    if not paths.custody_ledger.exists():
        raise CustodyError(f"{paths.custody_ledger}: no custody ledger; there is nothing to back up")
    with installation.run_lock.acquire(), owner_only():
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(0o700)
        for ledger in (paths.custody_ledger, paths.publication_ledger, paths.delivery_ledger):
            if ledger.exists():
                copy_ledger(ledger, _made(target / DATA / ledger.name))
        if with_warehouse and paths.warehouse.exists():
            # Opening replays what a killed run left in the write-ahead log, closing empties it.
            DuckDbEngine(paths.warehouse).close()
        files = list(_files(installation, with_warehouse=with_warehouse))
        kept: dict[str, Kept] = {}
        for number, (original, name) in enumerate(files):
            on_file(number, len(files), name)
            shutil.copyfile(original, _made(target / name))
            kept[name] = _kept(target / name)
            if name.startswith(f"{CUSTODY}/") and kept[name].sha256 != original.name:
                raise CustodyError(f"{original}: its content is not what its name says; restore it from another backup")
        for ledger in sorted((target / DATA).glob("*.sqlite")):
            kept[f"{DATA}/{ledger.name}"] = _kept(ledger)
        manifest = Manifest(
            made_at=installation.clock.now().astimezone(UTC).isoformat(timespec="seconds"),
            program=version("kpi-pipeline"),
            duckdb=duckdb.__version__,
            snapshot_id=current_snapshot_id(paths.published),
            key_check=key_check(installation.hash_key),
            files=kept,
        )
        sync(write_manifest(target, manifest))
        sync(target)
    return manifest


def _files(installation: Installation, *, with_warehouse: bool) -> Iterator[tuple[Path, str]]:
    """Yield what is copied, and where to."""
    paths = installation.paths
    with CustodyLedger(paths.custody_ledger) as ledger:
        needed = {entry.file.sha256 for entry in ledger.arrivals() if entry.file.sha256 and entry.expired_at is None}
    for sha256 in sorted(needed):
        if not (paths.custody / sha256).is_file():
            raise CustodyError(f"{paths.custody / sha256}: the ledger knows this file and it is gone; no backup of it")
        yield paths.custody / sha256, f"{CUSTODY}/{sha256}"
    for folder, name in ((paths.config, CONFIGURATION), (paths.sql, SQL)):
        yield from _tree(folder, name)
    # What was issued was read by people: it is not made again, even where it could be.
    for folder in (paths.reports, paths.site):
        yield from _tree(folder, f"{DATA}/{folder.name}")
    for audience in get_args(Audience):
        if pointer(paths.published, audience).exists():
            snapshot = current_snapshot(paths.published, audience)
            yield snapshot, f"{DATA}/{paths.published.name}/{audience}/{snapshot.name}"
    if with_warehouse and paths.warehouse.exists():
        yield paths.warehouse, f"{DATA}/{paths.warehouse.name}"


def _tree(folder: Path, name: str) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path, f"{name}/{path.relative_to(folder).as_posix()}"


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _kept(path: Path) -> Kept:
    sync(path)
    return Kept(path.stat().st_size, hash_of(path))
