"""Small exports of several systems, and thousands of ways to damage them; every file follows from its number."""

import csv
import gzip
import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract

BYTES = [bytes([value]) for value in (*b"0123456789,;\"\n\r\t.-+eE /:'|", 0x00, 0x81, 0xA0, 0xC3, 0xFF)]
TOKENS = (b",", b'"', b'""', b"\n", b"\r\n", b"9", b";", b"\t", b"0", b".", b"\xc2\xa0", b"\xe2\x80\x8f", b"Total: x")
NUMBERS = (
    *(
        "1e3",
        "1,5",
        "1.5",
        "(5.00)",
        "5-",
        "€5",
        "NaN",
        "--",
        " --",
        "n/a",
        "-",
        "1.005",
        "1.23456",
        "1 234",
        "1\u202f234",
    ),
    *(
        "۱۲۳",
        "٣٤٫٥",
        "۱٬۲۳۴",
        " 12 ",
        "+5",
        "0x1F",
        "1_000",
        "=1+1",
        "1,234",
        "1.234,56",
        "1,234.56",
        "12,34",
        "−7",
        "",
    ),
    *("99999999999999999999", "1.22158E+17", "inf", "5%", "true", "007", "-0", "1..2", "0.1234567", "\u200e7"),
)
DATES = (
    *("2026-02-30", "01/02/2026", "13/02/2026", "2026-9-1", "20260901", "1405/01/15", "2126-01-01", "1970-01-01", ""),
    *("2026-09-01 00:00:00", "infinity", "Sep 1, 2026", "2026-09-01", "۱۴۰۵/۰۱/۱۵", "0000-00-00", "46000"),
)
TEXTS = (
    "",
    " ",
    "é",
    "یلدا",
    "a\nb",
    'say "x"',
    "Total: y",
    "Grand total",
    "x" * 300,
    "a,b",
    "a;b",
    "\x00",
    "=cmd()",
    "#",
)


@dataclass(frozen=True)
class Export:
    """A valid export.

    Attributes:
        lines_above: lines above the header.
        delimiter: between its cells.
    """

    system: str
    content: str
    lines_above: int
    delimiter: str
    contract: Contract


def exports() -> list[Export]:
    """One small export of each system; names and numbers are made up."""
    return [_google_ads(), _meta_ads(), _shopify_orders(), _generic(), _ga4_exploration(), _ledger()]


def mutated(export: Export, number: int) -> bytes:
    """Damage an export, or only write it differently, in one to three ways."""
    generator = random.Random(f"{export.system} {number}")
    table = list(csv.reader(io.StringIO(export.content, newline=""), delimiter=export.delimiter))
    delimiter, ending = export.delimiter, "\n"
    steps: list[Callable[[bytes], bytes]] = []
    for _change in range(generator.choice((1, 1, 2, 3))):
        kind = generator.random()
        if kind < 0.4:
            _change_table(table, export.lines_above, generator)
        elif kind < 0.5:
            delimiter, ending = generator.choice(((",", "\n"), (";", "\n"), ("\t", "\n"), ("|", "\n"), (",", "\r\n")))
        elif kind < 0.95:
            steps.append(lambda content: _change_bytes(content, generator))
        else:
            steps.append(generator.choice(_WAYS_TO_ENCODE))
    content = _written(table, delimiter, ending)
    if not export.content.endswith("\n"):
        content = content.removesuffix(ending)
    if generator.random() < 0.03:
        content = f"sep={delimiter}{ending}" + content
    changed = content.encode("utf-8", "replace")
    for step in steps:
        changed = step(changed)
    return gzip.compress(changed) if generator.random() < 0.02 else changed


def _written(table: list[list[str]], delimiter: str, ending: str) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=ending)
    for row in table:
        writer.writerow(row)
    return buffer.getvalue()


def _change_table(table: list[list[str]], above: int, generator: random.Random) -> None:
    rows = [number for number in range(above, len(table)) if table[number]]
    row = table[generator.choice(rows)]
    width = len(table[above])
    position = generator.randrange(len(row))
    kind = generator.randrange(13)
    if kind < 5:
        row[position] = generator.choice(generator.choice((NUMBERS, NUMBERS, DATES, TEXTS)))
    elif kind == 5:
        del row[position]
    elif kind == 6:
        row.insert(position, generator.choice(TEXTS))
    elif kind == 7:
        first, second = generator.randrange(width), generator.randrange(width)
        for number in rows:
            if max(first, second) < len(table[number]):
                cells = table[number]
                cells[first], cells[second] = cells[second], cells[first]
    elif kind == 8:
        table.insert(generator.randrange(len(table) + 1), list(table[generator.choice(rows)]))
    elif kind == 9:
        del table[generator.choice(rows)]
    elif kind == 10:
        first, second = generator.choice(rows), generator.choice(rows)
        table[first], table[second] = table[second], table[first]
    elif kind == 11:
        for number in rows:
            table[number].insert(min(position, len(table[number])), "Colour" if number == above else "red")
    else:
        table.insert(generator.randrange(len(table) + 1), generator.choice(([], ["notes"], ["a", "b"], [""] * width)))


def _change_bytes(content: bytes, generator: random.Random) -> bytes:
    if not content:
        return content
    at = generator.randrange(len(content))
    length = generator.randint(1, 20)
    kind = generator.randrange(7)
    if kind < 2:
        return content[:at] + generator.choice(BYTES) + content[at + 1 :]
    if kind == 2:
        return content[:at] + content[at + length :]
    if kind == 3:
        return content[:at] + generator.choice(TOKENS) + content[at:]
    if kind == 4:
        return content[: at + length] + content[at:]
    if kind == 5:
        return content[:at]
    return content.rstrip(b"\r\n") if generator.random() < 0.5 else content + b"\n"


