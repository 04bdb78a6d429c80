"""One day's run, step by step, without an orchestrator.

Here: what a run does and in which order, over one open warehouse. Add a step when the run itself grows. How a step
works belongs to its own package; when runs happen and how they are shown belongs to ``defs``.
"""

import logging
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import get_args

from kpi_pipeline.calendar.clock import Clock
from kpi_pipeline.catalogue.history.publication_ledger import PublicationLedger
from kpi_pipeline.catalogue.metrics.connected import connected_project
from kpi_pipeline.catalogue.metrics.delivered import source_subjects
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.catalogue.reconciliation import VALUES, Reconciled, reconcile_tables, reconcile_values
from kpi_pipeline.catalogue.refresh import refresh_kpi_tables, snapshot_id
from kpi_pipeline.catalogue.snapshots.snapshot_plan import snapshot_tables
from kpi_pipeline.config.configuration import Configuration, load_configuration
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Audience
from kpi_pipeline.config.secrets import read_secret
from kpi_pipeline.errors import CustodyError, KpiPipelineError
from kpi_pipeline.sources.api.pull import ApiAccess
from kpi_pipeline.sources.custody.arrival import Failure
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.reconciliation import Disagreement, reconcile
from kpi_pipeline.sources.custody.source_state import SourceState, source_states
from kpi_pipeline.sources.loading.ingest import IngestReport, ingest_source
from kpi_pipeline.sources.loading.raw_tables import prepare_raw_tables
from kpi_pipeline.sources.loading.volume import Volume, volumes
from kpi_pipeline.sources.subjects import SUBJECTS
from kpi_pipeline.warehouse.build import BuildReport, build_tables
from kpi_pipeline.warehouse.changes import prepare_meta
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.publish import publish_snapshot
from kpi_pipeline.warehouse.run_lock import RunLock
from kpi_pipeline.warehouse.seeds import SEED_TABLES, write_seeds
from kpi_pipeline.warehouse.snapshot import current_snapshot_id
from kpi_pipeline.warehouse.space import read_space, reclaim
from kpi_pipeline.warehouse.sql_project import SqlProject, load_sql_project

# Of a warehouse that is gone, every file is missing.
LOSSES_TOLD = 5
_LOG = logging.getLogger(__name__)
RAW_TABLES = (*(subject.table for subject in SUBJECTS.values()), "raw.batches", "raw.covered_days")


def read_hash_key(environment: Mapping[str, str]) -> bytes | None:
    """Read the key for personal data from ``KPI_HASH_KEY`` or from the file named by ``KPI_HASH_KEY_FILE``.

    Raises:
        ConfigurationError: if the named file is missing, empty, no text, or open to others than its owner.
    """
    key = read_secret(environment, "KPI_HASH_KEY")
    return None if key is None else key.encode()


@contextmanager
def owner_only() -> Iterator[None]:
    """Let only the owner read files that are made meanwhile: the warehouse, its log, what it moves out of memory.

    Readers open published files, whose folders are there before and whose permissions are set one by one.
    """
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@dataclass(frozen=True)
class Installation:
    """One company's configuration, SQL and folders, as the run finds them when it starts."""

    paths: Paths
    clock: Clock
    hash_key: bytes | None = field(repr=False)
    api_access: ApiAccess = field(default_factory=ApiAccess)

    @cached_property
    def configuration(self) -> Configuration:
        """Everything under ``config/``, checked."""
        return load_configuration(self.paths.config)

    @cached_property
    def project(self) -> SqlProject:
        """Everything under ``sql/``, in build order."""
        return load_sql_project(self.paths.sql, (*RAW_TABLES, *SEED_TABLES))

    @cached_property
    def connected(self) -> SqlProject:
        """The part of the project that is built and published: what the connected sources fill."""
        return connected_project(self.configuration, self.project)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], clock: Clock) -> "Installation":
        """Find the installation that the environment variables describe."""
        return cls(Paths.from_environment(environment), clock, read_hash_key(environment), ApiAccess(environment))

    @property
    def today(self) -> date:
        """The current day in the company's time zone."""
        return self.configuration.calendar.day_of(self.clock.now())

    @property
    def run_lock(self) -> RunLock:
        """The lock that a run holds while the warehouse is open."""
        return RunLock(self.paths.data / "warehouse.lock")

    @contextmanager
    def open_run(self) -> Iterator["Run"]:
        """Hold the lock and the warehouse for one run; the warehouse is compared with the custody ledger at once.

        Raises:
            RunActiveError: if another run holds them.
            CustodyError: if a restore was interrupted.
        """
        self.paths.data.mkdir(parents=True, exist_ok=True)
        for audience in get_args(Audience):
            (self.paths.published / audience).mkdir(parents=True, exist_ok=True)
        lock = self.run_lock
        with lock.acquire() as token, owner_only():
            self._refuse_half_restored()
            engine = DuckDbEngine(self.paths.warehouse)
            try:
                self.paths.warehouse.chmod(0o600)
                prepare_meta(engine)
                prepare_raw_tables(engine)
                with CustodyLedger(self.paths.custody_ledger) as ledger:
                    disagreements = reconcile(engine, ledger)
                    for disagreement in disagreements[:LOSSES_TOLD]:
                        _LOG.warning("%s", disagreement.message)
                    if (more := len(disagreements) - LOSSES_TOLD) > 0:
                        _LOG.warning("and %d more files like these", more)
                    yield Run(self, engine, ledger, lock, token, disagreements)
                space = read_space(engine)
            finally:
                engine.close()
            reclaim(self.paths.warehouse, space)

    def _refuse_half_restored(self) -> None:
        if self.paths.half_restored.exists():
            raise CustodyError(
                f"{self.paths.half_restored}: a restore was interrupted; run it again with --replace, or delete this"
                " folder if nothing was put in its place yet"
            )


