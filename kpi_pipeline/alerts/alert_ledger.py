"""What the data team was told of which incident: one row for each incident and each way of telling it.

Here: which news is due, and whose it is to tell. An alert comes twice rather than never: a claim whose holder vanished
is free again after a while, and an alert of which nobody knows whether it arrived counts as not told. How news is
worded belongs to ``alert_message``.

    found ──► began ──(told)──► lasts, after a day and again ──► not found any more ──► ended ──(told)──► (nothing)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, get_args
from uuid import uuid4

from kpi_pipeline.alerts.incident import Kind
from kpi_pipeline.warehouse.ledger import Ledger

Event = Literal["began", "lasts", "ended"]
EVENTS: tuple[Event, ...] = get_args(Event)

SCHEMA = """
create table if not exists alerts (
    scope text not null,
    key text not null,
    channel text not null,
    recipient text not null,
    kind text not null,
    what text not null,
    advice text not null,
    began_at text not null,
    is_over integer not null,
    told_at text,
    is_told_in_earnest integer not null,
    claim text not null,
    claimed_until text not null,
    telling text not null,
    primary key (scope, key, channel, recipient)
) strict;
"""
REPEAT_AFTER = timedelta(days=1)
# Longer than all tries of one message may last.
CLAIM = timedelta(minutes=15)
OF_RECIPIENT = "scope = ? and channel = ? and recipient = ?"
FOUND = """
insert into alerts values (?, ?, ?, ?, ?, ?, ?, ?, 0, null, 0, '', '', '')
on conflict do update set kind = excluded.kind, what = excluded.what, advice = excluded.advice, is_over = 0
"""


@dataclass(frozen=True)
class Told:
    """An incident in the words of one recipient."""

    key: str
    kind: Kind
    what: str
    advice: str


@dataclass(frozen=True)
class News:
    """What one recipient has to be told of an incident."""

    event: Event
    incident: Told
    began_at: datetime


@dataclass(frozen=True)
class Desk:
    """Whose alerts of which scope are looked at.

    Attributes:
        is_earnest: False while everything is only written to the outbox; that counts as told until it becomes earnest.
    """

    scope: str
    channel: str
    recipient: str
    is_earnest: bool

    @property
    def place(self) -> tuple[str, str, str]:
        """The part of the ledger's key."""
        return self.scope, self.channel, self.recipient


class AlertLedger(Ledger):
    """The open ledger; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        # A disk that is not mounted is among the things to tell, and a new folder would hide it.
        if not path.parent.is_dir():
            raise FileNotFoundError(f"{path.parent}: no data folder")
        super().__init__(path)
        with self._transaction():
            self._connection.execute(SCHEMA)

    def claim(
        self, desk: Desk, found: Sequence[Told], now: datetime, *, is_everything: bool
    ) -> tuple[str, tuple[News, ...]]:
        """Enter what was found and take what is due to tell it; return the claim and the news, none where nothing is.

        Args:
            desk: whose alerts.
            found: the incidents that are there now.
            now: the current instant.
            is_everything: whether what is not in ``found`` is over; nothing ends where something was not looked at.
        """
        claim = uuid4().hex
        with self._transaction():
            if is_everything:
                self._end(desk, {one.key for one in found})
            self._connection.executemany(
                FOUND,
                [
                    (desk.scope, one.key, *desk.place[1:], one.kind, one.what, one.advice, now.isoformat())
                    for one in found
                ],
            )
            news = tuple(self._due(desk, now))
            self._connection.executemany(
                f"update alerts set claim = ?, claimed_until = ?, telling = ? where {OF_RECIPIENT} and key = ?",
                [(claim, (now + CLAIM).isoformat(), one.event, *desk.place, one.incident.key) for one in news],
            )
        return claim, news

    def settle(self, desk: Desk, claim: str, *, is_told: bool, now: datetime) -> None:
        """Enter what came of a claim: whatever was not told is due again at once."""
        with self._transaction():
            if is_told:
                self._connection.execute(
                    "delete from alerts where claim = ? and telling = 'ended' and is_over", (claim,)
                )
                # Whatever came back while its end was told has to be told anew.
                self._connection.execute(
                    "update alerts set told_at = iif(telling = 'ended', null, ?), is_told_in_earnest = ?"
                    " where claim = ?",
                    (now.isoformat(), desk.is_earnest, claim),
                )
            self._connection.execute("update alerts set claim = '' where claim = ?", (claim,))

    def _end(self, desk: Desk, keys: Iterable[str]) -> None:
        """Let end what is not there any more; where nobody was told that it began, nobody is told that it ended."""
        kept = tuple(keys)
        others = f"{OF_RECIPIENT} and key not in ({', '.join('?' * len(kept))})"
        never_told = "claim = '' and (told_at is null or is_told_in_earnest < ?)"
        self._connection.execute(
            f"delete from alerts where {others} and {never_told}", (*desk.place, *kept, desk.is_earnest)
        )
        self._connection.execute(f"update alerts set is_over = 1 where {others}", (*desk.place, *kept))

    def _due(self, desk: Desk, now: datetime) -> Iterable[News]:
        rows = self._connection.execute(
            "select key, kind, what, advice, began_at, is_over, told_at, is_told_in_earnest from alerts"
            f" where {OF_RECIPIENT} and (claim = '' or claimed_until < ?) order by began_at, key",
            (*desk.place, now.isoformat()),
        )
        for key, kind, what, advice, began_at, is_over, told_at, is_told_in_earnest in rows:
            incident, since = Told(key, kind, what, advice), datetime.fromisoformat(began_at)
            if is_over:
                yield News("ended", incident, since)
            elif told_at is None or is_told_in_earnest < desk.is_earnest:
                yield News("began", incident, since)
            elif now - datetime.fromisoformat(told_at) >= REPEAT_AFTER:
                yield News("lasts", incident, since)
