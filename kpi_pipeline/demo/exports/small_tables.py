"""The small exports: refunds, product costs, ledger and exchange rates.

Here: four plain tables, two of them in the words and number styles of somebody else's office. Their contents belong to
``orders``, ``company``, ``bookkeeping`` and ``exchange``.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from kpi_pipeline.demo.bookkeeping import Posting
from kpi_pipeline.demo.company import COUNTRIES, REPORTING_CURRENCY, products
from kpi_pipeline.demo.exchange import RATE_UNITS, ExchangeRates, IntArray
from kpi_pipeline.demo.exports.arrival import Arrival, money
from kpi_pipeline.demo.exports.shopify_orders import order_id
from kpi_pipeline.demo.orders import OrderDay
from kpi_pipeline.demo.timeline import Timeline

REFUND_HEADER = ("Beleg-Nr.", "Bestellung", "Shop-ID", "Erstattet am", "Betrag brutto", "Währung", "Grund")
PRODUCT_HEADER = ("SKU", "Product title", "Cost per item", "Currency", "Valid from")
LEDGER_HEADER = (
    *("date", "account_code", "account_name", "section", "purpose", "cost_kind", "debit", "credit", "currency"),
    *("period_start", "period_end", "memo"),
)
RATE_HEADER = ("date", "base", "quote", "rate")
REASONS = ("Rücksendung", "Beschädigt", "Gefällt nicht; Rückgabe im Laden")


class RefundBook:
    """All refunds of the history: four numbers each, so that they can be written by date."""

    def __init__(self) -> None:
        self._parts: list[IntArray] = []

    def add(self, day: OrderDay, end: int) -> None:
        """Note the refunds of a day's orders that happen before the day ``end``."""
        happens = day.refund_day < end
        columns = (day.refund_day, day.number, day.refund, day.country)
        self._parts.append(np.stack([column[happens] for column in columns]))

    def write(self, path: Path, timeline: Timeline, arrival: Arrival) -> None:
        """Write the refunds of an arrival's days, as the finance office's tool exports them."""
        columns = np.concatenate(self._parts, axis=1)
        columns = columns[:, (columns[0] >= arrival.first) & (columns[0] < arrival.index)]
        columns = columns[:, np.lexsort((columns[1], columns[0]))]
        _write(path, REFUND_HEADER, (_refund_row(timeline, *refund) for refund in columns.T.tolist()), delimiter=";")


def _refund_row(timeline: Timeline, day: int, number: int, cents: int, country: int) -> Sequence[str]:
    return (
        f"GS-{number}",
        f"#{number}",
        order_id(number),
        f"{timeline.day(day):%d.%m.%Y}",
        f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}",
        COUNTRIES[country].currency,
        REASONS[number % len(REASONS)],
    )


def write_product_costs(path: Path, timeline: Timeline) -> None:
    """Write what each product costs the company, valid from the first day on."""
    valid_from = timeline.first_day.isoformat()
    rows = ((item.sku, item.title, money(item.cost_cents), REPORTING_CURRENCY, valid_from) for item in products())
    _write(path, PRODUCT_HEADER, rows)


def write_ledger(path: Path, postings: Iterable[Posting], timeline: Timeline, arrival: Arrival) -> None:
    """Write the postings of an arrival's days, by day, with the amounts known when it arrives."""
    posted = sorted(
        (posting for posting in postings if arrival.covers(timeline.index(posting.posted_on))),
        key=lambda posting: (posting.posted_on, posting.account.code, posting.memo),
    )
    _write(path, LEDGER_HEADER, (_ledger_row(posting, posting.cents_at(arrival.day)) for posting in posted))


def _ledger_row(posting: Posting, cents: int) -> Sequence[str]:
    account = posting.account
    return (
        posting.posted_on.isoformat(),
        account.code,
        account.name,
        account.section,
        account.purpose,
        account.cost_kind,
        money(cents) if cents >= 0 else "0.00",
        "0.00" if cents >= 0 else money(-cents),
        REPORTING_CURRENCY,
        posting.period_start.isoformat(),
        posting.period_end.isoformat(),
        posting.memo,
    )


def write_rates(path: Path, rates: ExchangeRates, timeline: Timeline, arrival: Arrival) -> None:
    """Write the rates of an arrival's days; the first arrival also has those before the history."""
    rows = (
        (day.isoformat(), "EUR", "GBP", f"{rate / RATE_UNITS:.5f}")
        for day, rate in rates.published
        if day < arrival.day and (arrival.position == 0 or timeline.index(day) >= arrival.first)
    )
    _write(path, RATE_HEADER, rows)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
