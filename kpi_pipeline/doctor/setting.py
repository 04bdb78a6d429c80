"""Checks of what a run starts from: versions, configuration, key, lock, stored files.

Here: one function per check. What a configuration must say is checked in ``config``, by ``kpi check`` in full.
"""

import platform
import sqlite3
from collections.abc import Iterator
from importlib.metadata import version

from kpi_pipeline.doctor.finding import Examined, Finding
from kpi_pipeline.errors import ConfigurationError, KpiPipelineError, RunActiveError
from kpi_pipeline.pipeline import read_hash_key
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger

PACKAGES = ("kpi-pipeline", "duckdb", "dagster")


def versions(_examined: Examined) -> Iterator[Finding]:
    """Say what runs here; never wrong in itself."""
    found = {name: version(name) for name in PACKAGES} | {"python": platform.python_version()}
    yield Finding("versions", "good", ", ".join(f"{name} {number}" for name, number in found.items()), facts=found)


def configuration(examined: Examined) -> Iterator[Finding]:
    """Load ``config/`` and ``sql/`` as a run would."""
    installation = examined.installation
    try:
        loaded, tables = installation.configuration, len(installation.project.files)
    except KpiPipelineError as error:
        yield Finding("configuration", "problem", str(error).splitlines()[0], "kpi check says everything that is wrong")
        return
    sources, kpis = len(loaded.sources), len(loaded.kpis)
    yield Finding(
        "configuration",
        "good",
        f"{sources} sources, {tables} tables and {kpis} KPIs load",
        facts={"sources": sources, "tables": tables, "kpis": kpis},
    )


def hash_key(examined: Examined) -> Iterator[Finding]:
    """Look for the key for personal data, and at who may read it."""
    try:
        key = read_hash_key(examined.environment)
    except ConfigurationError as error:
        yield Finding("key", "problem", str(error))
        return
    if key is None:
        yield Finding(
            "key",
            "warning",
            "no key for personal data is set; files with e-mail addresses cannot be loaded",
            "set KPI_HASH_KEY_FILE to the file that the runs use",
        )
    else:
        yield Finding("key", "good", "the key for personal data is set, and only its owner may read it")


def lock(examined: Examined) -> Iterator[Finding]:
    """Tell whether a run is active, without holding its lock."""
    installation = examined.installation
    if not installation.paths.data.exists():
        yield Finding("data", "problem", f"{installation.paths.data}: no data folder", "make demo, or kpi run")
        return
    if installation.paths.half_restored.exists():
        yield Finding("data", "problem", "a restore was interrupted, and no run starts", "kpi restore --replace again")
    try:
        installation.run_lock.refuse_if_held()
    except RunActiveError as error:
        yield Finding("lock", "good", str(error).removesuffix("; wait for it to end"), facts={"is_active": 1})
    else:
        yield Finding("lock", "good", "no run is active", facts={"is_active": 0})


def custody_files(examined: Examined) -> Iterator[Finding]:
    """Look whether every file that the ledger knows is stored; their bytes are read by ``kpi rebuild --check``."""
    paths = examined.installation.paths
    if not paths.custody_ledger.exists():
        yield Finding("custody", "problem", "no custody ledger", "kpi restore DIR; in a new installation: kpi run")
        return
    try:
        with CustodyLedger(paths.custody_ledger) as ledger:
            arrivals = [entry for entry in ledger.arrivals() if entry.file.sha256 and entry.expired_at is None]
    except sqlite3.Error as error:
        yield Finding("custody", "problem", f"{paths.custody_ledger}: cannot be read: {error}", "kpi restore DIR")
        return
    missing = {entry.file.sha256: entry.file for entry in arrivals if not (paths.custody / entry.file.sha256).is_file()}
    files = len({entry.file.sha256 for entry in arrivals})
    facts = {"files": files, "missing": len(missing)}
    if missing:
        name = next(iter(missing.values())).file_name
        yield Finding(
            "custody",
            "problem",
            f"{len(missing)} of {files} stored files are gone, such as {name}",
            f"put them back into {paths.custody} from a backup, or the originals into their inbox under another name",
            facts,
        )
    else:
        yield Finding("custody", "good", f"all {files} files that arrived are stored", facts=facts)
