"""From an API into custody and into the ledger: the first half of an ingest, for sources that are pulled.

Here: asking, keeping the answers, and entering what arrived or why nothing did. A pull that fails is entered like a
file that cannot be read: it stops no other source, and the next one that succeeds closes it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from kpi_pipeline.config.source import Source
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.api.pull import ApiAccess, PastPulls, PulledSystem, pull_name, request_for, store_pull
from kpi_pipeline.sources.custody.arrival import Arrival, Decision, NewArrival
from kpi_pipeline.sources.custody.custody import Custody
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.intake import Finding, Intake, refusal_of
from kpi_pipeline.sources.files.refused_file import RefusedFile

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def take_pull(
    name: str,
    source: Source,
    system: PulledSystem,
    finding: Finding,
    access: ApiAccess,
    *,
    ledger: CustodyLedger,
    custody: Custody,
) -> Intake:
    """Ask a source's API for what this run needs, store the answers and enter them into the ledger without a state."""
    try:
        request = request_for(
            name,
            source,
            system,
            past_pulls(ledger.arrivals(name)),
            access=access,
            as_of=finding.as_of,
            now=finding.now,
        )
        if request is None:
            return Intake(frozenset(), (), ())
        with custody.scratch() as scratch:
            target = scratch / "pull.jsonl"
            store_pull(request, system, target)
            stored = custody.store(target)
    except ConfigurationError as error:
        refused = RefusedFile(pull_name(name), found=f"no way to ask: {error}", expected="a complete configuration")
        return _failed(name, refused, finding, ledger)
    except RefusedFile as error:
        return _failed(name, error, finding, ledger)
    if stored is None:
        raise AssertionError("nobody else writes into the scratch folder")
    custody.flush()
    ledger.register([_arrival(name, finding, stored.sha256, stored.size)])
    return Intake(frozenset({stored.sha256}), (), ())


def past_pulls(arrivals: Sequence[Arrival]) -> PastPulls | None:
    """Return what the accepted pulls of a source spoke for, None where there is none."""
    days = []
    newest: tuple[datetime, Arrival] | None = None
    for arrival in arrivals:
        if arrival.exported_at is None or arrival.state in (None, "quarantined"):
            continue
        if newest is None or arrival.exported_at > newest[0]:
            newest = (arrival.exported_at, arrival)
        if arrival.contents and arrival.contents.first_day and arrival.contents.last_day:
            days += [arrival.contents.first_day, arrival.contents.last_day]
    if newest is None or not days:
        return None
    return PastPulls(min(days), max(days), newest[0], newest[1].file.arrived_for)


def _failed(name: str, refused: RefusedFile, finding: Finding, ledger: CustodyLedger) -> Intake:
    (arrival_id,) = ledger.register([_arrival(name, finding)])
    ledger.decide([Decision(arrival_id, "quarantined", None, None, None, refusal=refusal_of(refused))])
    return Intake(frozenset(), (refused,), ())


def _arrival(name: str, finding: Finding, sha256: str = "", size: int = 0) -> NewArrival:
    # The instant of the pull is what an export's modification time is for a file.
    asked_ns = int((finding.now - _EPOCH).total_seconds()) * 1_000_000_000
    return NewArrival(name, pull_name(name), size, sha256, asked_ns, finding.now, finding.as_of)
