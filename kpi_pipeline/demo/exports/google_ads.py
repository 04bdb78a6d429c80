"""The Google Ads campaign report, segmented by day and device, as the user interface downloads it.

Here: its preamble, columns, number styles and total rows. What happened belongs to ``advertising``.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from kpi_pipeline.demo.advertising import AdDay, AdUnits
from kpi_pipeline.demo.company import GOOGLE, GOOGLE_ADS_ACCOUNT, NAME
from kpi_pipeline.demo.exports.arrival import money
from kpi_pipeline.demo.timeline import Timeline

HEADER = (
    "Day",
    "Campaign status",
    "Campaign",
    "Campaign ID",
    "Campaign type",
    "Account name",
    "Customer ID",
    "Device",
    "Currency code",
    "Impr.",
    "Clicks",
    "CTR",
    "Avg. CPC",
    "Cost",
    "Conversions",
    "Cost / conv.",
    "Conv. rate",
    "Conv. value",
)
PREAMBLE_LINES = 2
CURRENCY = "EUR"
CAMPAIGN_TYPE = "Search"
OTHER_TYPES = ("Performance Max", "Display")
BROKEN_CELL = "#REF!"  # what a spreadsheet leaves behind when it saved the file again


@dataclass
class Sums:
    """Sums of one row or of all; conversions in hundredths, money in cents."""

    impressions: int = 0
    clicks: int = 0
    cost: int = 0
    conversions: int = 0
    value: int = 0

    def add(self, other: "Sums") -> None:
        """Add another row."""
        self.impressions += other.impressions
        self.clicks += other.clicks
        self.cost += other.cost
        self.conversions += other.conversions
        self.value += other.value

    def cells(self) -> list[str]:
        """Write the numbers and the quotients that the interface shows beside them."""
        return [
            f"{self.impressions:,}",
            f"{self.clicks:,}",
            f"{100 * self.clicks / self.impressions:.2f}%" if self.clicks else " --",
            f"{self.cost / 100 / self.clicks:.2f}" if self.clicks else " --",
            money(self.cost),
            money(self.conversions),
            f"{self.cost / self.conversions:.2f}" if self.conversions else "0",
            f"{self.conversions / self.clicks:.2f}%" if self.clicks else "0.00%",
            f"{self.value // 100:,}.{self.value % 100:02d}",
        ]


@dataclass(frozen=True)
class CampaignReport:
    """One download of the report.

    Attributes:
        first, last: the days that it covers, as indices.
        exported_on: the index of the day on which it is downloaded.
        broken_row: the position of the row whose cost is spoiled, counted from 0.
    """

    timeline: Timeline
    units: AdUnits
    days: Sequence[AdDay]
    first: int
    last: int
    exported_on: int
    broken_row: int | None = None
    _total: Sums = field(default_factory=Sums)

    def write(self, path: Path) -> None:
        """Write the file."""
        timeline = self.timeline
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["Campaign report"])
            rows.writerow([f"{_long(timeline.day(self.first))} - {_long(timeline.day(self.last))}"])
            rows.writerow(HEADER)
            rows.writerows(self._rows())
            rows.writerows(self._totals())

    @property
    def broken_line(self) -> int:
        """The line of the spoiled row in the file, counted from 1."""
        return PREAMBLE_LINES + 2 + (self.broken_row or 0)

    def _rows(self) -> Iterator[list[str]]:
        position = 0
        for index in range(self.first, self.last + 1):
            day, reported = self.days[index], self.days[index].reported_at(self.exported_on - index)
            for unit in (self.units.platform == GOOGLE).nonzero()[0]:
                sums = Sums(
                    int(day.impressions[unit]),
                    int(day.clicks[unit]),
                    int(reported.cost[unit]),
                    int(reported.conversions[unit]),
                    int(reported.conversion_value[unit]),
                )
                self._total.add(sums)
                cells = [self.timeline.day(index).isoformat(), *self._names(int(unit)), *sums.cells()]
                if position == self.broken_row:
                    cells[HEADER.index("Cost")] = BROKEN_CELL
                position += 1
                yield cells

    def _names(self, unit: int) -> list[str]:
        campaign = self.units.campaigns[self.units.campaign[unit]]
        device = campaign.ad_sets[self.units.ad_set[unit]].name
        names = ["Enabled", campaign.name, campaign.campaign_id, CAMPAIGN_TYPE, NAME, GOOGLE_ADS_ACCOUNT, device]
        return [*names, CURRENCY]

    def _totals(self) -> Iterator[list[str]]:
        texts = HEADER.index("Currency code") - 1
        yield ["Total: Campaigns", *[" --"] * texts, CURRENCY, *self._total.cells()]
        yield ["Total: Account", *[""] * texts, CURRENCY, *self._total.cells()]
        for kind in (CAMPAIGN_TYPE, *OTHER_TYPES):
            names = [kind if name == "Campaign type" else "" for name in HEADER[1 : texts + 1]]
            numbers = self._total if kind == CAMPAIGN_TYPE else Sums()
            yield [f"Total: {kind}", *names, CURRENCY, *numbers.cells()]


def _long(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
