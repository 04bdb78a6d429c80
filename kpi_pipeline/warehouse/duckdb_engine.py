"""The warehouse on DuckDB.

Here: opening the file with settled settings, and the operations of ``Engine``. Add an operation to ``Engine`` first.
What tables there are and in which order they are built belongs to ``sql_project`` and ``build``.
"""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kpi_pipeline.errors import EngineError, EngineLostError
from kpi_pipeline.warehouse.quoting import day_condition, quoted_name, quoted_table

# The oldest DuckDB that must be able to open our files; a file made with the default of 2.0 is unreadable for 1.5.
STORAGE_VERSION = "v1.5.0"
LENGTH_SHOWN = 800


class DuckDbEngine:
    """One open DuckDB file; the file and its folder are created if absent.

    Attributes:
        connection: for what ``Engine`` does not offer, such as registering an Arrow table for a load. Fetch every
            result to its end: a result that is read half blocks the next statement.
    """

    dialect = "duckdb"

    def __init__(
        self, path: Path, memory_limit: str = "2GB", threads: int | None = None, *, read_only: bool = False
    ) -> None:
        self.path = path
        self._read_only = read_only
        self._in_transaction = False
        self._is_lost = False
        settings: dict[str, Any] = {
            "storage_compatibility_version": STORAGE_VERSION,
            "memory_limit": memory_limit,
            "temp_directory": str(path.with_name(path.name + ".tmp")),
            "preserve_insertion_order": False,
            # A misspelt name must be an error: never a download, never a variable of the calling program.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
        if threads is not None:
            settings["threads"] = threads
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.connection = duckdb.connect(str(path), read_only=read_only, config=settings)
            # The default is the machine's zone, which would show in every cast of an instant.
            self.connection.execute("set TimeZone = 'UTC'").fetchall()
        except duckdb.Error as error:
            raise EngineError(_opening_problem(path, str(error))) from error

    def run(self, statement: str, parameters: dict[str, object] | None = None) -> None:
        """Execute one statement whose result is not needed.

        Raises:
            EngineError: if DuckDB refuses it.
            EngineLostError: if DuckDB can do nothing more in this process.
        """
        self._execute(statement, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything done inside, or nothing if the body raises. Does not nest."""
        if self._in_transaction:
            raise EngineError(f"{self.path}: a transaction was begun inside another one; end the outer one first")
        self._execute("begin transaction")
        self._in_transaction = True
        try:
            yield
            self._execute("commit")
        except BaseException:
            # The error on its way says more than a failure to roll back; a refused commit leaves nothing to roll back.
            with suppress(duckdb.Error):
                self.connection.execute("rollback")
            raise
        finally:
            self._in_transaction = False

    def replace_table(self, table: str, query: str) -> int:
        """Make ``table`` hold exactly the rows of ``query``; return their number. Its schema is created if absent."""
        schema = table.partition(".")[0]
        with self._enclosing_transaction():
            self._execute(f"create schema if not exists {quoted_name(schema)}")
            return self._count(f"create or replace table {quoted_table(table)} as\n{query}\n")

    def replace_days(self, table: str, query: str, days: Collection[date]) -> int:
        """Replace the rows of ``table`` whose ``day`` is among ``days`` by those of ``query``; return their number."""
        if not days:
            return 0
        condition = day_condition(days)
        with self._enclosing_transaction():
            self._execute(f"delete from {quoted_table(table)} where {condition}")
            return self._count(
                f"insert into {quoted_table(table)} by name select * from (\n{query}\n) as fresh where {condition}"
            )

    def read(self, query: str, parameters: dict[str, object] | None = None) -> pa.Table:
        """Return the rows of ``query``."""
        self._refuse_if_lost()
        try:
            return self.connection.sql(query, params=parameters).to_arrow_table()
        except duckdb.Error as error:
            raise self._refusal(error, query) from error

    def exists(self, table: str) -> bool:
        """Tell whether ``table`` is there."""
        schema, _, name = table.partition(".")
        found = self._execute(
            "select 1 from duckdb_tables()"
            " where database_name = current_database() and schema_name = $schema and table_name = $name",
            {"schema": schema, "name": name},
        )
        return bool(found)

    def close(self) -> None:
        """Checkpoint and release the warehouse file.

        The checkpoint leaves the write-ahead log empty, because DuckDB drops a torn tail of it without a word.
        """
        try:
            if not self._is_lost and not self._read_only:
                self._execute("checkpoint")
        finally:
            self.connection.close()

    def _enclosing_transaction(self) -> AbstractContextManager[None]:
        return nullcontext() if self._in_transaction else self.transaction()

    def _count(self, statement: str) -> int:
        rows: int = self._execute(statement)[0][0]
        return rows

    def _execute(self, statement: str, parameters: dict[str, object] | None = None) -> list[Any]:
        self._refuse_if_lost()
        try:
            return self.connection.execute(statement, parameters).fetchall()
        except duckdb.Error as error:
            raise self._refusal(error, statement) from error

    def _refuse_if_lost(self) -> None:
        # After an internal error DuckDB may answer again, from memory that nobody vouches for.
        if self._is_lost:
            raise EngineLostError(f"{self.path}: DuckDB gave up earlier in this process, which must end now")

    def _refusal(self, error: duckdb.Error, statement: str) -> EngineError:
        if isinstance(error, duckdb.FatalException | duckdb.InternalException):
            self._is_lost = True
            return EngineLostError(
                f"{self.path}: DuckDB gave up: {error}\nThis process must end now. Everything committed is safe: make"
                " room if the disk is full, then start again"
            )
        found, shown = _shortened(str(error)), _shortened(statement.strip())
        return EngineError(f"{self.path}: DuckDB refused a statement: {found}\nThe statement: {shown}")


def _shortened(text: str) -> str:
    return text if len(text) <= LENGTH_SHOWN else f"{text[:LENGTH_SHOWN]} ..."


def _opening_problem(path: Path, found: str) -> str:
    if "Could not set lock" in found:
        advice = "close the other program; readers use the published snapshots, never this file"
    elif "version number" in found:
        advice = "the file was made by a newer DuckDB; install the version in requirements.lock"
    else:
        advice = "if the file or its write-ahead log is damaged: kpi rebuild makes it anew from custody"
    return f"{path}: the warehouse cannot be opened: {found}\nWhat to do: {advice}"
