"""Loading one prepared file into ``raw`` in one transaction, and taking a load back.

Here: inserting, checking what was inserted, and the guard against empty answers. Which rows stand afterwards is decided
in ``ownership``; what is recorded about the file outside the warehouse belongs to ``ingest``.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from kpi_pipeline.sources.files.reading import PreparedFile, PreparedTable, verify_totals
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.loading.ownership import (
    AccountDay,
    Batch,
    Claim,
    claim_days,
    compare_days,
    remove_lost_days,
    settle_entities,
)
from kpi_pipeline.sources.loading.raw_tables import BATCHES, COVERED_DAYS, LoadedBatch, enter_batch
from kpi_pipeline.sources.subjects import SUBJECTS, Subject
from kpi_pipeline.warehouse.changes import record_changes
from kpi_pipeline.warehouse.engine import Engine

DAY_UNITS = ("day", "event_day")
LEAST_SHARE = Decimal("0.1")
CONFIRM_ADVICE = "Export the file again; if there really is no more, confirm this file: kpi sources --confirm FILE."


@dataclass(frozen=True)
class _Inserted:
    subject: Subject
    rows: int
    keys: frozenset[AccountDay]
    sums: dict[str, Decimal | int | float | None]


def batch_id(source: str, sha256: str, contract_fingerprint: str) -> str:
    """Return the id of a file's load: the same bytes under the same contract give the same id."""
    return hashlib.sha256(f"{source}\n{sha256}\n{contract_fingerprint}".encode()).hexdigest()[:16]


def load_file(
    engine: Engine,
    prepared: PreparedFile,
    batch: Batch,
    *,
    account_id: str,
    coverage: Literal["range", "days_present"],
    is_confirmed: bool,
    refuse_no_rows: bool = False,
    is_loaded: bool = False,
) -> LoadedBatch:
    """Load a file; whatever raises leaves the warehouse as it was.

    Args:
        engine: the warehouse, outside a transaction.
        prepared: the file's queries.
        batch: where the rows come from.
        account_id: the account that a file without rows speaks for.
        coverage: which days a file speaks for that does not say so itself.
        is_confirmed: somebody confirmed that the file may bring much less than what it replaces.
        refuse_no_rows: a file without any row is suspicious even if nothing arrived before.
        is_loaded: the same batch was loaded with an earlier export time, and is replaced.

    Raises:
        RefusedFile: the inserted rows contradict the file's own totals or dates, or they are far too few.
        EngineError: a value breaks the contract, or the warehouse fails.
    """
    with engine.transaction():
        if is_loaded:
            _remove(engine, batch.key)
        inserted = [_insert(engine, prepared, batch, table) for table in prepared.tables]
        verify_totals(prepared, inserted[0].sums, inserted[0].rows)
        if not is_confirmed:
            if refuse_no_rows and not any(table.rows for table in inserted):
                raise _too_little(batch.file_name, "no rows at all", "rows, as every file of this source has some")
            _refuse_empty(engine, prepared, batch, inserted)
        covered_days = _covered_days(prepared, inserted, coverage)
        accounts = {account for table in inserted for account, _ in table.keys} or {account_id}
        for table in inserted:
            covered = table.keys
            if covered_days is not None:
                covered = frozenset((account, day) for account in accounts for day in covered_days)
            if table.subject.holds_on:
                covered |= _days_until_export(table.keys, batch)
            claim = claim_days(engine, batch, table.subject, covered)
            record_changes(engine, COVERED_DAYS, {day for _, day in claim.first_covered})
            if table.subject.unit in DAY_UNITS:
                changed = _settle_days(engine, batch, table.subject, claim, is_confirmed)
                record_changes(engine, table.subject.table, changed)
        for subjects in _by_entity(inserted):
            for subject, changed in settle_entities(engine, batch, subjects).items():
                record_changes(engine, SUBJECTS[subject].table, changed)
        days = covered_days or {day for table in inserted for _, day in table.keys}
        loaded = LoadedBatch(
            **asdict(batch),
            rows_loaded=sum(table.rows for table in inserted),
            first_day=min(days, default=None),
            last_day=max(days, default=None),
        )
        enter_batch(engine, loaded)
        record_changes(engine, BATCHES, None)
    return loaded


def unload_source(engine: Engine, source: str, kept: Collection[str] = ()) -> None:
    """Remove what a source brought, except the batches ``kept``, so that all its other files can be loaded anew."""
    with engine.transaction():
        _remove(engine, {"source": source}, kept)


def _remove(engine: Engine, key: dict[str, object], kept: Collection[str] = ()) -> None:
    condition = " and ".join(f"{column} = ${column}" for column in key)
    if kept:
        condition += " and batch_id not in (select unnest($kept::varchar[]))"
        key = key | {"kept": sorted(kept)}
    for table in (*(subject.table for subject in SUBJECTS.values()), COVERED_DAYS):
        days = engine.read(f"select distinct day from {table} where {condition}", key)["day"].to_pylist()
        if days:
            engine.run(f"delete from {table} where {condition}", key)
            record_changes(engine, table, days)
    engine.run(f"delete from {BATCHES} where {condition}", key)
    record_changes(engine, BATCHES, None)


