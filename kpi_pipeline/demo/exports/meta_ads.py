"""The Meta Ads Manager table of ad sets, broken down by day, as it is exported to CSV.

Here: its columns, its currency in a header, its quoting and its summary row. What happened belongs to ``advertising``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kpi_pipeline.demo.advertising import AdDay, AdUnits
from kpi_pipeline.demo.company import ATTRIBUTIONS, META
from kpi_pipeline.demo.exports.arrival import Arrival, money
from kpi_pipeline.demo.timeline import Timeline

HEADER = (
    "Reporting starts",
    "Reporting ends",
    "Day",
    "Campaign name",
    "Campaign ID",
    "Ad set name",
    "Ad set ID",
    "Attribution setting",
    "Results",
    "Result indicator",
    "Reach",
    "Impressions",
    "Clicks (all)",
    "Link clicks",
    "CTR (all)",
    "Amount spent (GBP)",
    "Purchases",
    "Purchases conversion value",
)
REACH_SHARE = 0.83


@dataclass(frozen=True)
class AdsManagerTable:
    """One export; ``first``, ``last`` and ``exported_on`` are indices of days."""

    timeline: Timeline
    units: AdUnits
    days: Sequence[AdDay]
    first: int
    last: int
    exported_on: int

    def write(self, path: Path, *, with_byte_order_mark: bool) -> None:
        """Write the file; the interface does so with and without a byte order mark."""
        lines = [_line(HEADER)]
        totals = dict.fromkeys(HEADER[8:], 0)
        for index in range(self.first, self.last + 1):
            lines.extend(self._day_lines(index, totals))
        lines.append(self._summary(totals))
        text = "".join(f"{line}\n" for line in lines)
        path.write_bytes(text.encode("utf-8-sig" if with_byte_order_mark else "utf-8"))

    @property
    def name(self) -> str:
        """The name that the interface gives the file: account, level and days."""
        first, last = self.timeline.day(self.first), self.timeline.day(self.last)
        return f"Nordlicht-Home-Ad-sets-{_short(first)}-{_short(last)}"

    def _day_lines(self, index: int, totals: dict[str, int]) -> list[str]:
        day, reported = self.days[index], self.days[index].reported_at(self.exported_on - index)
        date_text = self.timeline.day(index).isoformat()
        is_new_attribution = self.timeline.day(index) >= self.timeline.attribution_change_day
        lines = []
        for unit in ((self.units.platform == META) & day.is_running).nonzero()[0]:
            campaign = self.units.campaigns[self.units.campaign[unit]]
            ad_set = int(self.units.ad_set[unit])
            impressions, clicks = int(day.impressions[unit]), int(day.clicks[unit])
            purchases = int(reported.conversions[unit]) // 100
            counts_purchases = not campaign.name.startswith("Prospecting")
            numbers = {
                "Reach": round(impressions * REACH_SHARE),
                "Impressions": impressions,
                "Clicks (all)": clicks,
                "Link clicks": int(day.link_clicks[unit]),
                "Amount spent (GBP)": int(reported.cost[unit]),
                "Purchases": purchases,
                "Purchases conversion value": int(reported.conversion_value[unit]),
            }
            for name, number in numbers.items():
                totals[name] += number
            cells = {
                "Reporting starts": date_text,
                "Reporting ends": date_text,
                "Day": date_text,
                "Campaign name": campaign.name,
                "Campaign ID": campaign.campaign_id,
                "Ad set name": campaign.ad_sets[ad_set].name,
                "Ad set ID": f"{campaign.campaign_id[:-2]}{70 + ad_set}",
                "Attribution setting": ATTRIBUTIONS[is_new_attribution],
                # What a result is depends on the campaign: only the indicator says it.
                "Results": str(purchases if counts_purchases else numbers["Link clicks"]),
                "Result indicator": "offsite_conversion.fb_pixel_purchase"
                if counts_purchases
                else "actions:link_click",
                **_number_cells(numbers),
            }
            lines.append(_line([cells[name] for name in HEADER]))
        return lines

    def _summary(self, totals: dict[str, int]) -> str:
        cells = {
            "Reporting starts": self.timeline.day(self.first).isoformat(),
            "Reporting ends": self.timeline.day(self.last).isoformat(),
            **_number_cells({name: totals[name] for name in HEADER[10:] if name != "CTR (all)"}),
        }
        return _line([cells.get(name, "") for name in HEADER])


def _number_cells(numbers: dict[str, int]) -> dict[str, str]:
    cells = {name: str(number) for name, number in numbers.items()}
    impressions = numbers["Impressions"]
    cells["CTR (all)"] = f"{100 * numbers['Clicks (all)'] / impressions:.6g}" if impressions else ""
    cells["Amount spent (GBP)"] = money(numbers["Amount spent (GBP)"])
    value = numbers["Purchases conversion value"]
    cells["Purchases"] = str(numbers["Purchases"]) if numbers["Purchases"] else ""
    cells["Purchases conversion value"] = money(value) if value else ""
    return cells


def _line(cells: Sequence[str]) -> str:
    return ",".join(f'"{cell}"' if " " in cell or "," in cell else cell for cell in cells)


def _short(day: date) -> str:
    return f"{day.day}-{day:%b}-{day.year}"


def overlap(arrival: Arrival) -> tuple[int, int]:
    """The days of an export that somebody makes beside the daily one: older ones, and some that both of them have."""
    return max(arrival.index - 45, 0), max(arrival.index - 15, 0)
