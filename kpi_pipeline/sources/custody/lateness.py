"""Whether a source keeps its promise of when the next export comes.

Here: what the ledger alone can tell, so that it can be asked beside a run. Everything else about a source belongs to
``source_state``.
"""

from collections.abc import Sequence
from datetime import UTC, date

from kpi_pipeline.calendar.company_calendar import CompanyCalendar
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.custody.arrival import Arrival


def newest_accepted(arrivals: Sequence[Arrival]) -> Arrival | None:
    """Return the newest file that was accepted, by its export time."""
    accepted = [one for one in arrivals if one.exported_at is not None and one.state not in (None, "quarantined")]
    return max(accepted, key=lambda one: (one.exported_at, one.file.file_name, one.file.arrived_at), default=None)


def days_late(source: Source, newest: Arrival | None, calendar: CompanyCalendar, as_of: date) -> int | None:
    """Return for how many days the promise is broken: 0 where it is kept, None where nothing arrived yet."""
    if newest is None or newest.exported_at is None:
        return None
    exported_on = calendar.day_of(newest.exported_at.replace(tzinfo=UTC))
    return max(0, (as_of - exported_on).days - source.promised_every_days)