@dataclass(frozen=True)
class Publication:
    """What publishing brought.

    Attributes:
        snapshots: the current snapshot file of each audience.
        is_new: False if the same inputs had already been published.
    """

    snapshot_id: str
    snapshots: Mapping[Audience, Path]
    is_new: bool


@dataclass(frozen=True)
class Run:
    """The steps of a run over the open warehouse; ``as_of`` is the first day that is not complete yet.

    Attributes:
        disagreements: what the warehouse or the custody ledger had lost; the next ingest makes it again.
    """

    installation: Installation
    engine: DuckDbEngine
    ledger: CustodyLedger
    lock: RunLock
    token: int
    disagreements: tuple[Disagreement, ...] = ()

    @property
    def last_day(self) -> date | None:
        """The day of the last run; None before the first."""
        if not self.engine.exists("core.company"):
            return None
        days: list[date] = self.engine.read("select as_of from core.company").column("as_of").to_pylist()
        return days[0] if days else None

    def ingest(self, source: str, as_of: date) -> IngestReport:
        """Take what arrived for one source into custody and into ``raw``; bad files go to quarantine."""
        installation = self.installation
        report = ingest_source(
            source,
            installation.configuration.sources[source],
            engine=self.engine,
            ledger=self.ledger,
            paths=installation.paths,
            as_of=as_of,
            now=installation.clock.now(),
            hash_key=installation.hash_key,
            access=installation.api_access,
        )
        self.ledger.clear_failure(source)
        return report

    def stamp_failure(self, source: str, as_of: date, error: Exception) -> str:
        """Enter that a source could not be taken, so that everything made from it says so; return what is said.

        The text of a foreign error may hold anything, secrets included; only its kind is kept.
        """
        is_ours = isinstance(error, KpiPipelineError)
        problem = str(error) if is_ours else f"{type(error).__name__}; see the log of the run"
        self.ledger.note_failure(source, Failure(as_of, problem))
        return problem

    def source_state(self, source: str, as_of: date) -> SourceState:
        """Return how one source stands on a day."""
        configuration = self.installation.configuration
        connected = {source: configuration.sources[source]}
        (state,) = source_states(
            connected, engine=self.engine, ledger=self.ledger, calendar=configuration.calendar, as_of=as_of
        )
        return state

    def volumes(self, source: str, as_of: date) -> list[Volume]:
        """Compare the rows of a source's newest day with those of the weeks before."""
        return volumes(self.engine, source, source_subjects(self.installation.configuration)[source], as_of)

    def reconcile(self, tables: Collection[str]) -> list[Reconciled]:
        """Compare rows and money of the named tables with those that they are made from."""
        configuration, project = self.installation.configuration, self.installation.project
        found = reconcile_tables(self.engine, tables)
        if VALUES in tables and self.engine.exists(VALUES):
            plans = (plan_metric(metric_id, configuration, project) for metric_id in configuration.metrics)
            built = {file.table for file in self.installation.connected.files}
            found.append(reconcile_values(self.engine, [plan for plan in plans if built.issuperset(plan.tables)]))
        return found

    def write_seeds(self, as_of: date) -> list[str]:
        """Write the tables that come from the configuration; return those that changed."""
        configuration = self.installation.configuration
        return write_seeds(self.engine, configuration.company, configuration.sources, configuration.calendar, as_of)

    def build_tables(self, only: Collection[str] | None = None) -> BuildReport:
        """Bring every connected table, or those named, up to date with what was loaded."""
        return build_tables(self.engine, self.installation.connected, only=only)

    def column_types(self, table: str) -> dict[str, str]:
        """Return the columns of a built table with their types, in the words of the engine."""
        described = self.engine.read(f"describe {table}")
        return dict(
            zip(described.column("column_name").to_pylist(), described.column("column_type").to_pylist(), strict=True)
        )

    def publish(self, as_of: date) -> Publication:
        """Compute the KPI tables and publish both audiences' files, unless the same inputs are published already."""
        installation = self.installation
        configuration, project = installation.configuration, installation.project
        published = installation.paths.published
        identifier = snapshot_id(self.engine, configuration, project, self.ledger, as_of)
        with PublicationLedger(installation.paths.publication_ledger) as publications:
            publications.settle(current_snapshot_id(published))
            is_new = refresh_kpi_tables(
                self.engine,
                configuration,
                project,
                as_of=as_of,
                snapshot_id=identifier,
                published_at=installation.clock.now(),
                custody=self.ledger,
                publications=publications,
            )
            tables = snapshot_tables(configuration, installation.connected)
            kept = configuration.company.snapshots_kept
            # A run that was suspended while another one took over must not show what it holds.
            self.lock.check_token(self.token)
            snapshots = publish_snapshot(self.engine, published, identifier, tables, keep=kept)
            publications.settle(identifier)
        return Publication(identifier, snapshots, is_new)
