"""What was said when: a small SQLite file outside the warehouse with every value that was ever published.

Here: remembering published values and finding those that are new; the sums that the standing ones were made from, why
one replaced another, and which were sent in reports. It survives the loss of the warehouse, because what was once said
cannot be computed again. Which values are published is decided in ``refresh``.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kpi_pipeline.catalogue.history.coverage import Coverage
from kpi_pipeline.catalogue.history.parts import Parts
from kpi_pipeline.catalogue.history.publication_tables import OF_PUBLICATIONS, SCHEMA, SUPERSEDED_PARTS
from kpi_pipeline.catalogue.history.reported_value import COLUMNS, Standing, read_value
from kpi_pipeline.catalogue.history.reported_value import ReportedValue as ReportedValue
from kpi_pipeline.catalogue.history.restatement import MadeFrom, Place, Restatement
from kpi_pipeline.config.report import Audience
from kpi_pipeline.warehouse.ledger import Ledger

EVERY_KPI = ""
SAME_PLACE = "reported.kpi_id = :kpi_id and reported.week_start = :week_start and reported.audience = :audience"


OF_PUBLICATION = ("snapshot_id", "published_at")
OWN_COLUMNS = tuple(name for name in COLUMNS if name not in OF_PUBLICATION)
RESTATED_COLUMNS = tuple(field.name for field in fields(Restatement))


class PublicationLedger(Ledger):
    """The open ledger; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._connection.executescript(SCHEMA)

    def last_publication(self) -> tuple[str, datetime] | None:
        """Return the id of the snapshot that was entered last, and when it was made."""
        query = "select snapshot_id, published_at from publications order by publication desc limit 1"
        found = self._connection.execute(query).fetchone()
        return (found[0], datetime.fromisoformat(found[1])) if found else None

    def last_day(self) -> date | None:
        """Return the day of the run that published last; None before the first."""
        query = "select as_of from publications order by publication desc limit 1"
        found = self._connection.execute(query).fetchone()
        return date.fromisoformat(found[0]) if found else None

    def values(self) -> list[ReportedValue]:
        """Return all values that were published, oldest first."""
        rows = self._connection.execute(
            f"select {', '.join(COLUMNS)} from reported inner join publications using (publication)"
            " order by publication, reported.rowid"
        )
        return [read_value(row) for row in rows]

    def news(self, values: Sequence[ReportedValue]) -> list[ReportedValue]:
        """Return those values that say something else than what was last published in their place."""
        last = {value.place: value.content for value in self.values()}
        return [value for value in values if last.get(value.place) != value.content]

    def standing(self) -> dict[Place, Standing]:
        """Return what was last published in every place."""
        # Of a group with max(), SQLite takes the other columns from the row that has it.
        rows = self._connection.execute(
            f"select {', '.join(COLUMNS)}, max(publication) from reported inner join publications using (publication)"
            " group by kpi_id, week_start, audience"
        )
        found = [Standing(row[-1], read_value(row[:-1])) for row in rows]
        return {one.value.place: one for one in found}

    def parts(self, standing: Standing) -> Parts | None:
        """Return what a standing value was made from; None if that was not kept."""
        kpi_id, week_start, audience = standing.value.place
        found = self._connection.execute(
            "select packed from parts where publication = ? and kpi_id = ? and week_start = ? and audience = ?",
            (standing.publication, kpi_id, week_start.isoformat(), audience),
        ).fetchone()
        return Parts.unpacked(found[0]) if found else None

    def coverage(self, publication: int) -> Coverage:
        """Return what sources had delivered until a publication, as far as a standing value needs it."""
        query = "select packed from coverage where publication = ?"
        found = self._connection.execute(query, (publication,)).fetchone()
        return Coverage.unpacked(found[0]) if found else Coverage()

    def batches(self, publication: int) -> set[str]:
        """Return the files that were loaded until a publication."""
        rows = self._connection.execute("select batch_id from batches where publication <= ?", (publication,))
        return {batch_id for (batch_id,) in rows}

    def restatements(self) -> list[Restatement]:
        """Return all changes of published values with their causes, oldest first."""
        rows = self._connection.execute(
            f"select {', '.join(RESTATED_COLUMNS)} from restated order by publication, restated.rowid"
        )
        return [_restatement(row) for row in rows]

    def sent(self) -> dict[Place, ReportedValue]:
        """Return the values that the last issued report of each week and audience showed."""
        return {value.place: value for value in self._issued("", {})}

    def told(self, place: Place) -> ReportedValue | None:
        """Return what readers know of a finished week: what the first report of it said, or a correction since.

        A report that is issued again with a slightly different value tells nobody, so many small steps count together.
        """
        kpi_id, week_start, audience = place
        key = {"kpi_id": kpi_id, "week_start": week_start.isoformat(), "audience": audience}
        issued = self._issued(f"where {SAME_PLACE} group by shown.publication", key)
        first = next((value for value in issued if not value.is_open), None)
        corrected = self._connection.execute(
            f"select new_value from restated as reported where {SAME_PLACE} and is_correction"
            " order by publication desc limit 1",
            key,
        ).fetchone()
        return replace(first, value=corrected[0]) if first and corrected else first

    def _issued(self, chosen: str, key: dict[str, str]) -> Iterator[ReportedValue]:
        """What issued reports showed: by ``chosen``, else the last one of each place."""
        rows = self._connection.execute(
            f"select {', '.join(f'{_table_of(name)}.{name}' for name in COLUMNS)}, max(reported.publication)"
            " from issued"
            " inner join publications as shown on shown.snapshot_id = issued.snapshot_id"
            " inner join reported on reported.week_start = issued.week_start and reported.audience = issued.audience"
            " and reported.publication <= shown.publication and issued.kpi_id in (reported.kpi_id, :every_kpi)"
            " inner join publications on publications.publication = reported.publication"
            f" {chosen or 'group by reported.kpi_id, reported.week_start, reported.audience'}"
            " order by shown.publication",
            key | {"every_kpi": EVERY_KPI},
        )
        return (read_value(row[:-1]) for row in rows)

    def enter_issue(
        self,
        snapshot_id: str,
        week_start: date,
        audience: Audience,
        issued_at: datetime,
        kpis: Collection[str] | None = None,
    ) -> None:
        """Enter that a report of a week was issued from a snapshot, of all KPIs or of some; again changes nothing."""
        at = issued_at.astimezone(UTC).replace(tzinfo=None).isoformat()
        self._connection.executemany(
            "insert or ignore into issued (week_start, audience, snapshot_id, kpi_id, issued_at)"
            " values (?, ?, ?, ?, ?)",
            [
                (week_start.isoformat(), audience, snapshot_id, kpi_id, at)
                for kpi_id in ([EVERY_KPI] if kpis is None else sorted(kpis))
            ],
        )

    def enter(
        self,
        snapshot_id: str,
        as_of: date,
        published_at: datetime,
        news: Sequence[ReportedValue],
        made_from: MadeFrom | None = None,
    ) -> None:
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
            if made_from is not None:
                self._enter_made_from(publication, made_from)

    def _enter_made_from(self, publication: int | None, made_from: MadeFrom) -> None:
        run = self._connection.executemany
        run(
            "insert into parts (publication, kpi_id, week_start, audience, packed) values (?, ?, ?, ?, ?)",
            [
                (publication, kpi_id, week_start.isoformat(), audience, parts.packed())
                for (kpi_id, week_start, audience), parts in made_from.parts.items()
            ],
        )
        run(
            "insert or ignore into batches (batch_id, publication) values (?, ?)",
            [(batch_id, publication) for batch_id in sorted(made_from.batches)],
        )
        run(
            f"insert into restated (publication, {', '.join(RESTATED_COLUMNS)})"
            f" values ({', '.join('?' * (1 + len(RESTATED_COLUMNS)))})",
            [
                (publication, *(_stored(getattr(one, name)) for name in RESTATED_COLUMNS))
                for one in made_from.restatements
            ],
        )
        if made_from.coverage is not None:
            run(
                "insert into coverage (publication, packed) values (?, ?)",
                [(publication, made_from.coverage.packed())],
            )

    def settle(self, current: str | None) -> None:
        """Forget publications that never became public; call it before a run publishes and again when it has.

        Args:
            current: the snapshot that readers see now, or None if there is none.
        """
        with self._transaction():
            self._connection.execute("update publications set is_public = 1 where snapshot_id = ?", (current,))
            for table in OF_PUBLICATIONS:
                self._connection.execute(
                    f"delete from {table} where publication in"
                    " (select publication from publications where is_public = 0)"
                )
            self._connection.execute(SUPERSEDED_PARTS)
            self._connection.execute("delete from coverage where publication not in (select publication from parts)")


def _stored(part: object) -> object:
    return part.isoformat() if isinstance(part, date) else part


def _table_of(column: str) -> str:
    return "publications" if column in OF_PUBLICATION else "reported"


def _restatement(row: tuple[Any, ...]) -> Restatement:
    stored = dict(zip(RESTATED_COLUMNS, row, strict=True))
    return Restatement(
        **stored
        | {
            "week_start": date.fromisoformat(stored["week_start"]),
            "from_published_at": datetime.fromisoformat(stored["from_published_at"]),
            "to_published_at": datetime.fromisoformat(stored["to_published_at"]),
            "was_sent": bool(stored["was_sent"]),
            "is_correction": bool(stored["is_correction"]),
        }
    )
