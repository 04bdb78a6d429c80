"""Which events stand in which Parquet file: months of history at first, then a file a day, and one day once more.

Here: the files of the event export. What stands in a row belongs to ``ga4_events``.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from kpi_pipeline.demo.events import Events
from kpi_pipeline.demo.exports.arrival import Arrival
from kpi_pipeline.demo.exports.ga4_events import EventOrders, event_table
from kpi_pipeline.demo.timeline import DayPlan, Timeline

SOURCE = "ga4_events"
HISTORY_FILE_DAYS = 28


class EventFiles:
    """Writes each day's events as soon as they are known; a history file grows by one row group a day."""

    def __init__(self, timeline: Timeline, arrivals: Sequence[Arrival]) -> None:
        self._timeline, self._arrivals = timeline, arrivals
        self._history = ExitStack()
        self._writer: pq.ParquetWriter | None = None

    def write_day(self, plan: DayPlan, events: Events, orders: EventOrders) -> None:
        """Write the events that fall on a day, given by time, to every file that has them."""
        first, last = self._arrivals[0], self._arrivals[-1]
        name = f"events_{plan.day:%Y%m%d}"
        if plan.index < first.index:
            self._write_history(first, plan, events, orders)
            return
        daily = next(arrival for arrival in self._arrivals if arrival.index == plan.index + 1)
        self._write(daily.file(SOURCE, name, "06-20-00", extension="parquet"), plan, events, orders, with_late=False)
        if plan.is_late_day:
            again = last.file(SOURCE, name, "06-25-00", extension="parquet")
            self._write(again, plan, events, orders, with_late=True)

    def close(self) -> None:
        """Finish the history file that is still open."""
        self._history.close()

    def _write_history(self, arrival: Arrival, plan: DayPlan, events: Events, orders: EventOrders) -> None:
        table = event_table(events, orders, f"{plan.day:%Y%m%d}")
        if self._writer is None or plan.index % HISTORY_FILE_DAYS == 0:
            self._history.close()
            last = min(plan.index + HISTORY_FILE_DAYS, arrival.index) - 1
            name = f"events_{plan.day:%Y%m%d}-{plan.day + timedelta(days=last - plan.index):%Y%m%d}"
            path = arrival.file(SOURCE, name, "06-20-00", extension="parquet")
            self._writer = self._history.enter_context(pq.ParquetWriter(path, table.schema, compression="zstd"))
        self._writer.write_table(table)

    @staticmethod
    def _write(path: Path, plan: DayPlan, events: Events, orders: EventOrders, *, with_late: bool) -> None:
        rows = np.flatnonzero(~events.is_late | with_late)
        known = EventOrders(orders.number[rows], orders.value_cents[rows])
        pq.write_table(event_table(events.take(rows), known, f"{plan.day:%Y%m%d}"), path, compression="zstd")
