"""The custody ledger against the warehouse, after every opening of the warehouse.

Here: finding what one of them has lost, and opening those arrivals again, so that the next ingest of the source loads
them from custody. DuckDB drops a torn end of its write-ahead log without a word: what it committed can be missing,
always in whole transactions. Loading itself belongs to ``ingest``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from kpi_pipeline.sources.custody.arrival import Arrival, NewArrival
from kpi_pipeline.sources.custody.custody_ledger import CustodyLedger
from kpi_pipeline.sources.custody.inbox import EPOCH
from kpi_pipeline.sources.loading.raw_tables import LoadedBatch, loaded_batches
from kpi_pipeline.warehouse.engine import Engine


@dataclass(frozen=True)
class Disagreement:
    """One file that the ledger and the warehouse know differently; ``message`` says how, and what is done about it."""

    source: str
    file_name: str
    sha256: str
    message: str


def disagreements(engine: Engine, ledger: CustodyLedger) -> tuple[Disagreement, ...]:
    """Compare the ledger with ``raw.batches`` and change neither."""
    return _worded(*_compared(engine, ledger))


def reconcile(engine: Engine, ledger: CustodyLedger) -> tuple[Disagreement, ...]:
    """Compare the ledger with ``raw.batches`` and prepare the repair of what is missing on either side.

    Returns:
        Every disagreement, for the run's report: a repaired loss is still a loss that somebody must hear of.
    """
    lost, unknown = _compared(engine, ledger)
    ledger.reopen([arrival.arrival_id for arrival in lost])
    ledger.register([_arrival_of(batch) for batch in unknown])
    return _worded(lost, unknown)


def _compared(engine: Engine, ledger: CustodyLedger) -> tuple[list[Arrival], list[LoadedBatch]]:
    batches = loaded_batches(engine)
    arrivals = [arrival for arrival in ledger.arrivals() if arrival.file.sha256]
    known = {(arrival.file.source, arrival.file.sha256) for arrival in arrivals}
    unknown = [batch for batch in batches.values() if (batch.source, batch.sha256) not in known]
    return _lost(arrivals, batches), unknown


def _worded(lost: Sequence[Arrival], unknown: Sequence[LoadedBatch]) -> tuple[Disagreement, ...]:
    found = [(arrival.file, _loss(arrival)) for arrival in lost]
    found += [
        (_arrival_of(batch), "the custody ledger has lost its entry; the next ingest makes it again from custody")
        for batch in unknown
    ]
    return tuple(
        Disagreement(file.source, file.file_name, file.sha256, f"{file.source}, {file.file_name}: {problem}")
        for file, problem in found
    )


def _lost(arrivals: Sequence[Arrival], batches: dict[str, LoadedBatch]) -> list[Arrival]:
    decided = [arrival for arrival in arrivals if arrival.state in ("loaded", "superseded", "duplicate")]
    # Where the same bytes came again with a later export time, the batch must have been loaded with that time.
    return [
        arrival
        for arrival in decided
        if (batch := batches.get(arrival.batch_id or "")) is None
        or (arrival.exported_at is not None and batch.exported_at < arrival.exported_at)
    ]


def _loss(arrival: Arrival) -> str:
    if arrival.expired_at is None:
        return "the warehouse has lost its rows; the next ingest loads them from custody"
    return (
        f"the warehouse has lost its rows, and its bytes were deleted on {arrival.expired_at.date()} as "
        "keep_files_days says; only the original, put into the inbox under another name, can bring them back"
    )


def _arrival_of(batch: LoadedBatch) -> NewArrival:
    # Its export time stands for the modification time: the same for sources whose names say no time.
    modified_ns = (batch.exported_at - EPOCH) // timedelta(microseconds=1) * 1000
    arrived_at = datetime.combine(batch.loaded_for, time(), UTC)
    return NewArrival(batch.source, batch.file_name, 0, batch.sha256, modified_ns, arrived_at, batch.loaded_for)
