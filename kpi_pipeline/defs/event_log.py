"""The orchestrator's log of events in SQLite, with connections that stay open.

Here: how the log is connected to, and nothing else. A run stores hundreds of events; the orchestrator's own storage
makes an engine, a connection and a transaction that waits for the disk for each of them, which took a third of the time
of a daily run. Which storage a production server uses is set in its ``dagster.yaml``.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any

import sqlalchemy as db
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData

INDEX = "index"
SECONDS_TO_WAIT = 60
OPEN_LOGS = 8


class QuickEventLogStorage(SqliteEventLogStorage):
    """One engine per database file instead of one per event."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        # Before the parent's own set-up, which connects already.
        self._prepared: set[str] = set()
        self._engine_of = lru_cache(maxsize=OPEN_LOGS)(_engine)
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "QuickEventLogStorage":
        """Make the storage that ``dagster.yaml`` describes."""
        return cls(inst_data=inst_data, **config_value)

    def run_connection(self, run_id: str | None = None) -> AbstractContextManager[db.Connection]:
        """Return a transaction on the events of one run."""
        assert run_id is not None
        if run_id not in self._prepared:
            with super().run_connection(run_id):
                self._prepared.add(run_id)
        return self._transaction(run_id)

    def index_connection(self) -> AbstractContextManager[db.Connection]:
        """Return a transaction on what is known across runs."""
        if INDEX not in self._prepared:
            with super().index_connection():
                self._prepared.add(INDEX)
        return self._transaction(INDEX)

    @contextmanager
    def _transaction(self, name: str) -> Iterator[db.Connection]:
        with self._engine_of(self.conn_string_for_shard(name)).begin() as connection:
            yield connection


def _engine(address: str) -> db.Engine:
    engine = db.create_engine(address, connect_args={"timeout": SECONDS_TO_WAIT})

    @db.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        # A log that loses its last events in a power cut is still a log; a process that dies loses none.
        connection.execute("pragma synchronous = normal")

    return engine
