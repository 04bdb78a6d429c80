"""For which days each source had delivered a subject, and which of them it might still change.

Here: reading it from the warehouse, and the compact form in which the publication ledger keeps it for each publication.
Which days are covered by any source at all stands in ``core.coverage``.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.loading.raw_tables import COVERED_DAYS
from kpi_pipeline.warehouse.engine import Engine

# Source, account and subject.
Feed = tuple[str, str, str]
DayRange = tuple[date, date]


@dataclass(frozen=True)
class Coverage:
    """What sources had delivered on one day.

    Attributes:
        days: source, account and subject → stretches of covered days, in order.
        open_from: source → first day that it might still change.
    """

    days: Mapping[Feed, Sequence[DayRange]] = field(default_factory=dict)
    open_from: Mapping[str, date] = field(default_factory=dict)

    def covers(self, feed: Feed, day: date) -> bool:
        """Tell whether a source had spoken for a day of an account and subject."""
        return any(first <= day <= last for first, last in self.days.get(feed, ()))

    def is_open(self, source: str, day: date) -> bool:
        """Tell whether a source might still have changed a day."""
        return source in self.open_from and day >= self.open_from[source]

    def packed(self) -> bytes:
        """Return the compact form."""
        days = [[*feed, *(f"{first}/{last}" for first, last in ranges)] for feed, ranges in self.days.items()]
        text = json.dumps([days, {source: str(day) for source, day in self.open_from.items()}])
        return zlib.compress(text.encode())

    @classmethod
    def unpacked(cls, packed: bytes) -> "Coverage":
        """Read the compact form."""
        days, open_from = json.loads(zlib.decompress(packed))
        return cls(
            {
                (source, account, subject): [_range(text) for text in ranges]
                for source, account, subject, *ranges in days
            },
            {source: date.fromisoformat(day) for source, day in open_from.items()},
        )


def read_coverage(engine: Engine, sources: Mapping[str, Source], as_of: date) -> Coverage:
    """Return what is covered now."""
    rows = engine.read(
        "select source, account_id, subject, min(day) as first_day, max(day) as last_day from ("
        " select source, account_id, subject, day, day - cast(row_number() over"
        " (partition by source, account_id, subject order by day) as integer) as stretch"
        f" from (select distinct source, account_id, subject, day from {COVERED_DAYS}))"
        " group by source, account_id, subject, stretch order by all"
    ).to_pylist()
    days: dict[Feed, list[DayRange]] = {}
    for row in rows:
        feed = (row["source"], row["account_id"], row["subject"])
        days.setdefault(feed, []).append((row["first_day"], row["last_day"]))
    # The same days of which core.coverage says that they are not final.
    return Coverage(days, {name: as_of - timedelta(days=source.restates_days) for name, source in sources.items()})


def _range(text: str) -> DayRange:
    first, _, last = text.partition("/")
    return date.fromisoformat(first), date.fromisoformat(last)
