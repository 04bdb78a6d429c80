"""The warehouse made anew from custody alone, beside the standing one, and compared with what was published.

Here: the order of the steps, what is compared, and when the new file takes the old one's place. A run's steps belong to
``pipeline``: the rebuild takes the same ones, in a folder of its own, over copies of the ledgers.
"""

import shutil
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import CustodyError
from kpi_pipeline.pipeline import Installation, Run, owner_only
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.loading.ingest import replay_source
from kpi_pipeline.upkeep.ledger_copy import copy_ledger
from kpi_pipeline.warehouse.canonical_hash import canonical_hash
from kpi_pipeline.warehouse.changes import forget_published
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.snapshot import current_snapshot, current_snapshot_id, pointer
from kpi_pipeline.warehouse.snapshot_file import sync

FOLDER = ".rebuild"
# The steps behind the sources: seeds and tables, KPIs and published files, the comparison.
LAST_STEPS = 3

OnStep = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Comparison:
    """What the rebuilt warehouse says beside what was published.

    Attributes:
        snapshot_id: of the rebuilt warehouse; None if nothing was ever published.
        published_id: of the snapshot that readers see; None if there is none.
        equal_tables: published KPI tables of both audiences with the same canonical hash.
        differences: one message for everything that is not as it was.
    """

    snapshot_id: str | None
    published_id: str | None
    equal_tables: int
    differences: tuple[str, ...]


@dataclass(frozen=True)
class Rebuilt:
    """What came of a rebuild.

    Attributes:
        files: how many files were loaded from custody.
        is_switched: whether the rebuilt warehouse is now the warehouse.
    """

    files: int
    comparison: Comparison
    is_switched: bool


def rebuild(
    installation: Installation,
    on_step: OnStep = lambda step, steps, what: None,
    *,
    check_only: bool = False,
    accept_differences: bool = False,
) -> Rebuilt:
    """Make the warehouse anew; it takes the old one's place if it says what was published.

    The ledgers are read and not changed; the old warehouse is neither read nor changed before the switch.

    Args:
        installation: whose warehouse it is.
        on_step: told before each step: its number, how many there are, and what it does.
        check_only: compare, and leave everything as it is.
        accept_differences: switch in any case.

    Raises:
        RunActiveError: if a run holds the warehouse.
        CustodyError: there is no ledger, or stored files are missing or damaged.
        CheckFailedError: a blocking check of a table fails.
    """
    paths = installation.paths
    if not paths.custody_ledger.exists():
        raise CustodyError(f"{paths.custody_ledger}: no custody ledger; expected one. Restore it from a backup first")
    with installation.run_lock.acquire(), owner_only():
        folder = paths.data / FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            beside = replace(installation, paths=replace(paths, data=folder))
            files, comparison = _made_beside(installation, beside, on_step)
            is_switched = not check_only and (accept_differences or not comparison.differences)
            if is_switched:
                _switch(beside.paths.warehouse, paths.warehouse)
        finally:
            shutil.rmtree(folder)
    if is_switched and comparison.snapshot_id is not None and comparison.snapshot_id == _wanted(paths):
        _publish_if_gone(installation, comparison.snapshot_id)
    return Rebuilt(files, comparison, is_switched)


