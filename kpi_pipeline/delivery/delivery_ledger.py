"""What was sent to whom: a small SQLite file outside the warehouse, asked before anything leaves.

Here: the states of a delivery and who may change them. At most one copy is accepted, because a delivery is claimed
before it is sent, and a claim whose holder vanished becomes ``unknown``, which only a person resolves. What a channel
does belongs to the channels.

    (nothing), failed, skipped ──► claimed ──► sent | failed | unknown
    (nothing), skipped ──► skipped                   unknown ──► sent | failed, by a person
"""

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

from kpi_pipeline.config.report import Audience
from kpi_pipeline.warehouse.ledger import Ledger

State = Literal["claimed", "sent", "failed", "unknown", "skipped"]

SCHEMA = """
create table if not exists deliveries (
    week_start text not null,
    report text not null,
    revision integer not null,
    channel text not null,
    recipient text not null,
    audience text not null,
    language text not null,
    snapshot_id text not null,
    published_at text not null,
    message_id text not null,
    state text not null check (state in ('claimed', 'sent', 'failed', 'unknown', 'skipped')),
    reason text not null,
    attempts integer not null,
    changed_at text not null,
    lease_until text not null,
    claim text not null,
    resolved_by text not null,
    primary key (week_start, report, revision, channel, recipient)
) strict;
"""
# Longer than any attempt may last: a dozen times the longest silence that delivery.yaml allows.
LEASE = timedelta(minutes=15)


@dataclass(frozen=True)
class Place:
    """What is sent to whom: the key of the ledger."""

    week_start: date
    report: str
    revision: int
    channel: str
    recipient: str


@dataclass(frozen=True)
class Contents:
    """What belongs to a delivery and is not its key.

    Attributes:
        published_at: when its snapshot was published, in UTC without time zone.
        message_id: the same for the same key and language, so that a second copy can be told.
    """

    audience: Audience
    language: str
    snapshot_id: str
    published_at: datetime
    message_id: str


@dataclass(frozen=True)
class Entry:
    """A delivery as the ledger holds it."""

    week_start: date
    report: str
    revision: int
    channel: str
    recipient: str
    audience: Audience
    language: str
    snapshot_id: str
    published_at: datetime
    message_id: str
    state: State
    reason: str
    attempts: int
    changed_at: datetime
    lease_until: datetime
    resolved_by: str

    @property
    def place(self) -> Place:
        """What it is about."""
        return Place(self.week_start, self.report, self.revision, self.channel, self.recipient)


COLUMNS = tuple(field.name for field in fields(Entry))
OF_PLACE = "week_start = ? and report = ? and revision = ? and channel = ? and recipient = ?"


