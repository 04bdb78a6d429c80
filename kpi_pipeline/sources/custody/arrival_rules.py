"""What today's configuration of a source says about files that arrived: their time, their batch, whether to load anew.

Here: rules over ledger entries and rows of ``raw.batches``, without touching either. Acting on them belongs to
``ingest``.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from kpi_pipeline.errors import CustodyError
from kpi_pipeline.sources.custody.arrival import Arrival
from kpi_pipeline.sources.custody.inbox import export_time
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.loading.loading import batch_id
from kpi_pipeline.sources.loading.raw_tables import LoadedBatch

Export = tuple[datetime, str]


@dataclass(frozen=True)
class ArrivalRules:
    """The rules of one source.

    Attributes:
        source: its name.
        fingerprint: fingerprint of its contract.
        exported_at: where file names say the time of the export.
    """

    source: str
    fingerprint: str
    exported_at: str | None

    def batch_id(self, sha256: str) -> str:
        """Return the id that a load of these bytes has under today's contract."""
        return batch_id(self.source, sha256, self.fingerprint)

    def export_time(self, arrival: Arrival) -> datetime | RefusedFile:
        """Return when the arrived file was exported, or why that cannot be told."""
        try:
            return export_time(arrival.file.file_name, arrival.file.modified_ns, self.exported_at)
        except RefusedFile as refused:
            return refused

    def is_open(self, arrival: Arrival) -> bool:
        """Tell whether to decide on an arrival: it has no state, or another contract put it in quarantine."""
        if arrival.state == "quarantined":
            return arrival.contract_fingerprint != self.fingerprint
        return arrival.state is None

    def newest_exports(self, arrivals: Iterable[Arrival]) -> dict[str, Export]:
        """Return for each hash when its bytes were last exported, and as what.

        Bytes that come again with a later time are the newest truth again, for example when a price goes back.
        """
        newest: dict[str, Export] = {}
        for arrival in arrivals:
            time = self.export_time(arrival)
            if isinstance(time, datetime) and (arrival.state != "quarantined" or self.is_open(arrival)):
                export = (time, arrival.file.file_name)
                newest[arrival.file.sha256] = max(export, newest.get(arrival.file.sha256, export))
        return newest

    def is_outdated(self, batches: Collection[LoadedBatch], arrivals: Collection[Arrival]) -> bool:
        """Tell whether the warehouse holds what today's configuration would not have made of the same files.

        The whole source must be loaded anew then: what a batch replaced is gone, so it cannot be taken back alone.

        Raises:
            CustodyError: a batch would be lost by that, because the ledger does not know its file.
        """
        possible = {(self.batch_id(arrival.file.sha256), self.export_time(arrival)) for arrival in arrivals}
        outdated = [batch for batch in batches if (batch.batch_id, batch.exported_at) not in possible]
        known = {arrival.file.sha256 for arrival in arrivals}
        if unknown := [batch for batch in outdated if batch.sha256 not in known]:
            raise CustodyError(
                f"{unknown[0].file_name}: found its rows in the warehouse and no entry in the custody ledger; expected "
                "an entry for every loaded file. Reconcile the warehouse with the ledger first."
            )
        return bool(outdated)