def _made_beside(installation: Installation, beside: Installation, on_step: OnStep) -> tuple[int, Comparison]:
    paths = installation.paths
    published_id = current_snapshot_id(paths.published)
    copy_ledger(paths.custody_ledger, beside.paths.custody_ledger)
    if paths.publication_ledger.exists():
        copy_ledger(paths.publication_ledger, beside.paths.publication_ledger)
    with PublicationLedger(beside.paths.publication_ledger) as publications:
        publications.settle(published_id)
        as_of = publications.last_day()
        known = len(publications.values())
    with CustodyLedger(beside.paths.custody_ledger) as ledger:
        differences = list(_deleted(ledger))
        # Nothing of it was lost: the new warehouse has not loaded it yet.
        ledger.reopen([entry.arrival_id for entry in ledger.arrivals() if entry.state not in (None, "quarantined")])
    sources = sorted(installation.configuration.sources)
    steps = len(sources) + LAST_STEPS
    with beside.open_run() as run:
        files = 0
        for number, name in enumerate(sources):
            on_step(number, steps, f"loading {name} from custody")
            files += _replay(run, name, paths)
        on_step(len(sources), steps, "building the tables")
        run.write_seeds(as_of or installation.today)
        run.build_tables().raise_failures()
        if as_of is None:
            return files, Comparison(None, published_id, 0, tuple(differences))
        on_step(len(sources) + 1, steps, "computing the KPIs and their published files")
        snapshot_id = run.publish(as_of).snapshot_id
        # The files of readers were made from the old warehouse, whose numbers of changes are others.
        forget_published(run.engine)
        # Everything that was ever published is in the ledger: what else is reported now was never said before.
        (row,) = run.engine.read("select count(*) as reported from kpi.reported").to_pylist()
        if new := row["reported"] - known:
            differences.append(f"{new} value(s) of kpi.reported differ from what the publication ledger says last")
    on_step(len(sources) + 2, steps, "comparing with what is published")
    if published_id is not None and published_id != snapshot_id:
        differences.append(
            f"published is {published_id}, and the same day gives {snapshot_id} now: the configuration, the SQL or the"
            " files in custody are others than then"
        )
    equal, unequal = _compared(paths.published, beside.paths.published, folder=beside.paths.data)
    return files, Comparison(snapshot_id, published_id, equal, (*differences, *unequal))


def _deleted(ledger: CustodyLedger) -> Iterable[str]:
    """The files whose rows stand in the warehouse and can never be loaded again."""
    deleted = [entry for entry in ledger.arrivals() if entry.state == "loaded" and entry.expired_at is not None]
    if deleted:
        yield (
            f"the bytes of {len(deleted)} loaded file(s) were deleted from custody as keep_files_days says, such as"
            f" {deleted[0].file.file_name} of {deleted[0].file.source}; a rebuilt warehouse lacks their rows"
        )


def _replay(run: Run, name: str, paths: Paths) -> int:
    installation = run.installation
    report = replay_source(
        name,
        installation.configuration.sources[name],
        engine=run.engine,
        ledger=run.ledger,
        paths=paths,
        hash_key=installation.hash_key,
    )
    return sum(file.state != "quarantined" for file in report.files)


def _compared(published: Path, rebuilt: Path, folder: Path) -> tuple[int, list[str]]:
    equal, unequal = 0, []
    for audience in get_args(Audience):
        if not pointer(published, audience).exists():
            continue
        before = _hashes(current_snapshot(published, audience))
        after = _hashes(current_snapshot(rebuilt, audience))
        differing = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        equal += len({*before, *after}) - len(differing)
        unequal += [f"{audience}: {name} differs from the published table" for name in differing]
    return equal, unequal


def _hashes(snapshot: Path) -> dict[str, str]:
    with closing(DuckDbEngine(snapshot, read_only=True)) as engine:
        found = engine.read("select table_name from duckdb_tables() where schema_name = 'kpi'")
        return {name: canonical_hash(engine, f"kpi.{name}") for name in found.column("table_name").to_pylist()}


def _switch(rebuilt: Path, warehouse: Path) -> None:
    log = warehouse.with_name(f"{warehouse.name}.wal")
    if log.exists():
        # It belongs to the old file. Killed behind this line, the next run finds out what the old file lacks.
        log.replace(warehouse.with_name(f"{log.name}.before-rebuild"))
        sync(warehouse.parent)
    sync(rebuilt)
    rebuilt.replace(warehouse)
    sync(warehouse.parent)


def _wanted(paths: Paths) -> str | None:
    with PublicationLedger(paths.publication_ledger) as publications:
        last = publications.last_publication()
    return last[0] if last else None


def _publish_if_gone(installation: Installation, snapshot_id: str) -> None:
    published = installation.paths.published
    stands = all((published / audience / f"{snapshot_id}.duckdb").exists() for audience in get_args(Audience))
    if current_snapshot_id(published) == snapshot_id and stands:
        return
    with installation.open_run() as run, PublicationLedger(installation.paths.publication_ledger) as publications:
        if (as_of := publications.last_day()) is not None:
            run.publish(as_of)
