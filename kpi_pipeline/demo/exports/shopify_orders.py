"""Shopify's order export: one row per line item, order columns on an order's first row only.

Here: its 79 columns, what continuation rows repeat, and the state of an order on the day of the export. What is ordered
belongs to ``orders``.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from kpi_pipeline.demo.company import COUNTRIES, Product, products
from kpi_pipeline.demo.exchange import IntArray
from kpi_pipeline.demo.exports.arrival import money
from kpi_pipeline.demo.exports.people import email_as_typed, full_name
from kpi_pipeline.demo.orders import DISCOUNT_CODES, OrderDay
from kpi_pipeline.demo.timeline import MICROSECONDS, Timeline, utc_offset_minutes

ADDRESS_PARTS = ("Name", "Street", "Address1", "Address2", "Company", "City", "Zip", "Province", "Country", "Phone")
HEADER = (
    *("Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at", "Accepts Marketing"),
    *("Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code", "Discount Amount", "Shipping Method"),
    *("Created at", "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem compare at price"),
    *("Lineitem sku", "Lineitem requires shipping", "Lineitem taxable", "Lineitem fulfillment status"),
    *(f"Billing {part}" for part in ADDRESS_PARTS),
    *(f"Shipping {part}" for part in ADDRESS_PARTS),
    *("Notes", "Note Attributes", "Cancelled at", "Payment Method", "Payment Reference", "Refunded Amount", "Vendor"),
    *("Outstanding Balance", "Employee", "Location", "Device ID", "Id", "Tags", "Risk Level", "Source"),
    *("Lineitem discount", *(f"Tax {number} {part}" for number in range(1, 6) for part in ("Name", "Value"))),
    *("Phone", "Receipt Number", "Duties", "Billing Province Name", "Shipping Province Name", "Payment ID"),
    *("Payment Terms Name", "Next Payment Due At", "Payment References"),
)
VENDOR = "Nordlicht Home"
FIRST_ORDER_ID = 5_610_000_000_000
ADDRESSES = (
    ("Lange Reihe 12", "Hamburg", "20099", "", "DE MwSt 19%"),
    ("Neubaugasse 40", "Wien", "1070", "", "AT MwSt 20%"),
    ("7 Park Row", "Leeds", "LS1 5HD", "ENG", "GB VAT 20%"),
)
NOTE = 'Please leave it with the neighbour,\n"Bauer", second floor'
NOTE_EVERY = 40
EMAIL_MISSING_ON_CONTINUATION_EVERY = 6


def order_id(number: int) -> str:
    """The shop's own identifier of an order, which only an order's first row carries."""
    return str(FIRST_ORDER_ID + 32_768 * number)


class OrdersExport:
    """One file of orders, written a day at a time.

    Args:
        path: the file.
        timeline: the dates.
        exported_on: index of the day of the export; it knows what happened before that day.
    """

    def __init__(self, path: Path, timeline: Timeline, exported_on: int) -> None:
        self._timeline, self._exported_on = timeline, exported_on
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(HEADER)

    def __enter__(self) -> "OrdersExport":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, day: OrderDay) -> None:
        """Write the orders of one day."""
        self._rows.writerows(_rows(day, self._timeline, self._exported_on))


def _rows(day: OrderDay, timeline: Timeline, exported_on: int) -> Iterator[list[str]]:
    goods = products()
    orders = _OrderCells(day, timeline, exported_on)
    columns = (day.line_order, day.line_product, day.line_quantity, day.line_price)
    previous = -1
    for position, product, quantity, price in zip(*(column.tolist() for column in columns), strict=True):
        head = {} if position == previous else orders.head(position)
        if head and day.tip[position]:
            # The shop lists a tip before the goods, so that the order's columns stand on a line that sells nothing.
            yield list((orders.tip_line(position) | head).values())
            head = {}
        previous = position
        yield list((orders.goods_line(position, goods[product], quantity, price) | head).values())


class _OrderCells:
    """Writes what an order's rows say, as known on the day of the export; orders are given by position."""

    def __init__(self, day: OrderDay, timeline: Timeline, exported_on: int) -> None:
        self._day, self._timeline = day, timeline
        self._created = _local_times(day.at)
        self._total = day.goods - day.discount + day.shipping + day.tip
        self._refunded = day.refunded_before(exported_on)
        self._is_cancelled = day.cancelled_day < exported_on
        self._is_paid = ~day.is_voided & (day.paid_day < exported_on)
        self._is_fulfilled = self._is_paid & (day.paid_day + 1 < exported_on)

    def goods_line(self, position: int, product: Product, quantity: int, price: int) -> dict[str, str]:
        return self._line(position, product.title, quantity, price) | {
            "Lineitem sku": product.sku,
            "Lineitem requires shipping": "true",
            "Lineitem taxable": "true",
            "Lineitem fulfillment status": "fulfilled" if self._is_fulfilled[position] else "pending",
            "Vendor": VENDOR,
        }

    def tip_line(self, position: int) -> dict[str, str]:
        return self._line(position, "Tip", 1, int(self._day.tip[position])) | {
            "Lineitem requires shipping": "false",
            "Lineitem taxable": "false",
            "Lineitem fulfillment status": "pending",
        }

    def _line(self, position: int, name: str, quantity: int, price: int) -> dict[str, str]:
        number = int(self._day.number[position])
        return dict.fromkeys(HEADER, "") | {
            "Name": f"#{number}",
            "Email": self._email(position) if number % EMAIL_MISSING_ON_CONTINUATION_EVERY else "",
            "Created at": self._created[position],
            "Lineitem quantity": str(quantity),
            "Lineitem name": name,
            "Lineitem price": money(price),
            "Lineitem discount": "0.00",
        }

    def _email(self, position: int) -> str:
        return email_as_typed(int(self._day.customer[position]), int(self._day.number[position]))

    def head(self, position: int) -> dict[str, str]:
        day = self._day
        number = int(day.number[position])
        country = COUNTRIES[day.country[position]]
        discount, shipping = int(day.discount[position]), int(day.shipping[position])
        total, taxes = int(self._total[position]), int(day.taxes[position])
        street, city, zip_code, province, tax_name = ADDRESSES[day.country[position]]
        address = {
            "Name": full_name(int(day.customer[position])),
            "Street": street,
            "Address1": street,
            "City": city,
            "Zip": f"'{zip_code}",  # the guard that keeps spreadsheets from reading a number
            "Province": province,
            "Country": country.code,
        }
        is_paid = bool(self._is_paid[position])
        return {
            "Email": self._email(position),
            "Financial Status": self._status(position),
            "Paid at": self._paid_at(position) if is_paid else "",
            "Fulfillment Status": "fulfilled" if self._is_fulfilled[position] else "unfulfilled",
            "Fulfilled at": self._noon(int(day.paid_day[position]) + 1) if self._is_fulfilled[position] else "",
            "Accepts Marketing": "yes" if number % 3 else "no",
            "Currency": country.currency,
            "Subtotal": money(int(day.goods[position]) - discount),
            "Shipping": money(shipping),
            "Taxes": money(taxes),
            "Total": money(total),
            "Discount Code": DISCOUNT_CODES[day.discount_code[position]],
            "Discount Amount": money(discount),
            "Shipping Method": "Standard" if shipping else "Free shipping",
            **{f"Billing {part}": text for part, text in address.items()},
            **{f"Shipping {part}": text for part, text in address.items()},
            "Notes": "" if number % NOTE_EVERY else NOTE,
            "Cancelled at": self._noon(int(day.cancelled_day[position])) if self._is_cancelled[position] else "",
            "Payment Method": self._payment_method(position),
            "Refunded Amount": money(int(self._refunded[position])),
            "Outstanding Balance": "0.00" if is_paid else money(total),
            "Id": order_id(number),
            "Risk Level": "Low",
            "Source": "shopify_draft_order" if day.by_telephone[position] and not day.is_test[position] else "web",
            "Tax 1 Name": tax_name,
            "Tax 1 Value": money(taxes),
        }

    def _status(self, position: int) -> str:
        day = self._day
        if day.is_voided[position] or self._is_cancelled[position]:
            return "voided"
        if not self._is_paid[position]:
            return "pending"
        if not self._refunded[position]:
            return "paid"
        return "refunded" if self._refunded[position] == self._total[position] else "partially_refunded"

    def _paid_at(self, position: int) -> str:
        if not self._day.pays_by_transfer[position]:
            return self._created[position]
        return self._noon(int(self._day.paid_day[position]))

    def _payment_method(self, position: int) -> str:
        if self._day.is_test[position]:
            return "(for testing) Bogus Gateway"
        if self._day.pays_by_transfer[position]:
            return "Bank Deposit"
        return "PayPal Express Checkout" if self._day.number[position] % 3 == 0 else "Shopify Payments"

    def _noon(self, index: int) -> str:
        midnight = self._timeline.midnights[index] // MICROSECONDS
        offset = utc_offset_minutes(midnight + 43_200)
        return f"{self._timeline.day(index).isoformat()} 12:00:00 {_offset_text(offset)}"


def _local_times(at: IntArray) -> list[str]:
    """Write instants as the shop's clock shows them, with its offset; clocks change on full hours."""
    seconds = at // MICROSECONDS
    hours, hour = np.unique(seconds // 3600, return_inverse=True)
    offsets = np.array([utc_offset_minutes(int(start) * 3600) for start in hours], dtype=np.int64)
    minutes = offsets[hour] if len(hours) else hour
    texts = np.datetime_as_string((seconds + minutes * 60).astype("datetime64[s]"), unit="s").tolist()
    return [
        f"{text[:10]} {text[11:]} {_offset_text(offset)}" for text, offset in zip(texts, minutes.tolist(), strict=True)
    ]


def _offset_text(minutes: int) -> str:
    return f"+{minutes // 60:02d}{minutes % 60:02d}"