def _insert(engine: Engine, prepared: PreparedFile, batch: Batch, table: PreparedTable) -> _Inserted:
    subject = SUBJECTS[table.subject]
    columns = ", ".join((*subject.columns, "account_id"))
    engine.run(
        f"insert into {subject.table} ({columns}, source, batch_id, exported_at)\n"
        f"select {columns}, $batch_source, $batch_id, $batch_exported_at from (\n{table.query}\n) as arrived",
        prepared.parameters
        | {"batch_source": batch.source, "batch_id": batch.batch_id, "batch_exported_at": batch.exported_at},
    )
    day = subject.unit if subject.unit in DAY_UNITS else "day"
    totals = prepared.control_totals if table is prepared.tables[0] else {}
    sums = "".join(f", sum({column}) as sum_{column}" for column in totals)
    groups = engine.read(
        f"select account_id, {day} as day, count(*) as row_count{sums} from {subject.table}"
        " where source = $source and batch_id = $batch_id group by all",
        batch.key,
    ).to_pylist()
    return _Inserted(
        subject,
        rows=sum(group["row_count"] for group in groups),
        keys=frozenset((group["account_id"], group["day"]) for group in groups if group["day"] is not None),
        sums={column: _sum([group[f"sum_{column}"] for group in groups]) for column in totals},
    )


def _sum(parts: Sequence[Decimal | int | float | None]) -> Decimal | int | float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _covered_days(
    prepared: PreparedFile, inserted: Sequence[_Inserted], coverage: Literal["range", "days_present"]
) -> frozenset[date] | None:
    """Return the days that the whole file speaks for; None if each table speaks only for the days that it has."""
    days = {day for table in inserted for _, day in table.keys}
    if prepared.stated_range is not None:
        first, last = prepared.stated_range
        # What changed in a range may have begun before it, but a day's figures belong to that day.
        dated = {day for table in inserted if table.subject.unit in DAY_UNITS for _, day in table.keys}
        if outside := [day for day in dated if not first <= day <= last]:
            raise RefusedFile(
                prepared.file_name,
                found=f"rows of {min(outside)}",
                expected=f"only days of the range that the file states, {first} to {last}",
                advice="Export the file again.",
            )
    elif coverage == "days_present" or not days:
        return None
    else:
        first, last = min(days), max(days)
    return frozenset(first + timedelta(days=offset) for offset in range((last - first).days + 1))


def _days_until_export(keys: Collection[AccountDay], batch: Batch) -> frozenset[AccountDay]:
    first = {account: min(day for each, day in keys if each == account) for account, _ in keys}
    return frozenset(
        (account, start + timedelta(days=offset))
        for account, start in first.items()
        for offset in range((batch.exported_at.date() - start).days)
    )


def _refuse_empty(engine: Engine, prepared: PreparedFile, batch: Batch, inserted: Sequence[_Inserted]) -> None:
    for table in inserted:
        if table.rows or table.subject.unit not in DAY_UNITS:
            continue
        history = f"select 1 from {table.subject.table} where source = $source limit 1"
        if engine.read(history, {"source": batch.source}).num_rows:
            raise _too_little(batch.file_name, "no rows at all", f"rows, as earlier files brought {table.subject.name}")


def _settle_days(engine: Engine, batch: Batch, subject: Subject, claim: Claim, is_confirmed: bool) -> set[date]:
    if claim.taken:
        changes = compare_days(engine, batch, subject, claim)
        taken = [change for key, change in changes if key in claim.taken]
        before, after = sum(change.before.rows for change in taken), sum(change.after.rows for change in taken)
        if not is_confirmed and after < before * LEAST_SHARE:
            days = sorted(day for _, day in claim.taken)
            raise _too_little(
                batch.file_name,
                f"{after} rows of {subject.name} for {days[0]} to {days[-1]}",
                f"about {before}, as many as it would replace",
            )
        changed = {change.day for _, change in changes if change.before != change.after}
    if claim.taken or claim.lost:
        remove_lost_days(engine, batch, subject, claim)
    if not claim.taken:
        own = f"select distinct day from {subject.table} where source = $source and batch_id = $batch_id"
        changed = set(engine.read(own, batch.key)["day"].to_pylist())
    return changed


def _too_little(file_name: str, found: str, expected: str) -> RefusedFile:
    return RefusedFile(
        file_name,
        found=found,
        expected=expected,
        advice=CONFIRM_ADVICE,
    )


def _by_entity(inserted: Sequence[_Inserted]) -> Collection[list[Subject]]:
    entities: dict[str, list[Subject]] = {}
    for table in inserted:
        if table.subject.unit not in DAY_UNITS:
            entities.setdefault(table.subject.unit, []).append(table.subject)
    return entities.values()
