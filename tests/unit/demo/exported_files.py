"""Reads the demo's export files the plain way: csv, pyarrow, and the newest file wins.

It shares no code with the simulation, so that the true values can be counted a second time.
"""

import csv
import json
import re
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

Row = dict[str, str]
BERLIN = ZoneInfo("Europe/Berlin")
EXPORTED_AT = re.compile(r"_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)")


def cells(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", "") or "0")


class ExportedFiles:
    def __init__(self, directory: Path) -> None:
        self.exports = directory / "exports"
        self.truth: dict[str, Any] = json.loads((directory / "truth.json").read_text(encoding="utf-8"))
        self.broken = self.truth["faults"]["quarantined"]["file_name"]

    def files(self, source: str) -> list[Path]:
        """All files of a source but the broken one, the oldest export first."""
        found = [path for path in self.exports.glob(f"*/{source}/*") if path.name != self.broken]
        return sorted(found, key=lambda path: (EXPORTED_AT.search(path.name)[1], path.name))

    def google_rows(self, path: Path) -> list[Row]:
        header, *rows = cells(path)[2:]
        return [dict(zip(header, row, strict=True)) for row in rows]

    def meta_rows(self, path: Path) -> list[Row]:
        header, *rows = cells(path)
        return [dict(zip(header, row, strict=True)) for row in rows]

    def ads(self) -> list[tuple[str, date, Row]]:
        days: dict[tuple[str, str], list[Row]] = {}
        for platform, source in (("google_ads", self.google_rows), ("meta_ads", self.meta_rows)):
            for path in self.files(platform):
                of_day = defaultdict(list)
                for row in source(path):
                    if row["Day"] and not row["Day"].startswith("Total"):
                        of_day[platform, row["Day"]].append(row)
                days.update(of_day)
        return [(platform, date.fromisoformat(day), row) for (platform, day), rows in days.items() for row in rows]

    def rates(self) -> dict[date, Decimal]:
        """GBP for one EUR on every day: that of the day or the last earlier one."""
        quoted = {
            date.fromisoformat(day): Decimal(rate)
            for path in self.files("fx_rates")
            for day, _, _, rate in cells(path)[1:]
        }
        first, last = min(quoted), date.fromisoformat(self.truth["last_day"])
        rates, rate = {}, Decimal(0)
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            rate = quoted.get(day, rate)
            rates[day] = rate
        return rates

    def shopify_rows(self, path: Path) -> list[Row]:
        header, *rows = cells(path)
        return [dict(zip(header, row, strict=True)) for row in rows]

    def orders(self) -> list[tuple[Row, list[Row]]]:
        """Each order's first row and all its rows, from the newest file that has it, by number."""
        newest: dict[str, list[Row]] = {}
        for path in self.files("shopify_orders"):
            of_order = defaultdict(list)
            for row in self.shopify_rows(path):
                of_order[row["Name"]].append(row)
            newest.update(of_order)
        return [(rows[0], rows) for _, rows in sorted(newest.items(), key=lambda item: int(item[0][1:]))]

    def refunds(self) -> list[Row]:
        newest = {}
        for path in self.files("shop_refunds"):
            header, *rows = cells(path, ";")
            newest.update({row[0]: dict(zip(header, row, strict=True)) for row in rows})
        return list(newest.values())

    def product_costs(self) -> dict[str, Decimal]:
        return {row[0]: Decimal(row[2]) for path in self.files("product_costs") for row in cells(path)[1:]}

    def ledger(self) -> list[Row]:
        days: dict[str, list[Row]] = {}
        for path in self.files("ledger"):
            header, *rows = cells(path)
            of_day = defaultdict(list)
            for row in rows:
                of_day[row[0]].append(dict(zip(header, row, strict=True)))
            days.update(of_day)
        return [row for rows in days.values() for row in rows]

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """Every event of the newest file of its day, with its parameters by key."""
        found = []
        owner: dict[str, Path] = {}
        for path in self.files("ga4_events"):
            owner.update(
                dict.fromkeys(set(pq.read_table(path, columns=["event_date"])["event_date"].to_pylist()), path)
            )
        for path in dict.fromkeys(owner.values()):
            for event in pq.read_table(path).to_pylist():
                if owner[event["event_date"]] == path:
                    event["parameters"] = {
                        item["key"]: next(value for value in item["value"].values() if value is not None)
                        for item in event["event_params"]
                    }
                    found.append(event)
        return found

    @cached_property
    def sessions(self) -> dict[tuple[str, int], dict[str, Any]]:
        """Sessions with their day, channel, device and what happened in them."""
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for event in self.events:
            started = event["parameters"]["ga_session_id"]
            session = found.setdefault(
                (event["user_pseudo_id"], started),
                {
                    "day": datetime.fromtimestamp(started, BERLIN).date(),
                    "channel": event["session_traffic_source_last_click"]["cross_channel_campaign"][
                        "default_channel_group"
                    ],
                    "device": event["device"]["category"],
                    "engaged": False,
                    "at": defaultdict(list),
                    "transactions": set(),
                },
            )
            session["engaged"] |= event["parameters"]["session_engaged"] == "1"
            session["at"][event["event_name"]].append(event["event_timestamp"])
            if event["event_name"] == "purchase":
                session["transactions"].add(event["ecommerce"]["transaction_id"])
        return found
