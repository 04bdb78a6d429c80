"""A GA4 exploration of sessions by day, channel, device and country, as it is downloaded.

Here: its comment lines and its grand total. Sessions belong to ``visits``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kpi_pipeline.demo.company import CHANNELS, COUNTRIES, DEVICES, NAME
from kpi_pipeline.demo.exchange import IntArray
from kpi_pipeline.demo.exports.arrival import Arrival
from kpi_pipeline.demo.timeline import Timeline
from kpi_pipeline.demo.visits import VisitDay

HEADER = "Date,Session default channel group,Device category,Country,Sessions,Engaged sessions,Event count"
RULE = "# ----------------------------------------"


@dataclass(frozen=True)
class TrafficDay:
    """One day's sessions, engaged sessions and events by channel, device and country; ``late`` of them came later."""

    complete: tuple[IntArray, IntArray, IntArray]
    late: tuple[IntArray, IntArray, IntArray]


def traffic_day(visits: VisitDay) -> TrafficDay:
    """Keep of a day of visits what the exploration shows."""
    complete = (visits.counts["sessions"], visits.counts["engaged_sessions"], visits.event_counts)
    return TrafficDay(complete, visits.late_counts)


def write_exploration(
    path: Path, timeline: Timeline, days: Sequence[TrafficDay], arrival: Arrival, *, with_late: bool
) -> None:
    """Write the file for the days of an arrival.

    Args:
        path: the file.
        timeline: the dates.
        days: what is known about each day of the history.
        arrival: whose days the file covers.
        with_late: whether late devices have reported.
    """
    first, last = timeline.day(arrival.first), timeline.day(arrival.index - 1)
    lines = []
    totals = np.zeros(3, dtype=np.int64)
    for index in range(arrival.first, arrival.index):
        day = days[index]
        numbers = np.stack(day.complete) - (0 if with_late else np.stack(day.late))
        totals += numbers.sum(axis=(1, 2, 3))
        for channel, device, country in zip(*numbers[0].nonzero(), strict=True):
            sessions, engaged, events = numbers[:, channel, device, country]
            names = f"{CHANNELS[channel]},{DEVICES[device]},{COUNTRIES[country].name}"
            lines.append(f"{timeline.day(index):%Y%m%d},{names},{sessions},{engaged},{events}")
    preamble = [RULE, f"# {NAME}", "# Channels by day-Free form 1", f"# {first:%Y%m%d}-{last:%Y%m%d}", RULE, "", HEADER]
    total = f",,,,{totals[0]},{totals[1]},{totals[2]},Grand total"
    path.write_text("".join(f"{line}\n" for line in [*preamble, total, *lines]), encoding="utf-8", newline="")
