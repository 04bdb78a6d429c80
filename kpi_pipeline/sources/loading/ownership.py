"""Which batch's rows stand: per day for facts, per identifier for entities, the newest export wins.

Here: the decision, the removal of the losers' rows, and which days really changed by it. It is made over rows that are
already inserted, so that a large file is written once. Everything else about a load belongs to ``loading``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kpi_pipeline.sources.loading.raw_tables import COVERED_DAYS
from kpi_pipeline.sources.subjects import Subject
from kpi_pipeline.warehouse.engine import Engine

AccountDay = tuple[str, date]


@dataclass(frozen=True)
class Batch:
    """One file's load.

    Attributes:
        batch_id: derived from the file's bytes and its contract, so that a repeated load is recognised.
        exported_at: UTC without time zone; the newest wins, and the greater batch id among equals.
        loaded_for: the day of the run that found the file.
    """

    batch_id: str
    source: str
    file_name: str
    sha256: str
    exported_at: datetime
    loaded_for: date

    @property
    def rank(self) -> tuple[datetime, str]:
        """What is compared with other batches."""
        return (self.exported_at, self.batch_id)

    @property
    def key(self) -> dict[str, object]:
        """Parameters that find the batch's own rows."""
        return {"source": self.source, "batch_id": self.batch_id}


@dataclass(frozen=True)
class Claim:
    """What came of a batch's claim to days.

    Attributes:
        first_covered: days that nobody had spoken for.
        taken: days taken over from older exports.
        lost: days that belong to newer exports.
    """

    first_covered: frozenset[AccountDay]
    taken: frozenset[AccountDay]
    lost: frozenset[AccountDay]


@dataclass(frozen=True)
class Bag:
    """Some rows without an order: their number, and the sum of their hashes, which counts true twins."""

    rows: int = 0
    fingerprint: Decimal = Decimal(0)


@dataclass(frozen=True)
class DayChange:
    """The rows of one day before and after a load."""

    day: date
    before: Bag
    after: Bag


def claim_days(engine: Engine, batch: Batch, subject: Subject, covered: Collection[AccountDay]) -> Claim:
    """Enter the days that a batch speaks for into ``raw.covered_days``, except those of newer exports."""
    if not covered:
        return Claim(frozenset(), frozenset(), frozenset())
    standing = {
        (row["account_id"], row["day"]): (row["exported_at"], row["batch_id"])
        for row in engine.read(
            f"select account_id, day, exported_at, batch_id from {COVERED_DAYS}"
            " where source = $source and subject = $subject and day between $first_day and $last_day",
            {
                "source": batch.source,
                "subject": subject.name,
                "first_day": min(day for _, day in covered),
                "last_day": max(day for _, day in covered),
            },
        ).to_pylist()
    }
    claimed = frozenset(covered)
    first_covered = claimed - standing.keys()
    taken = frozenset(key for key in claimed - first_covered if standing[key] < batch.rank)
    subject_key = {"source": batch.source, "subject": subject.name}
    if taken:
        engine.run(
            f"delete from {COVERED_DAYS} as old"
            " using (select unnest($accounts::varchar[]) as account_id, unnest($days::date[]) as day) as taken"
            " where old.source = $source and old.subject = $subject"
            " and old.account_id = taken.account_id and old.day = taken.day",
            subject_key | _columns(taken),
        )
    if won := first_covered | taken:
        engine.run(
            f"insert into {COVERED_DAYS} (source, account_id, subject, day, batch_id, exported_at)"
            " select $source, unnest($accounts::varchar[]), $subject, unnest($days::date[]), $batch_id, $exported_at",
            subject_key | _columns(won) | {"batch_id": batch.batch_id, "exported_at": batch.exported_at},
        )
    return Claim(first_covered, taken, claimed - won)


def compare_days(engine: Engine, batch: Batch, subject: Subject, claim: Claim) -> list[tuple[AccountDay, DayChange]]:
    """Compare old and new rows of all days that the batch won, while both are still in the table.

    Returns:
        Per account and unit the change of each day: an event's day can differ from the day of its session.
    """
    groups = engine.read(
        f"select account_id, {subject.unit} as unit, day, {_bag_of_rows(subject)} from {subject.table} as standing"
        f" where source = $source and {subject.unit} between $first_day and $last_day group by all",
        batch.key | _range(claim.first_covered | claim.taken),
    ).to_pylist()
    bags = _bags(groups, "account_id", "unit", "day")
    return [
        ((account_id, unit), DayChange(day, bag_before, bag_after))
        for (account_id, unit, day), (bag_before, bag_after) in bags.items()
        if (account_id, unit) in claim.first_covered or (account_id, unit) in claim.taken
    ]


