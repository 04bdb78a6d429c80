"""How every source stands: plain values for the command line and for ``kpi.quality``.

Here: what can be told from the ledger and from the covered days. Add a field when people ask a new question about a
source. Wording and tables belong to those who show it; what a state means is decided in ``ingest``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.custody.arrival import Arrival, Failure, Refusal
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.lateness import days_late, newest_accepted
from kpi_pipeline.sources.custody.quarantine import is_confirmable, waiting_files
from kpi_pipeline.sources.loading.raw_tables import COVERED_DAYS
from kpi_pipeline.warehouse.engine import Engine


@dataclass(frozen=True)
class Coverage:
    """The days of one subject that a source speaks for.

    Attributes:
        missing_days: days between the first covered one and the run's day that no file speaks for.
        provisional_days: covered days that the source may still change.
    """

    subject: str
    first_day: date
    last_day: date
    covered_days: int
    missing_days: tuple[date, ...]
    provisional_days: tuple[date, ...]


@dataclass(frozen=True)
class QuarantinedFile:
    """A file that was refused and that no later file of the same name or bytes has replaced.

    Attributes:
        is_confirmable: only its few rows speak against it, and somebody may confirm them.
        is_kept: its bytes are in custody, so that it can be released.
    """

    file_name: str
    sha256: str
    arrived_at: datetime
    refusal: Refusal
    is_confirmable: bool = False
    is_kept: bool = True


@dataclass(frozen=True)
class SourceState:
    """How one source stands on one day.

    Attributes:
        last_file: name of the newest file that was accepted, by its export time.
        exported_at: when that file was exported, in UTC.
        is_late: nothing was exported within the time that the source promises.
        files: number of arrivals in each state; ``None`` counts those without one.
        arrived_at: when the newest file arrived.
        inbox: its folder below the inbox.
        is_pulled: whether it comes from an API and not from the inbox.
        promised_every_days: what the source promises.
        late_by_days: how long the promise is broken; 0 where it is kept, None where nothing arrived yet.
        waiting: names of the files that the next run decides on.
        expired_files: number of files whose bytes were deleted from custody because of their age.
        failure: why the source could not be taken when that was tried last.
        frozen_files: those among them whose rows were made by another configuration than today's, and stay so.
    """

    source: str
    system: str
    last_file: str | None
    exported_at: datetime | None
    is_late: bool
    files: Mapping[str | None, int]
    coverage: tuple[Coverage, ...]
    quarantine: tuple[QuarantinedFile, ...]
    arrived_at: datetime | None = None
    is_pulled: bool = False
    inbox: str = ""
    promised_every_days: int = 1
    late_by_days: int | None = None
    waiting: tuple[str, ...] = ()
    expired_files: int = 0
    frozen_files: int = 0
    failure: Failure | None = None


def source_states(
    sources: Mapping[str, Source], *, engine: Engine, ledger: CustodyLedger, calendar: CompanyCalendar, as_of: date
) -> list[SourceState]:
    """Return the state of every configured source, by name.

    Args:
        sources: the configured sources.
        engine: the warehouse.
        ledger: the custody ledger.
        calendar: says which day an export belongs to.
        as_of: the run's day, the first that is not complete.
    """
    failures = ledger.failures()
    states = (
        _state(
            name, sources[name], ledger.arrivals(name), _coverage(engine, name, sources[name], as_of), calendar, as_of
        )
        for name in sorted(sources)
    )
    return [replace(state, failure=failures.get(state.source)) for state in states]


def _state(
    name: str,
    source: Source,
    arrivals: Sequence[Arrival],
    coverage: tuple[Coverage, ...],
    calendar: CompanyCalendar,
    as_of: date,
) -> SourceState:
    newest = newest_accepted(arrivals)
    late_by_days = days_late(source, newest, calendar, as_of)
    expired = [arrival for arrival in arrivals if arrival.expired_at is not None]
    return SourceState(
        source=name,
        system=source.system,
        last_file=newest.file.file_name if newest else None,
        exported_at=newest.exported_at if newest else None,
        is_late=late_by_days != 0,
        files=dict(Counter(arrival.state for arrival in arrivals)),
        coverage=coverage,
        quarantine=tuple(_quarantined(arrival) for arrival in waiting_files(arrivals)),
        arrived_at=newest.file.arrived_at if newest else None,
        inbox=source.inbox or name,
        is_pulled=source.pull is not None,
        promised_every_days=source.promised_every_days,
        late_by_days=late_by_days,
        waiting=tuple(
            arrival.file.file_name for arrival in arrivals if arrival.state is None and arrival.expired_at is None
        ),
        expired_files=len(expired),
        frozen_files=_frozen(name, source, expired),
    )


def _quarantined(arrival: Arrival) -> QuarantinedFile:
    assert arrival.refusal is not None
    file = arrival.file
    return QuarantinedFile(
        file.file_name,
        file.sha256,
        file.arrived_at,
        arrival.refusal,
        is_confirmable=is_confirmable(arrival.refusal),
        is_kept=bool(file.sha256) and arrival.expired_at is None,
    )


def _frozen(name: str, source: Source, expired: Sequence[Arrival]) -> int:
    standing = [arrival for arrival in expired if arrival.state == "loaded"]
    if not standing:
        return 0
    fingerprint = build_contract(name, source).fingerprint
    return sum(arrival.contract_fingerprint != fingerprint for arrival in standing)


def _coverage(engine: Engine, name: str, source: Source, as_of: date) -> tuple[Coverage, ...]:
    rows = engine.read(
        f"select distinct subject, day from {COVERED_DAYS} where source = $source order by subject, day",
        {"source": name},
    ).to_pylist()
    subjects: dict[str, list[date]] = {}
    for row in rows:
        subjects.setdefault(row["subject"], []).append(row["day"])
    return tuple(
        Coverage(
            subject=subject,
            first_day=days[0],
            last_day=days[-1],
            covered_days=len(days),
            # A source that speaks only for the days that it has rows of leaves no gaps.
            missing_days=_missing(days, as_of) if source.coverage == "range" else (),
            provisional_days=tuple(day for day in days if day >= as_of - timedelta(days=source.restates_days)),
        )
        for subject, days in subjects.items()
    )


def _missing(days: Sequence[date], as_of: date) -> tuple[date, ...]:
    covered = set(days)
    span = (days[0] + timedelta(days=offset) for offset in range((as_of - days[0]).days))
    return tuple(day for day in span if day not in covered)
