"""What was said when: a small SQLite file outside the warehouse with every value that was ever published.

Here: remembering published values and finding those that are new. It survives the loss of the warehouse, because what
was once said cannot be computed again. Which values are published is decided in ``refresh``.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Self

from kpi_pipeline.config.report import Audience

SCHEMA = """
create table if not exists publications (
    publication integer primary key,
    snapshot_id text not null,
    as_of text not null,
    published_at text not null,
    is_public integer not null
) strict;
create table if not exists reported (
    publication integer not null references publications (publication),
    kpi_id text not null,
    week_start text not null,
    audience text not null,
    value real,
    null_reason text,
    status text not null,
    definition_hash text not null,
    data_age_days integer not null,
    primary key (publication, kpi_id, week_start, audience)
) strict;
"""
BUSY_SECONDS = 30


@dataclass(frozen=True)
class ReportedValue:
    """One value as it was published.

    Attributes:
        audience: whom it was published for.
        published_at: in UTC, without time zone.
        definition_hash: what the number meant then.
        data_age_days: days from the end of the week to the day of the run.
    """

    kpi_id: str
    week_start: date
    audience: Audience
    value: float | None
    null_reason: str | None
    status: str
    snapshot_id: str
    published_at: datetime
    definition_hash: str
    data_age_days: int

    @property
    def place(self) -> tuple[str, date, Audience]:
        """What the value is about."""
        return self.kpi_id, self.week_start, self.audience

    @property
    def content(self) -> tuple[float | None, str | None, str, str]:
        """What it says; a value that says the same again is no news."""
        return self.value, self.null_reason, self.status, self.definition_hash


COLUMNS = tuple(field.name for field in fields(ReportedValue))
OF_PUBLICATION = ("snapshot_id", "published_at")
OWN_COLUMNS = tuple(name for name in COLUMNS if name not in OF_PUBLICATION)


class PublicationLedger:
    """The open ledger; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite would create the file readable for everybody; it gives its journal the permissions of this file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        # EXTRA is FULL and a synced folder, without which a power cut can bring a finished journal back.
        self._connection.execute("pragma synchronous = extra")
        self._connection.executescript(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def last_publication(self) -> tuple[str, datetime] | None:
        """Return the id of the snapshot that was entered last, and when it was made."""
        query = "select snapshot_id, published_at from publications order by publication desc limit 1"
        found = self._connection.execute(query).fetchone()
        return (found[0], datetime.fromisoformat(found[1])) if found else None

    def values(self) -> list[ReportedValue]:
        """Return all values that were published, oldest first."""
        rows = self._connection.execute(
            f"select {', '.join(COLUMNS)} from reported inner join publications using (publication)"
            " order by publication, reported.rowid"
        )
        return [_value(row) for row in rows]

    def news(self, values: Sequence[ReportedValue]) -> list[ReportedValue]:
        """Return those values that say something else than what was last published in their place."""
        last = {value.place: value.content for value in self.values()}
        return [value for value in values if last.get(value.place) != value.content]

    def enter(self, snapshot_id: str, as_of: date, published_at: datetime, news: Sequence[ReportedValue]) -> None:
        """Enter a snapshot and its new values, all or none; nothing happens if it is the last one already."""
        last = self.last_publication()
        if last is not None and last[0] == snapshot_id:
            return
        with self._transaction():
            publication = self._connection.execute(
                "insert into publications (snapshot_id, as_of, published_at, is_public) values (?, ?, ?, 0)",
                (snapshot_id, as_of.isoformat(), published_at.isoformat()),
            ).lastrowid
            self._connection.executemany(
                f"insert into reported (publication, {', '.join(OWN_COLUMNS)})"
                f" values ({', '.join('?' * (1 + len(OWN_COLUMNS)))})",
                [(publication, *(_stored(getattr(value, name)) for name in OWN_COLUMNS)) for value in news],
            )

    def settle(self, current: str | None) -> None:
        """Forget publications that never became public; call it before a run publishes and again when it has.

        Args:
            current: the snapshot that readers see now, or None if there is none.
        """
        with self._transaction():
            self._connection.execute("update publications set is_public = 1 where snapshot_id = ?", (current,))
            for table in ("reported", "publications"):
                self._connection.execute(
                    f"delete from {table} where publication in"
                    " (select publication from publications where is_public = 0)"
                )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
            self._connection.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise


def _stored(part: object) -> object:
    return part.isoformat() if isinstance(part, date) else part


def _value(row: tuple[str, str, Audience, float | None, str | None, str, str, str, str, int]) -> ReportedValue:
    kpi_id, week_start, audience, value, null_reason, status, snapshot_id, published_at, definition_hash, age = row
    return ReportedValue(
        kpi_id=kpi_id,
        week_start=date.fromisoformat(week_start),
        audience=audience,
        value=value,
        null_reason=null_reason,
        status=status,
        snapshot_id=snapshot_id,
        published_at=datetime.fromisoformat(published_at),
        definition_hash=definition_hash,
        data_age_days=age,
    )