def remove_lost_days(engine: Engine, batch: Batch, subject: Subject, claim: Claim) -> None:
    """Delete every row of the claimed days whose batch does not own its day."""
    engine.run(
        f"delete from {subject.table} as standing using {COVERED_DAYS} as owner"
        " where standing.source = $source and owner.source = $source and owner.subject = $subject"
        f" and owner.account_id = standing.account_id and owner.day = standing.{subject.unit}"
        f" and owner.batch_id <> standing.batch_id and standing.{subject.unit} between $first_day and $last_day",
        {"source": batch.source, "subject": subject.name} | _range(claim.taken | claim.lost),
    )


def settle_entities(engine: Engine, batch: Batch, subjects: Sequence[Subject]) -> dict[str, set[date]]:
    """Leave of each entity only the newest export's rows, in all tables that share the entity's identifier.

    Args:
        engine: the warehouse, inside the transaction that inserted the batch's rows.
        batch: the batch.
        subjects: all subjects of the file with the same unit, e.g. orders and their lines.

    Returns:
        Per subject the days whose rows changed.
    """
    is_contested = _find_contested(engine, batch, subjects)
    changed = {}
    for subject in subjects:
        same_unit = f"contested.account_id = standing.account_id and contested.unit = standing.{subject.unit}"
        changed[subject.name] = _uncontested_days(engine, batch, subject, same_unit)
        if is_contested:
            changed[subject.name] |= _taken_days(engine, batch, subject, same_unit)
            engine.run(
                f"delete from {subject.table} as standing using contested_units as contested"
                f" where standing.source = $source and {same_unit}"
                " and (standing.batch_id = $batch_id) = contested.is_lost",
                batch.key,
            )
    engine.run("drop table contested_units")
    return changed


def _find_contested(engine: Engine, batch: Batch, subjects: Sequence[Subject]) -> bool:
    """Note in a temporary table which of the batch's units another batch has too; each has one owner until now.

    The owner is sought in all tables together: an order without lines still owns its lines.
    """
    everywhere = " union all ".join(
        f"select account_id, {subject.unit} as unit, exported_at, batch_id from {subject.table} where source = $source"
        for subject in subjects
    )
    # A table of its own: with its exact size known, the few new units are sought among the many, not the reverse.
    engine.run(
        f"create or replace temp table arrived_units as"
        f" select distinct account_id, unit from ({everywhere}) where batch_id = $batch_id",
        batch.key,
    )
    engine.run(
        f"""
        create or replace temp table contested_units as
        select distinct
            account_id,
            unit,
            exported_at > $exported_at or (exported_at = $exported_at and batch_id > $batch_id) as is_lost
        from ({everywhere}) as standing
        semi join arrived_units using (account_id, unit)
        where batch_id <> $batch_id
        """,
        batch.key | {"exported_at": batch.exported_at},
    )
    engine.run("drop table arrived_units")
    return bool(engine.read("select 1 from contested_units limit 1").num_rows)


def _uncontested_days(engine: Engine, batch: Batch, subject: Subject, same_unit: str) -> set[date]:
    days = engine.read(
        f"select distinct day from {subject.table} as standing anti join contested_units as contested on {same_unit}"
        " where source = $source and batch_id = $batch_id",
        batch.key,
    )
    return set(days["day"].to_pylist())


def _taken_days(engine: Engine, batch: Batch, subject: Subject, same_unit: str) -> set[date]:
    groups = engine.read(
        f"select day, {_bag_of_rows(subject)} from {subject.table} as standing"
        f" inner join contested_units as contested on {same_unit}"
        " where source = $source and not contested.is_lost group by all",
        batch.key,
    ).to_pylist()
    return {day for (day,), (before, after) in _bags(groups, "day").items() if before != after}


def _bag_of_rows(subject: Subject) -> str:
    columns = ", ".join(f"standing.{column}" for column in (*subject.columns, "account_id"))
    return f"standing.batch_id = $batch_id as is_new, count(*) as row_count, sum(hash({columns})) as fingerprint"


def _bags(groups: Sequence[Mapping[str, Any]], *key: str) -> dict[tuple[Any, ...], tuple[Bag, Bag]]:
    """Return for each key the bag before and the bag after; groups of one key and side occur once."""
    bags: dict[tuple[Any, ...], tuple[Bag, Bag]] = {}
    for group in groups:
        bag = Bag(group["row_count"], group["fingerprint"])
        identity = tuple(group[name] for name in key)
        before, after = bags.get(identity, (Bag(), Bag()))
        bags[identity] = (before, bag) if group["is_new"] else (bag, after)
    return bags


def _columns(keys: Collection[AccountDay]) -> dict[str, object]:
    ordered = sorted(keys)
    return {"accounts": [account for account, _ in ordered], "days": [day for _, day in ordered]}


def _range(keys: Collection[AccountDay]) -> dict[str, object]:
    days = [day for _, day in keys]
    return {"first_day": min(days), "last_day": max(days)}
