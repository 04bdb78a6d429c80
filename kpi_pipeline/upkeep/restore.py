"""A backup put back: verified first, copied beside, then moved into place; what was there is kept.

Here: the order of the steps and what happens to the files that were there. What a backup holds belongs to ``backup``.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import CustodyError
from kpi_pipeline.pipeline import Installation, owner_only
from kpi_pipeline.upkeep.backup import CONFIGURATION, CUSTODY, DATA, SQL
from kpi_pipeline.upkeep.manifest import Manifest, OnFile, hash_of, key_check, read_manifest, verify
from kpi_pipeline.warehouse.snapshot import pointer
from kpi_pipeline.warehouse.snapshot_file import sync

READERS_FOLDER = 0o755


@dataclass(frozen=True)
class Restored:
    """What came of a restore.

    Attributes:
        set_aside: where the files that were there are now; None if there were none.
        has_warehouse: whether the warehouse was in the backup; otherwise it must be rebuilt.
        other_configuration: files under config/ and sql/ that differ from the backup's, which were left as they are.
        is_same_key: whether the current key for personal data is that of the backup; None where one is not known.
    """

    manifest: Manifest
    set_aside: Path | None
    has_warehouse: bool
    other_configuration: tuple[str, ...]
    is_same_key: bool | None


def restore(
    installation: Installation,
    backup: Path,
    on_file: OnFile = lambda number, files, name: None,
    *,
    may_replace: bool = False,
) -> Restored:
    """Put a backup's data into the data folder; its configuration only where there is none.

    Args:
        installation: where to; its configuration is not read.
        backup: the folder of the backup; it is only read.
        on_file: told before each file is verified.
        may_replace: set aside what the data folder holds, rather than refuse.

    Raises:
        RunActiveError: a run is active in the data folder.
        CustodyError: the backup is damaged, or the data folder is not empty.
    """
    paths = installation.paths
    manifest = read_manifest(backup)
    replaced = _replaced(paths)
    if any(path.exists() or path.is_symlink() for path in replaced) and not may_replace:
        raise CustodyError(f"{paths.data}: it holds data already; nothing was restored. Say --replace to set it aside")
    verify(backup, manifest, on_file)
    paths.data.mkdir(parents=True, exist_ok=True)
    with installation.run_lock.acquire(), owner_only():
        shutil.rmtree(paths.half_restored, ignore_errors=True)
        paths.half_restored.mkdir()
        _copy(backup, manifest, paths)
        set_aside = _set_aside(replaced, paths.data / f"before-restore-{installation.clock.now():%Y%m%dT%H%M%S}")
        for path in sorted(paths.half_restored.iterdir()):
            path.rename(paths.data / path.name)
        _point(paths, manifest)
        sync(paths.data)
        paths.half_restored.rmdir()
        other = _restore_configuration(backup, manifest, {CONFIGURATION: paths.config, SQL: paths.sql})
    mine = key_check(installation.hash_key)
    return Restored(
        manifest=manifest,
        set_aside=set_aside,
        has_warehouse=f"{DATA}/{paths.warehouse.name}" in manifest.files,
        other_configuration=other,
        is_same_key=None if mine is None or manifest.key_check is None else mine == manifest.key_check,
    )


def _replaced(paths: Paths) -> list[Path]:
    """What a backup takes the place of. Inboxes, the key and the orchestrator's own history stay where they are."""
    warehouse = paths.warehouse
    return [
        paths.custody,
        paths.custody_ledger,
        paths.publication_ledger,
        paths.delivery_ledger,
        warehouse,
        warehouse.with_name(f"{warehouse.name}.wal"),
        paths.published,
        paths.reports,
        paths.site,
    ]


def _copy(backup: Path, manifest: Manifest, paths: Paths) -> None:
    for name, kept in manifest.files.items():
        place, _, rest = name.partition("/")
        if place == DATA:
            target = paths.half_restored / rest
        elif place == CUSTODY:
            target = paths.half_restored / paths.custody.name / rest
        else:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(backup / name, target)
        sync(target)
        # The copy is what will be used, so it is the copy that must be right.
        if hash_of(target) != kept.sha256:
            raise CustodyError(f"{target}: its copy is not what the backup holds; nothing was replaced. Try again")
    for name in (paths.published.name, paths.reports.name, paths.site.name):
        for path in (paths.half_restored / name, *(paths.half_restored / name).rglob("*")):
            if path.is_dir():
                path.chmod(READERS_FOLDER)
            elif path.exists():
                path.chmod(0o444 if name == paths.published.name else 0o644)


def _set_aside(replaced: list[Path], folder: Path) -> Path | None:
    found = [path for path in replaced if path.exists() or path.is_symlink()]
    if not found:
        return None
    folder.mkdir(mode=0o700)
    for path in found:
        path.rename(folder / path.name)
    return folder


def _point(paths: Paths, manifest: Manifest) -> None:
    for audience in get_args(Audience):
        snapshot = f"{audience}/{manifest.snapshot_id}.duckdb"
        if (paths.published / snapshot).exists():
            pointer(paths.published, audience).symlink_to(snapshot)


def _restore_configuration(backup: Path, manifest: Manifest, folders: Mapping[str, Path]) -> tuple[str, ...]:
    other: list[str] = []
    for place, folder in folders.items():
        files = {name: kept for name, kept in manifest.files.items() if name.startswith(f"{place}/")}
        if not folder.exists() or not any(folder.iterdir()):
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copytree(backup / place, folder, dirs_exist_ok=True)
            continue
        mine = {f"{place}/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*") if path.is_file()}
        differs = [
            name for name in mine & files.keys() if hash_of(folder / name.partition("/")[2]) != files[name].sha256
        ]
        other += sorted({*differs, *(mine ^ files.keys())})
    return tuple(other)
