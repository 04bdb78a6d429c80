"""Bringing the SQL tables up to date: which are rebuilt, for which days, and what a failure stops.

Here: the decision per table and its one transaction. Add nothing that is known from the files alone; that belongs to
``sql_project``. Loading records what changed in ``raw``; what changes here is recorded for those who read from here.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from time import perf_counter

import pyarrow as pa

from kpi_pipeline.errors import CheckFailedError, EngineError, EngineLostError, SqlTableError
from kpi_pipeline.warehouse.changes import (
    Built,
    built_tables,
    changes_since,
    forget_built,
    last_changes,
    last_sequence,
    record_built,
    record_changes,
)
from kpi_pipeline.warehouse.checks import (
    CheckWarning,
    TableCheckError,
    check_rows,
    refresh_warnings,
    standing_warnings,
)
from kpi_pipeline.warehouse.contents import read_contents
from kpi_pipeline.warehouse.engine import Engine
from kpi_pipeline.warehouse.quoting import quoted_table
from kpi_pipeline.warehouse.sql_file import SqlFile
from kpi_pipeline.warehouse.sql_project import SqlProject

QUERY_FAILED = "query"


@dataclass(frozen=True)
class FailedCheck:
    """Why a table keeps its former rows: the blocking check that failed, or ``query`` if the SELECT itself did."""

    check: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class TableResult:
    """What came of one table.

    Attributes:
        rows: how many rows the table holds now.
        changed_days: the days whose rows differ from before, none for a table that was up to date; None where anything
            may differ: the table is new, has no day, or other columns.
        warnings: the warning checks that do not hold now, whether or not the table was built.
        skipped_because: the failed table that this one is made from.
    """

    table: str
    rows: int
    changed_days: frozenset[date] | None
    seconds: float
    was_built: bool
    failed_check: FailedCheck | None = None
    warnings: tuple[CheckWarning, ...] = ()
    skipped_because: str | None = None


@dataclass(frozen=True)
class BuildReport:
    """What came of all tables, in build order."""

    results: tuple[TableResult, ...]

    def raise_failures(self) -> None:
        """Raise if a table failed.

        Raises:
            CheckFailedError: with the messages of all tables that failed.
        """
        messages = [str(result.failed_check) for result in self.results if result.failed_check]
        if skipped := [result.table for result in self.results if result.skipped_because]:
            messages.append(f"Not rebuilt for this reason: {', '.join(skipped)}")
        if messages:
            raise CheckFailedError("\n".join(messages))


def build_tables(
    engine: Engine,
    project: SqlProject,
    on_result: Callable[[TableResult], None] | None = None,
    *,
    only: Collection[str] | None = None,
) -> BuildReport:
    """Bring all tables of a project up to date, or only those named.

    A table that fails keeps its former rows, those made from it are skipped, all others are built: the report tells.

    Raises:
        EngineLostError: if the engine can do nothing more; then nothing of the table at hand was kept.
    """
    builder = _Builder(engine)
    builder.drop_tables_without_file(project)
    results = []
    for file in project.files:
        if only is None or file.table in only:
            result = builder.bring_up_to_date(file)
            results.append(result)
            if on_result:
                on_result(result)
    return BuildReport(tuple(results))


class _Builder:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._built = built_tables(engine)
        self._last_changes = last_changes(engine)
        self._warnings = standing_warnings(engine)
        self._existing: set[str] = set()
        self._stopped: dict[str, str] = {}

    def drop_tables_without_file(self, project: SqlProject) -> None:
        """Drop what was built from files that have been removed or renamed."""
        for table in self._built.keys() - {file.table for file in project.files}:
            with self._engine.transaction():
                self._engine.run(f"drop table if exists {quoted_table(table)}")
                forget_built(self._engine, table)
                record_changes(self._engine, table, None)

    def bring_up_to_date(self, file: SqlFile) -> TableResult:
        """Build one table if it must be, and return what came of it."""
        started = perf_counter()
        origin = next((self._stopped[table] for table in file.inputs if table in self._stopped), None)
        if origin:
            self._stopped[file.table] = origin
            return self._result(file, started, skipped_because=origin)
        if not self._is_stale(file):
            return self._result(file, started)
        try:
            with self._engine.transaction():
                changed_days = self._build(file)
        except EngineLostError:
            raise
        except TableCheckError as error:
            return self._failed(file, started, FailedCheck(error.check, str(error)))
        except (EngineError, SqlTableError) as error:
            message = f"{file.place}: the table cannot be built: {error}"
            return self._failed(file, started, FailedCheck(QUERY_FAILED, message))
        return self._result(file, started, changed_days=changed_days, was_built=True)

    def _is_stale(self, file: SqlFile) -> bool:
        built = self._built.get(file.table)
        if built is None or built.fingerprint != file.fingerprint or not self._exists(file.table):
            return True
        return any(self._last_changes.get(table, 0) > built.sequence for table in file.inputs)

    def _days_to_replace(self, file: SqlFile) -> set[date] | None:
        built = self._built.get(file.table)
        if not file.incremental or built is None or built.fingerprint != file.fingerprint:
            return None
        days: set[date] = set()
        for changed in changes_since(self._engine, file.inputs, built.sequence).values():
            if changed is None:
                return None
            days |= changed
        return days

    def _build(self, file: SqlFile) -> frozenset[date] | None:
        engine = self._engine
        existed = self._exists(file.table)
        days = self._days_to_replace(file) if existed else None
        before = read_contents(engine, file.table, days) if existed else None
        sequence = last_sequence(engine)
        if days is None:
            engine.replace_table(file.table, _sorted_by_day(file))
            _require_dates(engine, file)
        else:
            engine.replace_days(file.table, file.query, days)
        check_rows(engine, file, days)
        if file.table in self._warnings or any(not check.is_blocking for check in file.checks):
            refresh_warnings(engine, file, days)
            self._warnings = standing_warnings(engine)
        changed_days = before.changed_days(read_contents(engine, file.table, days)) if before else None
        if change := record_changes(engine, file.table, changed_days):
            self._last_changes[file.table] = change
        record_built(engine, file.table, Built(file.fingerprint, sequence))
        return changed_days

    def _exists(self, table: str) -> bool:
        if table not in self._existing and self._engine.exists(table):
            self._existing.add(table)
        return table in self._existing

    def _failed(self, file: SqlFile, started: float, failed_check: FailedCheck) -> TableResult:
        self._stopped[file.table] = file.table
        return self._result(file, started, failed_check=failed_check)

    def _result(
        self,
        file: SqlFile,
        started: float,
        *,
        changed_days: frozenset[date] | None = frozenset(),
        was_built: bool = False,
        failed_check: FailedCheck | None = None,
        skipped_because: str | None = None,
    ) -> TableResult:
        return TableResult(
            table=file.table,
            rows=self._count(file.table),
            changed_days=changed_days,
            seconds=perf_counter() - started,
            was_built=was_built,
            failed_check=failed_check,
            warnings=self._warnings.get(file.table, ()),
            skipped_because=skipped_because,
        )

    def _count(self, table: str) -> int:
        if not self._exists(table):
            return 0
        rows: int = self._engine.read(f"select count(*) as rows from {quoted_table(table)}").column("rows")[0].as_py()
        return rows


def _sorted_by_day(file: SqlFile) -> str:
    """Return the query with the rows of a day side by side, so that a later run of few days skips the other blocks."""
    return f"select * from (\n{file.query}\n) order by day" if file.incremental else file.query


def _require_dates(engine: Engine, file: SqlFile) -> None:
    if file.has_day:
        found = engine.read(f"select day from {quoted_table(file.table)} limit 0").schema.field("day").type
        if not pa.types.is_date(found):
            raise SqlTableError(f"expected a column day of type date, found {found}; write cast(... as date)")