class DeliveryLedger(Ledger):
    """The open ledger; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with self._transaction():
            self._connection.execute(SCHEMA)

    def claim(self, place: Place, contents: Contents, now: datetime) -> str | None:
        """Take a delivery to send it; return the claim, or None if it was sent, is being sent, or nobody can tell."""
        claim = uuid4().hex
        with self._transaction():
            self._expire(now)
            found = self.entry(place)
            if found is not None and found.state not in ("failed", "skipped"):
                return None
            self._write(place, contents, "claimed", "", 0, now, now + LEASE, claim)
        return claim

    def renew(self, place: Place, claim: str, now: datetime) -> bool:
        """Count an attempt and hold the claim from now on; False if it was lost, and nothing may be sent any more."""
        with self._transaction():
            self._expire(now)
            changed = self._connection.execute(
                f"update deliveries set attempts = attempts + 1, lease_until = ? where {OF_PLACE}"
                " and claim = ? and state = 'claimed'",
                ((now + LEASE).isoformat(), *_key(place), claim),
            )
        return changed.rowcount == 1

    def settle(self, place: Place, claim: str, state: State, reason: str, now: datetime) -> None:
        """Enter what came of a claim; who held it knows better than anybody who gave it up meanwhile."""
        with self._transaction():
            self._connection.execute(
                f"update deliveries set state = ?, reason = ?, changed_at = ? where {OF_PLACE} and claim = ?",
                (state, reason, now.isoformat(), *_key(place), claim),
            )

    def skip(self, place: Place, contents: Contents, reason: str, now: datetime) -> None:
        """Enter that a delivery was only tried out, unless something was already tried in earnest."""
        with self._transaction():
            found = self.entry(place)
            if found is None or found.state == "skipped":
                self._write(place, contents, "skipped", reason, 0, now, now, "")

    def refuse(self, place: Place, contents: Contents, reason: str, now: datetime) -> None:
        """Enter that a delivery must not leave, unless it did."""
        with self._transaction():
            found = self.entry(place)
            if found is None or found.state in ("failed", "skipped"):
                self._write(place, contents, "failed", reason, 0, now, now, "")

    def expire(self, now: datetime) -> None:
        """Make claims whose holders vanished unknown."""
        with self._transaction():
            self._expire(now)

    def resolve(self, place: Place, *, is_sent: bool, by: str, now: datetime) -> bool:
        """Enter what a person found out about an unknown delivery; False if it is not unknown."""
        reason = "it arrived" if is_sent else "it did not arrive"
        with self._transaction():
            changed = self._connection.execute(
                f"update deliveries set state = ?, reason = ?, changed_at = ?, resolved_by = ? where {OF_PLACE}"
                " and state = 'unknown'",
                ("sent" if is_sent else "failed", reason, now.isoformat(), by, *_key(place)),
            )
        return changed.rowcount == 1

    def entry(self, place: Place) -> Entry | None:
        """Return what is known of a delivery."""
        rows = self._connection.execute(
            f"select {', '.join(COLUMNS)} from deliveries where {OF_PLACE}", _key(place)
        ).fetchall()
        return _entry(rows[0]) if rows else None

    def entries(self, week_start: date | None = None) -> list[Entry]:
        """Return all deliveries, or those of one week, newest week first."""
        where, parameters = ("where week_start = ?", [week_start.isoformat()]) if week_start else ("", [])
        rows = self._connection.execute(
            f"select {', '.join(COLUMNS)} from deliveries {where}"
            " order by week_start desc, report, revision, channel, recipient",
            parameters,
        )
        return [_entry(row) for row in rows]

    def last_issued(self, week_start: date, report: str, before: int | None = None) -> Entry | None:
        """Return a delivery of the last revision that reached somebody, or may have; of its earliest snapshot.

        Args:
            week_start: the first day of the week.
            report: the report's id.
            before: look at revisions below this one only; at all when absent.
        """
        highest = 2**31 if before is None else before
        rows = self._connection.execute(
            f"select {', '.join(COLUMNS)} from deliveries where week_start = ? and report = ? and channel <> 'alert'"
            " and state in ('claimed', 'sent', 'unknown') and revision < ?"
            " order by revision desc, published_at limit 1",
            (week_start.isoformat(), report, highest),
        ).fetchall()
        return _entry(rows[0]) if rows else None

    def _expire(self, now: datetime) -> None:
        self._connection.execute(
            "update deliveries set state = 'unknown', reason = ?, changed_at = ?"
            " where state = 'claimed' and lease_until < ?",
            ("the sender vanished before it could say what came of it", now.isoformat(), now.isoformat()),
        )

    def _write(
        self,
        place: Place,
        contents: Contents,
        state: State,
        reason: str,
        attempts: int,
        now: datetime,
        lease_until: datetime,
        claim: str,
    ) -> None:
        values = (
            *_key(place),
            contents.audience,
            contents.language,
            contents.snapshot_id,
            contents.published_at.isoformat(),
            contents.message_id,
            state,
            reason,
            attempts,
            now.isoformat(),
            lease_until.isoformat(),
            claim,
            "",
        )
        self._connection.execute(f"insert or replace into deliveries values ({', '.join('?' * len(values))})", values)


def _key(place: Place) -> tuple[str, str, int, str, str]:
    return place.week_start.isoformat(), place.report, place.revision, place.channel, place.recipient


def _entry(row: tuple[str | int, ...]) -> Entry:
    values: dict[str, object] = dict(zip(COLUMNS, row, strict=True))
    for name, read in (
        ("week_start", date.fromisoformat),
        ("published_at", datetime.fromisoformat),
        ("changed_at", datetime.fromisoformat),
        ("lease_until", datetime.fromisoformat),
    ):
        values[name] = read(str(values[name]))
    return Entry(**values)  # type: ignore[arg-type]
