"""The few operations that the pipeline asks of a database engine.

Here: the interface alone, so that a second engine can stand beside DuckDB. Add an operation only if every engine can
offer it. SQL text, table graphs and publishing do not belong here.
"""

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol

import pyarrow as pa


class Engine(Protocol):
    """One open warehouse. Table names are ``schema.table``; queries are single SELECTs in DuckDB's dialect."""

    dialect: str

    def run(self, statement: str, parameters: dict[str, object] | None = None) -> None:
        """Execute one statement whose result is not needed."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit everything done inside, or nothing if the body raises. Does not nest."""

    def replace_table(self, table: str, query: str) -> int:
        """Make ``table`` hold exactly the rows of ``query``; return their number."""

    def replace_days(self, table: str, query: str, days: Collection[date]) -> int:
        """Replace the rows of ``table`` whose ``day`` is among ``days`` by those of ``query``; return their number."""

    def read(self, query: str, parameters: dict[str, object] | None = None) -> pa.Table:
        """Return the rows of ``query``."""

    def exists(self, table: str) -> bool:
        """Tell whether ``table`` is there."""

    def close(self) -> None:
        """Checkpoint and release the warehouse file."""
