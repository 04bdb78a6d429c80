"""The days on which exports arrive, and the files that arrive on them.

Here: which days an arrival speaks for, how its files are named and how amounts are written. What stands in a file
belongs to the module of its system.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from kpi_pipeline.demo.timeline import EXPORT_WINDOW_DAYS, Timeline


@dataclass(frozen=True)
class Arrival:
    """One day's delivery; days are indices, and everything that happened before ``index`` is known to it.

    Attributes:
        position: 0 for the delivery of the whole history.
        first: the first day that its exports speak for; the last one is the day before ``index``.
    """

    folder: Path
    day: date
    position: int
    index: int
    first: int

    def covers(self, day: int) -> bool:
        """Tell whether its exports speak for the day."""
        return self.first <= day < self.index

    def file(self, source: str, name: str, at: str, *, extension: str = "csv", suffix: str = "") -> Path:
        """Return where an export of the time ``at`` (``06-00-00``) belongs, in a folder that exists."""
        folder = self.folder / source
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}_{self.day.isoformat()}T{at}{suffix}.{extension}"


def arrivals(folder: Path, timeline: Timeline) -> tuple[Arrival, ...]:
    """Lay out the deliveries: the whole history first, then every day the last days."""
    found = []
    for position, day in enumerate(timeline.arrival_days):
        index = timeline.index(day)
        first = max(index - EXPORT_WINDOW_DAYS, 0) if position else 0
        found.append(Arrival(folder / day.isoformat(), day, position, index, first))
    return tuple(found)


def arrival_noon(day: date) -> float:
    """A fixed time of a day for files, in seconds since the epoch."""
    return (day - date(1970, 1, 1)) / timedelta(seconds=1) + 43_200


def money(cents: int) -> str:
    """Write an amount with a decimal point and no separators."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
