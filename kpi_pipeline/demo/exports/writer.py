"""All exports of the demo company, from the first day to the last delivery.

Here: which exports there are, when they arrive, and what is wrong with some of them. Add a source here. What stands in
a file belongs to the module of its system.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np

from kpi_pipeline.demo.advertising import AdDay, AdUnits
from kpi_pipeline.demo.bookkeeping import Posting
from kpi_pipeline.demo.events import PURCHASE, Events
from kpi_pipeline.demo.exchange import ExchangeRates
from kpi_pipeline.demo.exports.arrival import Arrival, arrival_noon, arrivals
from kpi_pipeline.demo.exports.event_files import EventFiles
from kpi_pipeline.demo.exports.ga4_events import EventOrders
from kpi_pipeline.demo.exports.ga4_exploration import TrafficDay, traffic_day, write_exploration
from kpi_pipeline.demo.exports.google_ads import BROKEN_CELL, CampaignReport
from kpi_pipeline.demo.exports.meta_ads import AdsManagerTable, overlap
from kpi_pipeline.demo.exports.shopify_orders import OrdersExport
from kpi_pipeline.demo.exports.small_tables import RefundBook, write_ledger, write_product_costs, write_rates
from kpi_pipeline.demo.orders import OrderDay
from kpi_pipeline.demo.timeline import DayPlan, Timeline
from kpi_pipeline.demo.visits import VisitDay

OVERLAP_POSITION, DUPLICATE_POSITION, BROKEN_POSITION = 1, 2, 2
BROKEN_ROW = 41


class ExportWriter:
    """Writes the exports: the large ones day by day, the small ones at the end."""

    def __init__(self, folder: Path, timeline: Timeline, units: AdUnits, rates: ExchangeRates) -> None:
        self._timeline, self._units, self._rates = timeline, units, rates
        self._folder = folder
        self._arrivals = arrivals(folder, timeline)
        self._open = ExitStack()
        self._ads: list[AdDay] = []
        self._traffic: list[TrafficDay] = []
        self._refunds = RefundBook()
        self._events = EventFiles(timeline, self._arrivals)
        self._open.callback(self._events.close)
        self._orders = [
            self._open.enter_context(
                OrdersExport(arrival.file("shopify_orders", "orders_export_1", "06-30-00"), timeline, arrival.index)
            )
            for arrival in self._arrivals
        ]

    def __enter__(self) -> "ExportWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def write_day(self, plan: DayPlan, ads: AdDay, visits: VisitDay, events: Events, orders: OrderDay) -> None:
        """Write a day.

        Args:
            plan: the day.
            ads: its advertising.
            visits: its sessions.
            events: the events and unseen purchases that fall on the day, by time.
            orders: one order for each purchase among ``events``, in their order.
        """
        self._ads.append(ads)
        self._traffic.append(traffic_day(visits))
        self._refunds.add(orders, self._timeline.days)
        for arrival, export in zip(self._arrivals, self._orders, strict=True):
            if arrival.covers(plan.index):
                export.write(orders)
        number, value_cents = np.zeros((2, len(events)), dtype=np.int64)
        number[events.is_purchase] = orders.number
        value_cents[events.is_purchase] = orders.goods - orders.discount
        is_seen = events.kind <= PURCHASE
        self._events.write_day(plan, events.take(is_seen), EventOrders(number[is_seen], value_cents[is_seen]))

    def finish(self, postings: Sequence[Posting]) -> dict[str, object]:
        """Write the small exports; return what is wrong with which file."""
        for arrival in self._arrivals:
            self._write_ads(arrival)
            with_late = arrival is self._arrivals[-1]
            exploration = arrival.file("ga4_exploration", "download", "06-15-00")
            write_exploration(exploration, self._timeline, self._traffic, arrival, with_late=with_late)
            refunds = arrival.file("shop_refunds", "gutschriften", "06-35-00")
            self._refunds.write(refunds, self._timeline, arrival)
            write_ledger(arrival.file("ledger", "journal", "06-40-00"), postings, self._timeline, arrival)
            write_rates(arrival.file("fx_rates", "eur_gbp", "05-00-00"), self._rates, self._timeline, arrival)
        write_product_costs(self._arrivals[0].file("product_costs", "product_costs", "06-45-00"), self._timeline)
        faults: dict[str, object] = {"quarantined": self._write_broken_report(), "duplicate": self._write_duplicate()}
        self._open.close()
        for path in sorted(self._folder.rglob("*.*")):
            noon = arrival_noon(self._arrivals[0].day.fromisoformat(path.relative_to(self._folder).parts[0]))
            os.utime(path, (noon, noon))
        return faults

    def _write_ads(self, arrival: Arrival) -> None:
        self._google_report(arrival).write(arrival.file("google_ads", "campaign_report", "06-00-00"))
        table = self._meta_table(arrival, arrival.first, arrival.index - 1)
        path = arrival.file("meta_ads", table.name, "06-10-00")
        table.write(path, with_byte_order_mark=arrival.position == 0)
        if arrival.position == OVERLAP_POSITION:
            older = self._meta_table(arrival, *overlap(arrival))
            older.write(arrival.file("meta_ads", older.name, "05-40-00"), with_byte_order_mark=False)

    def _google_report(self, arrival: Arrival, broken_row: int | None = None) -> CampaignReport:
        return CampaignReport(
            timeline=self._timeline,
            units=self._units,
            days=self._ads,
            first=arrival.first,
            last=arrival.index - 1,
            exported_on=arrival.index,
            broken_row=broken_row,
        )

    def _meta_table(self, arrival: Arrival, first: int, last: int) -> AdsManagerTable:
        return AdsManagerTable(self._timeline, self._units, self._ads, first, last, arrival.index)

    def _write_broken_report(self) -> dict[str, object]:
        """Write a report that a spreadsheet spoiled; an intact one of the same morning has the same days."""
        arrival = self._arrivals[BROKEN_POSITION]
        report = self._google_report(arrival, BROKEN_ROW)
        path = arrival.file("google_ads", "campaign_report", "06-05-00")
        report.write(path)
        return {
            "source": "google_ads",
            "arrival_day": arrival.day.isoformat(),
            "file_name": path.name,
            "line": report.broken_line,
            "column": "Cost",
            "found": BROKEN_CELL,
        }

    def _write_duplicate(self) -> dict[str, object]:
        """Deliver yesterday's report again, under the name that a browser gives a second download."""
        yesterday, today = self._arrivals[DUPLICATE_POSITION - 1], self._arrivals[DUPLICATE_POSITION]
        first = yesterday.file("google_ads", "campaign_report", "06-00-00")
        again = today.folder / "google_ads" / first.name.replace(".csv", " (1).csv")
        shutil.copyfile(first, again)
        return {
            "source": "google_ads",
            "arrival_day": today.day.isoformat(),
            "file_name": again.name,
            "same_as": first.name,
        }
