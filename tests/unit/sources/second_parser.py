"""A second reader of the exports in ``mutated_files``, made of Python's csv module and Decimal and of nothing of ours.

It says what an accepted file holds. It may be laxer than ours, since only accepted files are compared, but where it
reads a value it must be the right one.
"""

import csv
import gzip
import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

Values = dict[str, Any]
Positions = dict[str, int | None]
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u061c\ufeff\u2066\u2067\u2068\u2069"
SPACES = " \u00a0\u202f"


@dataclass(frozen=True)
class Table:
    """How one export is read.

    Attributes:
        columns: name → accepted header and converter.
        canonical: what is compared of a row.
        more_rows: what is compared beside the rows.
        optional: names that a file may lack.
        is_total: tells from a row's cells and the header's length whether it is a total.
        totals_at: where such rows may stand.
        is_dropped: tells a total by the cells at some columns' positions.
        also_known: other headers that help to find the header line.
    """

    columns: dict[str, tuple[tuple[str, ...], Callable[[str], Any]]]
    canonical: Callable[[Values], tuple[Any, ...]]
    more_rows: Callable[[list[Values]], list[tuple[Any, ...]]] = lambda rows: []
    optional: tuple[str, ...] = ()
    is_total: Callable[[list[str], int], bool] = lambda row, width: False
    totals_at: str = ""
    is_dropped: Callable[[list[str], Positions], bool] = lambda row, positions: False
    also_known: tuple[str, ...] = ()


def second_reading(content: bytes, system: str) -> list[tuple[Any, ...]]:
    """Return the rows of a file as the test compares them."""
    table = TABLES[system]
    text = _decoded(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)
    header, rows = _rows(text, table)
    positions = {name: _position(header, accepted) for name, (accepted, _read) in table.columns.items()}
    missing = [name for name, position in positions.items() if position is None and name not in table.optional]
    if missing:
        raise ValueError(f"no column {missing}")
    rows = [row for row in _without_totals(rows, len(header), table) if not table.is_dropped(row, positions)]
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"{len(row)} cells: {row}")
    values = [
        {
            name: None if (position := positions[name]) is None else read(row[position])
            for name, (_accepted, read) in table.columns.items()
        }
        for row in rows
    ]
    return [*map(table.canonical, values), *table.more_rows(values)]


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def _rows(text: str, table: Table) -> tuple[list[str], list[list[str]]]:
    known = {_name(header) for accepted, _read in table.columns.values() for header in accepted}
    known |= set(map(_name, table.also_known))
    lines = text.splitlines(keepends=True) if "\x0b" not in text else re.split(r"(?<=\n)", text)
    stated = re.fullmatch(r'"?sep=(.)"?\s*', lines[0], re.IGNORECASE)
    for number in range(min(50, len(lines))):
        rest = "".join(lines[number:])
        counts = {}
        for delimiter in (stated[1],) if stated else (",", ";", "\t"):
            cells = next(csv.reader(io.StringIO(rest, newline=""), delimiter=delimiter), [])
            counts[delimiter] = sum(1 for cell in cells if _name(cell) in known)
        delimiter = max(counts, key=lambda candidate: counts[candidate])
        if counts[delimiter] >= 2:
            header, *rows = csv.reader(io.StringIO(rest, newline=""), delimiter=delimiter, strict=True)
            return header, [row for row in rows if row]
    raise ValueError("no header")


def _name(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().translate(dict.fromkeys(map(ord, INVISIBLE)))
    return " ".join(text.split())


def _position(header: list[str], accepted: tuple[str, ...]) -> int | None:
    names = list(map(_name, header))
    for text in accepted:
        if names.count(_name(text)) > 1:
            raise ValueError(f"{text} twice")
        if _name(text) in names:
            return names.index(_name(text))
    return None


def _without_totals(rows: list[list[str]], width: int, table: Table) -> list[list[str]]:
    """Drop the totals at the beginning and the end, and rows with the same label that were moved between the others."""
    ends = [
        list(takewhile(lambda row: table.is_total(row, width), side))
        for side in (rows, reversed(rows))
        if table.totals_at
    ]
    labels = {row[0] for row in (*ends[0], *ends[1])} if table.totals_at == "ends" else set()
    start = len(ends[0]) if table.totals_at == "start" else 0
    return [row for row in rows[start:] if row[0] not in labels]


def number(
    thousands: str = "", decimal: str = ".", empty: tuple[str, ...] = (), nothing: Any = None
) -> Callable[[str], Any]:
    def read(text: str) -> Decimal | None:
        text = text.strip(SPACES)
        if text in ("", *empty):
            return nothing  # type: ignore[no-any-return]
        text = text.strip(SPACES + INVISIBLE).translate(dict.fromkeys(map(ord, INVISIBLE)))
        for group in {thousands, "٬"} - {""}:
            text = text.replace(group, "")
        return Decimal(text.replace(decimal, ".").replace("٫", ".").replace("−", "-"))

    return read


def text(*empty: str) -> Callable[[str], str]:
    return lambda value: "" if value in empty else value


def day(style: str, *empty: str) -> Callable[[str], date | None]:
    def read(value: str) -> date | None:
        return None if value.strip(SPACES) in ("", *empty) else datetime.strptime(value, style).date()

    return read


def instant(value: str) -> datetime | None:
    if not value.strip(SPACES):
        return None
    moment = datetime.fromisoformat(re.sub(r" (?=[+-]\d{4}$)", "", value))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("Europe/Berlin"))
    return moment.astimezone(UTC).replace(tzinfo=None)


