"""What arrived and what became of it: a small SQLite file outside the warehouse, synced to disk at every change.

Here: one row per arrival, per confirmation and per source that could not be taken, and the few ways in which they
change. The columns stand in ``custody_schema``. Which state an arrival gets is decided in ``ingest``; what people are
shown about it is made in ``source_state``.
"""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from kpi_pipeline.sources.custody.arrival import Arrival, Contents, Decision, Failure, NewArrival, Refusal, State
from kpi_pipeline.sources.custody.custody_schema import DECIDE, SCHEMA
from kpi_pipeline.sources.files.opened_file import FileNote
from kpi_pipeline.warehouse.ledger import Ledger

REOPEN = "update arrivals set state = null where arrival_id = ?"
# Bytes that come back are there again, whatever was deleted before.
RETURNED = "update arrivals set expired_at = null where source = ? and sha256 = ? and expired_at is not null"


class CustodyLedger(Ledger):
    """The open ledger; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode = delete")
        self._connection.executescript(SCHEMA)
        columns = {row["name"] for row in self._connection.execute("pragma table_info(arrivals)")}
        if "expired_at" not in columns:  # a ledger of version 0.1
            self._connection.execute("alter table arrivals add column expired_at text")

    def arrivals(self, source: str | None = None) -> list[Arrival]:
        """Return all arrivals, of one source or of every one, in the order in which they arrived."""
        rows = self._connection.execute(
            "select * from arrivals where :source is null or source = :source order by arrival_id", {"source": source}
        )
        return [_arrival(row) for row in rows]

    def register(self, files: Sequence[NewArrival]) -> list[int]:
        """Enter arrivals without a state, all or none; return their ids."""
        with self._transaction() as cursor:
            cursor.executemany(RETURNED, {(file.source, file.sha256) for file in files if file.sha256})
            return [_inserted(cursor, file) for file in files]

    def note_unchanged(self, seen: Mapping[int, tuple[int, int]]) -> None:
        """Note that files have a new modification time but the same bytes: arrival id → (size, nanoseconds)."""
        with self._transaction() as cursor:
            cursor.executemany(
                "update arrivals set size = ?, seen_ns = ? where arrival_id = ?",
                [(size, seen_ns, arrival_id) for arrival_id, (size, seen_ns) in seen.items()],
            )

    def decide(self, decisions: Sequence[Decision], corrections: Mapping[int, State] | None = None) -> None:
        """Give arrivals their states, and others only a new state by their ids, all or none."""
        with self._transaction() as cursor:
            cursor.executemany(DECIDE, [_decided(decision) for decision in decisions])
            cursor.executemany(
                "update arrivals set state = :state where arrival_id = :id and state <> :state",
                [{"state": state, "id": arrival_id} for arrival_id, state in (corrections or {}).items()],
            )

    def reopen(self, arrival_ids: Collection[int]) -> None:
        """Take the states of arrivals away, so that the next ingest decides again."""
        with self._transaction() as cursor:
            cursor.executemany(REOPEN, [(arrival_id,) for arrival_id in arrival_ids])

    def expire(self, source: str, hashes: Collection[str], expired_at: datetime) -> None:
        """Note that the stored bytes with these hashes may no longer be used for a source."""
        with self._transaction() as cursor:
            cursor.executemany(
                "update arrivals set expired_at = ? where source = ? and sha256 = ?",
                [(expired_at.isoformat(), source, sha256) for sha256 in hashes],
            )

    def expired_hashes(self) -> list[str]:
        """Return the hashes of all bytes that no source may use any more."""
        rows = self._connection.execute(
            "select sha256 from arrivals where sha256 <> '' group by sha256 having min(expired_at is not null)"
        )
        return [row["sha256"] for row in rows]

    def confirm(self, source: str, sha256: str, *, confirmed_by: str, reason: str, confirmed_at: datetime) -> None:
        """Let a file in that was refused only because it brings so much less than what it replaces."""
        with self._transaction() as cursor:
            cursor.execute(
                "insert or replace into confirmations values (?, ?, ?, ?, ?)",
                (source, sha256, confirmed_at.isoformat(), confirmed_by, reason),
            )
            cursor.execute(
                "update arrivals set state = null where source = ? and sha256 = ? and state = 'quarantined'",
                (source, sha256),
            )

    def confirmed(self, source: str) -> set[str]:
        """Return the hashes of the source's files that somebody confirmed."""
        rows = self._connection.execute("select sha256 from confirmations where source = ?", (source,))
        return {row["sha256"] for row in rows}

    def note_failure(self, source: str, failure: Failure) -> None:
        """Note that a source could not be taken; the former note about it goes."""
        with self._transaction() as cursor:
            cursor.execute(
                "insert or replace into failures values (?, ?, ?)",
                (source, failure.failed_for.isoformat(), failure.problem),
            )

    def clear_failure(self, source: str) -> None:
        """Note that a source could be taken again."""
        with self._transaction() as cursor:
            cursor.execute("delete from failures where source = ?", (source,))

    def failures(self) -> dict[str, Failure]:
        """Return the sources that could not be taken when that was tried last."""
        rows = self._connection.execute("select * from failures")
        return {row["source"]: Failure(date.fromisoformat(row["failed_for"]), row["problem"]) for row in rows}