_WAYS_TO_ENCODE: tuple[Callable[[bytes], bytes], ...] = (
    lambda content: b"\xef\xbb\xbf" + content,
    lambda content: content.decode("utf-8", "replace").encode("utf-16"),
    lambda content: content.decode("utf-8", "replace").encode("utf-16-be"),
    lambda content: content.decode("utf-8", "replace").encode("cp1252", "replace"),
)


def _google_ads() -> Export:
    lines = ["Campaign report", '"September 1, 2026 - September 20, 2026"']
    lines.append("Day,Campaign,Campaign ID,Campaign status,Currency code,Cost,Impr.,Clicks,CTR")
    cents = shown = clicked = 0
    for day in range(1, 21):
        cost, impressions, clicks = day * 4321, day * 700, day * 3
        cents, shown, clicked = cents + cost, shown + impressions, clicked + clicks
        name = ('"Autumn, new"', "Été", "Spring")[day % 3]
        lines.append(f'2026-09-{day:02},{name},{day % 3},Enabled,CAD,{cost / 100:.2f},"{impressions:,}",{clicks},0.43%')
    lines.append(f'Total: Campaigns, --, --, --, --,{cents / 100:.2f},"{shown:,}",{clicked},0.43%')
    lines.append(f'Total: Account,,,, --,{cents / 100:.2f},"{shown:,}",{clicked},0.43%')
    return Export("google_ads", "\n".join(lines) + "\n", 2, ",", contract("google_ads"))


def _meta_ads() -> Export:
    lines = [
        "Reporting starts,Reporting ends,Campaign name,Campaign ID,Impressions,Link clicks,Amount spent (EUR),Results"
    ]
    cents = shown = clicked = 0
    for day in range(1, 16):
        cost, impressions, clicks = day * 1234, day * 300, day * 2
        cents, shown, clicked = cents + cost, shown + impressions, clicked + clicks
        dates = f"2026-09-{day:02},2026-09-{day:02}"
        lines.append(f'{dates},"Brand, {day % 4}",{1200 + day % 4},{impressions},{clicks},{cost / 100:.2f},{day}')
    lines.insert(1, f"2026-09-01,2026-09-15,,,{shown},{clicked},{cents / 100:.2f},")
    return Export("meta_ads", "\n".join(lines) + "\n", 0, ",", contract("meta_ads"))


def _shopify_orders() -> Export:
    header = (
        *("Name", "Id", "Financial Status", "Created at", "Currency", "Total", "Discount Amount", "Notes"),
        *("Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem discount"),
    )
    lines = [",".join(header)]
    for number in range(1001, 1013):
        created = f"2026-09-{number - 1000:02} 10:15:30 +0200"
        lines.append(
            f'#{number},55{number},paid,{created},EUR,{number / 10:.2f},0.00,"call,\nplease",1,Lamp,{number / 20},0'
        )
        if number % 2:
            lines.append(f"#{number},,,{created},,,,,{number % 5 + 1},Chair,{number / 40:.2f},0.00")
    shop = contract("shopify_orders", time_zone="Europe/Berlin")
    return Export("shopify_orders", "\n".join(lines) + "\n", 0, ",", shop)


def _generic() -> Export:
    columns: dict[str, Any] = {
        "refund_id": {"header": "Beleg"},
        "order_id": {"header": ["Bestellung", "Auftrag"]},
        "day": {"header": "Datum", "style": "%d.%m.%Y"},
        "amount": {"header": "Betrag"},
        "reason": {"header": "Grund", "required": False},
    }
    lines = ["Beleg;Bestellung;Datum;Betrag;Grund"]
    lines += [
        f'R{number};A{number % 7};{number}.9.2026;{number}.{number * 7 % 900 + 100},5{number % 10};"zu spät; {number}"'
        for number in range(1, 21)
    ]
    separators = {"decimal_separator": ",", "thousands_separator": "."}
    refunds = contract("csv", subject="refunds", currency="EUR", columns=columns, **separators)
    return Export("csv", "\n".join(lines) + "\n", 0, ";", refunds)


def _ga4_exploration() -> Export:
    rule = "# ----------------------------------------"
    above = [rule, "# Shop", "# Channels-Free form 1", "# 20260901-20260912", rule, ""]
    lines = [*above, "Date,Session default channel group,Device category,Sessions,Event count"]
    rows = [
        f"202609{day:02},{('Direct', 'Organic Search')[day % 2]},mobile,{day * 4},{day * 11}" for day in range(1, 13)
    ]
    lines += [f",,,{4 * 78},{11 * 78},Grand total", *rows]
    return Export("ga4_exploration", "\n".join(lines), len(above), ",", contract("ga4_exploration"))


def _ledger() -> Export:
    lines = ["date,account_code,account_name,section,debit,credit,currency,memo"]
    for day in range(1, 16):
        lines.append(f"2026-09-{day:02},4000,Sales,revenue,,{day * 100}.00,EUR,day {day}")
        lines.append(f'2026-09-{day:02},6200,"Rent, heating",opex,{day * 10}.5,0,EUR,')
    return Export("ledger", "\n".join(lines) + "\n", 0, ",", contract("ledger"))