def _label(label: str) -> Callable[[list[str], int], bool]:
    return lambda row, _width: re.match(label, row[0]) is not None


def _orders(rows: list[Values]) -> list[tuple[Any, ...]]:
    """Return name, time and total of each order, which stand in the first row with its name."""
    first: dict[str, Values] = {}
    for row in rows:
        first.setdefault(row["name"], row)
    return [(name, row["created"], row["total"]) for name, row in first.items()]


GOOGLE, ENGLISH, PLAIN, GERMAN = number(",", empty=("--",)), number(","), number(), number(".", ",")
TABLES = {
    "google_ads": Table(
        {
            "day": (("Day",), day("%Y-%m-%d", "--")),
            "campaign": (("Campaign",), text("--", " --")),
            "id": (("Campaign ID",), text("--", " --")),
            "currency": (("Currency code",), text("--", " --")),
            "cost": (("Cost",), GOOGLE),
            "impressions": (("Impr.",), GOOGLE),
            "clicks": (("Clicks",), GOOGLE),
        },
        lambda row: (
            *(row["day"], row["id"] or "name:" + row["campaign"], row["campaign"], row["currency"] or ""),
            *(row["cost"], row["impressions"], row["clicks"]),
        ),
        optional=("id", "clicks"),
        is_total=_label(r"Total\s?: "),
        totals_at="ends",
        also_known=("Campaign status", "CTR"),
    ),
    "meta_ads": Table(
        {
            "day": (("Reporting ends",), day("%Y-%m-%d")),
            "campaign": (("Campaign name",), text()),
            "id": (("Campaign ID",), text()),
            "cost": (("Amount spent (EUR)",), ENGLISH),
            "impressions": (("Impressions",), ENGLISH),
            "clicks": (("Link clicks",), number(",", nothing=Decimal(0))),
        },
        lambda row: (
            *(row["day"], row["id"] or "name:" + row["campaign"], row["campaign"] or "", "EUR"),
            *(row["cost"], row["impressions"], row["clicks"]),
        ),
        optional=("id", "clicks", "campaign"),
        is_dropped=lambda row, at: (
            not any(row[position].strip(SPACES) for name in ("campaign", "id") if (position := at[name]) is not None)
        ),
        also_known=("Reporting starts", "Results"),
    ),
    "shopify_orders": Table(
        {
            "name": (("Name",), text()),
            "created": (("Created at",), instant),
            "total": (("Total",), PLAIN),
            "quantity": (("Lineitem quantity",), PLAIN),
            "product": (("Lineitem name",), text()),
            "price": (("Lineitem price",), PLAIN),
            "discount": (("Lineitem discount",), number(nothing=Decimal(0))),
        },
        lambda row: (row["product"], row["quantity"], row["price"], row["discount"]),
        more_rows=_orders,
        optional=("discount",),
        also_known=("Id", "Financial Status", "Currency", "Discount Amount", "Notes"),
    ),
    "csv": Table(
        {
            "id": (("Beleg",), text()),
            "order": (("Bestellung", "Auftrag"), text()),
            "day": (("Datum",), day("%d.%m.%Y")),
            "amount": (("Betrag",), GERMAN),
            "reason": (("Grund",), text()),
        },
        lambda row: (row["id"], row["order"], row["day"], row["amount"], row["reason"] or ""),
        optional=("reason",),
    ),
    "ga4_exploration": Table(
        {
            "day": (("Date",), day("%Y%m%d")),
            "channel": (("Session default channel group",), text()),
            "device": (("Device category",), text()),
            "sessions": (("Sessions",), PLAIN),
            "events": (("Event count",), PLAIN),
        },
        lambda row: (row["day"], row["channel"] or "", row["device"] or "", row["sessions"], row["events"]),
        optional=("channel", "device", "events"),
        is_total=lambda row, width: len(row) == width + 1 and row[-1].strip() == "Grand total",
        totals_at="start",
    ),
    "ledger": Table(
        {
            "day": (("date",), day("%Y-%m-%d")),
            "code": (("account_code",), text()),
            "section": (("section",), text()),
            "debit": (("debit",), number(nothing=Decimal(0))),
            "credit": (("credit",), number(nothing=Decimal(0))),
            "currency": (("currency",), text()),
            "memo": (("memo",), text()),
        },
        lambda row: (
            *(row["day"], row["code"], row["section"], row["currency"], row["memo"] or ""),
            row["credit"] - row["debit"]
            if row["section"] in ("revenue", "other_income")
            else row["debit"] - row["credit"],
        ),
        optional=("currency", "memo"),
        also_known=("account_name",),
    ),
}
