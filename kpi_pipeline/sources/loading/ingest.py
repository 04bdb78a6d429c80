"""One source's way from its inbox to ``raw``.

Here: the order of the steps, so that after a crash at any point the next run goes on where this one stopped, and so
that one bad file stops no other. How each step works belongs to the module that it calls.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb

from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import CustodyError, EngineError
from kpi_pipeline.sources.api.pull import ApiAccess, pulled_system
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.custody.arrival import Arrival, Contents, Decision, State
from kpi_pipeline.sources.custody.arrival_rules import ArrivalRules, Export
from kpi_pipeline.sources.custody.custody import Custody
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.intake import Finding, refusal_of, take_in
from kpi_pipeline.sources.custody.pull_intake import take_pull
from kpi_pipeline.sources.custody.retention import expire_files
from kpi_pipeline.sources.files.diagnosis import diagnose
from kpi_pipeline.sources.files.reading import prepare_file
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.loading.ingest_report import FileOutcome as FileOutcome
from kpi_pipeline.sources.loading.ingest_report import IngestReport as IngestReport
from kpi_pipeline.sources.loading.ingest_report import outcome_of
from kpi_pipeline.sources.loading.loading import load_file, unload_source
from kpi_pipeline.sources.loading.ownership import Batch
from kpi_pipeline.sources.loading.raw_tables import loaded_batches, standing_batches
from kpi_pipeline.sources.values.personal_data import without_addresses
from kpi_pipeline.warehouse.engine import Engine

# The kinds of engine errors that a file can cause; all others are the engine's own trouble and stop the run.
FILE_ERRORS = (duckdb.DataError, duckdb.IntegrityError, duckdb.ProgrammingError)


def ingest_source(
    name: str,
    source: Source,
    *,
    engine: Engine,
    ledger: CustodyLedger,
    paths: Paths,
    as_of: date,
    now: datetime,
    hash_key: bytes | None,
    access: ApiAccess | None = None,
    settle_seconds: float = 2,
) -> IngestReport:
    """Take what arrived for one source into custody and into ``raw``; files that break the contract go to quarantine.

    Args:
        name: the source's name.
        source: its configuration.
        engine: the warehouse; its raw tables are prepared and compared with the ledger.
        ledger: the custody ledger.
        paths: where inboxes and custody are.
        as_of: the day of the run.
        now: the current instant, with its time zone.
        hash_key: key for the hashes of personal data.
        access: how APIs are reached; without it they lack every secret.
        settle_seconds: how long a file must have been left unchanged before it is taken; 0 takes every file.

    Raises:
        ConfigurationError: the source's contract cannot be built.
        CustodyError: the store cannot be written, or stored files are missing or damaged.
        EngineError: the warehouse fails for a reason that is not in a file.
    """
    custody = Custody(paths.custody)
    custody.clear_incomplete()
    finding = Finding(now, as_of, settle_seconds)
    if (system := pulled_system(source.system)) is not None:
        intake = take_pull(name, source, system, finding, access or ApiAccess(), ledger=ledger, custody=custody)
    else:
        inbox = paths.inbox / (source.inbox or name)
        intake = take_in(name, inbox, source.files, finding, ledger=ledger, custody=custody)
    ingest = _Ingest(name, source, engine, ledger, custody, hash_key)
    outcomes = ingest.decide_open_arrivals(fresh=intake.stored)
    expired = expire_files(name, source.keep_files_days, ledger=ledger, custody=custody, now=now)
    if expired:
        ingest.notes.append(
            f"The bytes of {len(expired)} file(s) were deleted from custody, {source.keep_files_days} days after they "
            "arrived. Their rows stay and cannot be made anew from now on."
        )
    unreadable = [FileOutcome(refused.file, "", "quarantined", 0, str(refused)) for refused in intake.unreadable]
    return IngestReport(name, (*unreadable, *outcomes), intake.unsettled, tuple(ingest.notes))


def replay_source(
    name: str, source: Source, *, engine: Engine, ledger: CustodyLedger, paths: Paths, hash_key: bytes | None
) -> IngestReport:
    """Load all files of a source anew from custody; the same tables come out.

    Raises:
        ConfigurationError: the source's contract cannot be built.
        CustodyError: stored files are missing or damaged; nothing is changed then.
        EngineError: the warehouse fails for a reason that is not in a file.
    """
    ingest = _Ingest(name, source, engine, ledger, Custody(paths.custody), hash_key)
    ingest.open_again(lambda arrival: arrival.state not in (None, "quarantined"))
    return IngestReport(name, tuple(ingest.decide_open_arrivals(fresh=())), (), tuple(ingest.notes))


class _Ingest:
    """One source's arrivals on their way from custody to the warehouse."""

    def __init__(
        self,
        name: str,
        source: Source,
        engine: Engine,
        ledger: CustodyLedger,
        custody: Custody,
        hash_key: bytes | None,
    ) -> None:
        self._name = name
        self._source = source
        self._contract = build_contract(name, source)
        self._rules = ArrivalRules(name, self._contract.fingerprint, source.exported_at)
        self._engine = engine
        self._ledger = ledger
        self._custody = custody
        self._hash_key = hash_key
        self._loaded = loaded_batches(engine, name)
        self.notes: list[str] = []

    def open_again(self, is_meant: Callable[[Arrival], bool]) -> None:
        """Take everything out of the warehouse that can be loaded anew, and open the arrivals that are meant.

        What came from files whose bytes are deleted stays as it is: nothing could bring it back.
        """
        arrivals = self._arrivals()
        usable = {arrival.file.sha256 for arrival in arrivals}
        kept = {batch_id: batch for batch_id, batch in self._loaded.items() if batch.sha256 not in usable}
        for batch in self._loaded.values():
            if batch.batch_id not in kept:
                self._custody.verified(batch.sha256)
        self._ledger.reopen([arrival.arrival_id for arrival in arrivals if is_meant(arrival)])
        unload_source(self._engine, self._name, kept)
        self._loaded = kept
        if kept:
            self.notes.append(
                f"{len(kept)} file(s) were not loaded anew, because their bytes were deleted from custody; their rows "
                "stay as the configuration of their time made them."
            )

    def _arrivals(self) -> list[Arrival]:
        """Return the arrivals whose bytes are in custody."""
        arrivals = self._ledger.arrivals(self._name)
        return [arrival for arrival in arrivals if arrival.file.sha256 and arrival.expired_at is None]

    def decide_open_arrivals(self, fresh: Collection[str]) -> list[FileOutcome]:
        """Decide on all arrivals without a state, and again on those that another contract put in quarantine.

        Args:
            fresh: hashes that were stored by this run and need not be verified.
        """
        arrivals = self._arrivals()
        expired = {entry.file.sha256 for entry in self._ledger.arrivals(self._name) if entry.expired_at is not None}
        if self._rules.is_outdated([batch for batch in self._loaded.values() if batch.sha256 not in expired], arrivals):
            self.open_again(lambda _: True)
            arrivals = self._arrivals()
        newest = self._rules.newest_exports(arrivals)
        waiting = sorted(
            filter(self._rules.is_open, arrivals),
            key=lambda arrival: (*newest.get(arrival.file.sha256, (datetime.min, "")), arrival.arrival_id),
        )
        if not waiting:
            return []
        held = {arrival.file.sha256 for arrival in arrivals if arrival.state in ("loaded", "superseded")}
        confirmed = self._ledger.confirmed(self._name)
        # An export that was accepted once is not refused when it is loaded anew, after files that arrived behind it.
        accepted = {(entry.file.sha256, self._rules.export_time(entry)) for entry in arrivals if entry.was_accepted}
        decisions: list[Decision] = []
        damage: CustodyError | None = None
        with self._custody.scratch() as scratch:
            for arrival in waiting:
                sha256 = arrival.file.sha256
                try:
                    # What was stored by this very run need not be read once more.
                    path = self._custody.path(sha256) if sha256 in fresh else self._custody.verified(sha256)
                except CustodyError as error:
                    damage = damage or error  # stays open until its bytes are back, while the others go on
                    continue
                is_confirmed = sha256 in confirmed or (sha256, newest.get(sha256, (None,))[0]) in accepted
                load = partial(self._load, arrival.file.file_name, path, scratch, is_confirmed)
                decisions.append(self._decide(arrival, newest, sha256 in held, load))
                if decisions[-1].state == "loaded":
                    held.add(sha256)
        decisions = self._record(arrivals, decisions)
        if damage is not None:
            raise damage
        files = {arrival.arrival_id: arrival.file for arrival in waiting}
        return [outcome_of(files[decision.arrival_id], decision) for decision in decisions]

    def _decide(
        self,
        arrival: Arrival,
        newest: Mapping[str, Export],
        is_held: bool,
        load: Callable[[Batch], Contents],
    ) -> Decision:
        file = arrival.file
        time = self._rules.export_time(arrival)
        if isinstance(time, RefusedFile):
            return self._quarantined(arrival, None, time)
        exported_at, file_name = newest[file.sha256]
        batch = Batch(
            batch_id=self._rules.batch_id(file.sha256),
            source=self._name,
            file_name=file_name,
            sha256=file.sha256,
            exported_at=exported_at,
            loaded_for=file.arrived_for,
        )
        decided = Decision(arrival.arrival_id, "loaded", time, batch.batch_id, self._rules.fingerprint)
        if is_held and not self._is_news(batch):
            return replace(decided, state="duplicate")
        try:
            contents = load(batch)
        except RefusedFile as refused:
            return self._quarantined(arrival, time, refused)
        return replace(decided, state="duplicate" if is_held else "loaded", contents=contents)

    def _quarantined(self, arrival: Arrival, time: datetime | None, refused: RefusedFile) -> Decision:
        return Decision(
            arrival.arrival_id, "quarantined", time, None, self._rules.fingerprint, refusal=refusal_of(refused)
        )

    def _is_news(self, batch: Batch) -> bool:
        """Tell whether the warehouse lacks a batch, or has it as an older export of the same bytes."""
        standing = self._loaded.get(batch.batch_id)
        return standing is None or standing.exported_at < batch.exported_at

    def _load(self, file_name: str, path: Path, scratch: Path, is_confirmed: bool, batch: Batch) -> Contents:
        prepared = prepare_file(path, file_name, self._contract, hash_key=self._hash_key, scratch=scratch)
        try:
            # After a crash between the warehouse's commit and the ledger's, the rows are there already.
            if self._is_news(batch):
                self._loaded[batch.batch_id] = load_file(
                    self._engine,
                    prepared,
                    batch,
                    account_id=self._source.account_id,
                    coverage=self._source.coverage,
                    is_confirmed=is_confirmed,
                    refuse_no_rows=self._contract.refuse_no_rows,
                    is_loaded=batch.batch_id in self._loaded,
                )
        except EngineError as error:
            if not isinstance(error.__cause__, FILE_ERRORS):
                raise
            raise diagnose(path, file_name, self._contract, error.__cause__) from error
        finally:
            if prepared.temporary is not None:
                prepared.temporary.unlink(missing_ok=True)
        standing = self._loaded[batch.batch_id]
        return Contents(
            rows=standing.rows_loaded,
            first_day=standing.first_day,
            last_day=standing.last_day,
            control_totals={name: Decimal(total) for name, total in prepared.control_totals.items()},
            is_end_verifiable=prepared.is_end_verifiable,
            unknown_columns=tuple(map(without_addresses, prepared.unknown_columns)),
            notes=prepared.notes,
        )

    def _record(self, arrivals: Sequence[Arrival], decisions: Sequence[Decision]) -> list[Decision]:
        """Enter decisions, and which files they left without any row or day, in one step: a crash undoes both."""
        corrections: dict[int, State] = {}
        if any(decision.contents is not None for decision in decisions):
            standing = standing_batches(self._engine, self._name)
            decisions = [
                replace(decision, state=_standing_state(decision, standing)) if decision.state == "loaded" else decision
                for decision in decisions
            ]
            corrections = {
                arrival.arrival_id: _standing_state(arrival, standing)
                for arrival in arrivals
                if arrival.state in ("loaded", "superseded")
            }
        self._ledger.decide(decisions, corrections)
        return list(decisions)


def _standing_state(file: Arrival | Decision, standing: Collection[str]) -> State:
    speaks_for_days = file.contents is not None and file.contents.first_day is not None
    return "superseded" if speaks_for_days and file.batch_id not in standing else "loaded"