def _inserted(cursor: sqlite3.Cursor, file: NewArrival) -> int:
    cursor.execute(
        "insert into arrivals (source, file_name, size, sha256, modified_ns, seen_ns, arrived_at, arrived_for)"
        " values (?, ?, ?, ?, ?, ?, ?, ?) returning arrival_id",
        (
            file.source,
            file.file_name,
            file.size,
            file.sha256,
            file.modified_ns,
            file.modified_ns,
            file.arrived_at.isoformat(),
            file.arrived_for.isoformat(),
        ),
    )
    arrival_id: int = cursor.fetchone()[0]
    return arrival_id


def _decided(decision: Decision) -> dict[str, object]:
    contents, refusal = decision.contents, decision.refusal
    return {
        "arrival_id": decision.arrival_id,
        "state": decision.state,
        "exported_at": _text(decision.exported_at),
        "batch_id": decision.batch_id,
        "contract_fingerprint": decision.contract_fingerprint,
        "rows": contents and contents.rows,
        "first_day": contents and _text(contents.first_day),
        "last_day": contents and _text(contents.last_day),
        "control_totals": contents and json.dumps({name: str(sum_) for name, sum_ in contents.control_totals.items()}),
        "is_end_verifiable": contents and contents.is_end_verifiable,
        "unknown_columns": contents and json.dumps(contents.unknown_columns, ensure_ascii=False),
        "notes": contents and json.dumps([asdict(note) for note in contents.notes], ensure_ascii=False),
        "line": refusal and refusal.line,
        "column_name": refusal and refusal.column,
        "found": refusal and refusal.found,
        "expected": refusal and refusal.expected,
        "advice": refusal and refusal.advice,
        "problem": refusal and refusal.message,
    }


def _arrival(row: sqlite3.Row) -> Arrival:
    return Arrival(
        arrival_id=row["arrival_id"],
        file=NewArrival(
            source=row["source"],
            file_name=row["file_name"],
            size=row["size"],
            sha256=row["sha256"],
            modified_ns=row["modified_ns"],
            arrived_at=datetime.fromisoformat(row["arrived_at"]),
            arrived_for=date.fromisoformat(row["arrived_for"]),
        ),
        seen_ns=row["seen_ns"],
        state=row["state"],
        exported_at=datetime.fromisoformat(row["exported_at"]) if row["exported_at"] else None,
        batch_id=row["batch_id"],
        contract_fingerprint=row["contract_fingerprint"],
        contents=None if row["rows"] is None else _contents(row),
        refusal=None if row["problem"] is None else _refusal(row),
        expired_at=datetime.fromisoformat(row["expired_at"]) if row["expired_at"] else None,
    )


def _contents(row: sqlite3.Row) -> Contents:
    return Contents(
        rows=row["rows"],
        first_day=date.fromisoformat(row["first_day"]) if row["first_day"] else None,
        last_day=date.fromisoformat(row["last_day"]) if row["last_day"] else None,
        control_totals={name: Decimal(total) for name, total in json.loads(row["control_totals"]).items()},
        is_end_verifiable=bool(row["is_end_verifiable"]),
        unknown_columns=tuple(json.loads(row["unknown_columns"])),
        notes=tuple(FileNote(**note) for note in json.loads(row["notes"])),
    )


def _refusal(row: sqlite3.Row) -> Refusal:
    return Refusal(
        message=row["problem"],
        line=row["line"],
        column=row["column_name"],
        found=row["found"],
        expected=row["expected"],
        advice=row["advice"],
    )


def _text(moment: date | None) -> str | None:
    return None if moment is None else moment.isoformat()
