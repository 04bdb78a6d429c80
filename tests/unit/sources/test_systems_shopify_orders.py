import hashlib
import hmac
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import KEY, contract, read, refusal, write

COLUMNS = [
    *("Name", "Email", "Financial Status", "Paid at", "Currency", "Subtotal", "Shipping", "Taxes", "Total"),
    *("Discount Amount", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku"),
    *("Lineitem requires shipping", "Lineitem taxable", "Billing Country", "Shipping Country", "Notes", "Cancelled at"),
    *("Payment Method", "Refunded Amount", "Vendor", "Id", "Source", "Lineitem discount"),
]
LINE = {"Created at": "2026-04-10 23:11:26 -0400", "Lineitem requires shipping": "true", "Lineitem taxable": "true"}
LINE |= {"Vendor": "Nordlicht", "Lineitem discount": "0.00"}


def head(name: str, **cells: str) -> dict[str, str]:
    given = {key.replace("_", " "): value for key, value in cells.items()}
    order = {"Financial Status": "paid", "Currency": "EUR", "Shipping": "4.90", "Taxes": "0.00", "Total": "100.00"}
    order |= {"Discount Amount": "0.00", "Refunded Amount": "0.00", "Id": name.replace("#", "55"), "Source": "web"}
    order |= {"Email": "Ada@example.com", "Billing Country": "DE"}
    return {**LINE, **order, **line(name, "Lamp", "1", "95.10"), **given}


def line(name: str, product: str, quantity: str, price: str, **cells: str) -> dict[str, str]:
    given = {key.replace("_", " "): value for key, value in cells.items()}
    item = {"Name": name, "Lineitem name": product, "Lineitem quantity": quantity, "Lineitem price": price}
    return {**LINE, **item, **given}


def export(folder: Path, *rows: Mapping[str, str], columns: list[str] = COLUMNS) -> Path:
    lines = [",".join(columns)]
    for row in rows:
        cells = (row.get(column, "") for column in columns)
        lines.append(
            ",".join('"' + cell.replace('"', '""') + '"' if set(cell) & set(',\n"') else cell for cell in cells)
        )
    return write(folder, "".join(f"{text}\n" for text in lines))


def shop(**yaml: Any) -> Contract:
    return contract("shopify_orders", account_id="nordlicht", time_zone="Europe/Berlin", **yaml)


def test_an_order_with_three_lines(tmp_path: Path) -> None:
    notes = 'leave it,\nwith "Bauer"'
    path = export(
        tmp_path,
        head(
            "#1002",
            Notes=notes,
            Discount_Amount="10.00",
            Lineitem_sku="'0815",
            Shipping_Country="AT",
            Paid_at="2026-04-11 00:01:02 -0400",
        ),
        line("#1002", "Bowl", "2", "12.50", Lineitem_discount="1.50"),
        line("#1002", "Candle", "3", "4.00", Email="ada@example.com"),
    )
    file = read(path, shop())
    (order,) = file.rows["orders"]
    assert (
        order
        == {
            "order_id": "551002",
            "order_number": "#1002",
            "day": date(2026, 4, 10),  # as written, in the shop's zone
            "created_at": datetime(2026, 4, 11, 3, 11, 26),
            "paid_at": datetime(2026, 4, 11, 4, 1, 2),
            "cancelled_at": None,
            "updated_at": None,
            "customer_key": hmac.new(KEY, b"ada@example.com", hashlib.sha256).hexdigest()[:32],
            "status": "paid",
            "is_test": False,
            "currency": "EUR",
            "gross_items": Decimal("132.10"),  # 95.10 + 2 × 12.50 + 3 × 4.00
            "discounts": Decimal(10),
            "shipping": Decimal("4.90"),
            "taxes": Decimal(0),
            "total": Decimal(100),
            "refunded_total": Decimal(0),
            "payment_method": None,
            "sales_channel": "web",
            "channel": None,
            "country": "AT",
            "utm_source": None,
            "utm_medium": None,
            "utm_campaign": None,
            "account_id": "nordlicht",
        }
    )
    assert [
        (row["line_number"], row["product_id"], row["vendor"], row["quantity"], row["line_total"], row["is_product"])
        for row in sorted(file.rows["order_lines"], key=lambda row: row["line_number"])
    ] == [
        (1, "0815", "Nordlicht", 1, Decimal("95.10"), True),
        (2, None, "Nordlicht", 2, Decimal("23.50"), True),
        (3, None, "Nordlicht", 3, Decimal(12), True),
    ]
    assert {row["order_id"] for row in file.rows["order_lines"]} == {"551002"}
    assert {row["day"] for row in file.rows["order_lines"]} == {date(2026, 4, 10)}
    assert file.prepared.unknown_columns == ()


def test_a_tip_is_no_product_even_on_the_first_line(tmp_path: Path) -> None:
    tip = {"Lineitem requires shipping": "false", "Lineitem taxable": "false", "Vendor": ""}
    path = export(
        tmp_path, {**head("#1", Total="52.50"), **line("#1", "Tip", "1", "2.50"), **tip}, line("#1", "Hat", "1", "50")
    )
    file = read(path, shop())
    (order,) = file.rows["orders"]
    assert (order["gross_items"], order["total"]) == (Decimal(50), Decimal("52.50"))
    assert [row["is_product"] for row in sorted(file.rows["order_lines"], key=lambda row: row["line_number"])] == [
        False,
        True,
    ]


def test_a_download_from_a_vendor_is_a_product(tmp_path: Path) -> None:
    path = export(tmp_path, head("#1", Lineitem_requires_shipping="false", Lineitem_taxable="false"))
    assert read(path, shop()).rows["orders"][0]["gross_items"] == Decimal("95.10")


@pytest.mark.parametrize(
    ("cells", "status", "is_test"),
    [
        ({"Financial_Status": "partially_refunded", "Refunded_Amount": "10.60"}, "partially_refunded", False),
        ({"Financial_Status": "authorized"}, "pending", False),
        ({"Financial_Status": "pending", "Payment_Method": "Cash on Delivery (COD)"}, "pending", False),
        ({"Financial_Status": "voided"}, "failed", False),
        ({"Cancelled_at": "2026-04-12 10:00:00 -0400"}, "cancelled", False),
        ({"Payment_Method": "(for testing) Bogus Gateway"}, "paid", True),
    ],
)
def test_states(tmp_path: Path, cells: dict[str, str], status: str, is_test: bool) -> None:
    (order,) = read(export(tmp_path, head("#1", **cells)), shop()).rows["orders"]
    assert (order["status"], order["is_test"]) == (status, is_test)
    assert order["refunded_total"] == Decimal(cells.get("Refunded_Amount", "0"))


def test_the_clock_change_between_two_orders(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        head("#1", Created_at="2026-10-25 02:30:00 +0200"),
        head("#2", Created_at="2026-10-25 02:30:00 +0100"),
        head("#3", Created_at="2026-12-06 10:37:33 +0530"),
    )
    rows = sorted(read(path, shop()).rows["orders"], key=lambda row: row["order_id"])
    assert [row["created_at"] for row in rows] == [
        datetime(2026, 10, 25, 0, 30),
        datetime(2026, 10, 25, 1, 30),
        datetime(2026, 12, 6, 5, 7, 33),
    ]


def test_customers_are_told_apart_by_address_and_guests_by_order(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        head("#1", Email="Ada@Example.com "),
        head("#2", Email="ada@example.com"),
        head("#3", Email=""),
        head("#4", Email=""),
        line("#4", "Bowl", "1", "5", Email="bob@example.com"),
        head("#5", Email="", Id=""),
    )
    keys = {row["order_number"]: row["customer_key"] for row in read(path, shop()).rows["orders"]}
    assert keys["#1"] == keys["#2"]
    assert keys["#3"] == "guest:553"
    assert keys["#4"] == hmac.new(KEY, b"bob@example.com", hashlib.sha256).hexdigest()[:32]
    assert keys["#5"] == "guest:name:#5"


def test_no_address_is_left_anywhere(tmp_path: Path) -> None:
    file = read(export(tmp_path, head("#1"), line("#1", "Bowl", "1", "5", Email="ada@example.com")), shop())
    assert "example.com" not in str(file.rows)


def test_older_exports_lack_the_last_columns(tmp_path: Path) -> None:
    columns = [column for column in COLUMNS if column not in ("Lineitem discount", "Source", "Refunded Amount")]
    file = read(export(tmp_path, head("#1"), columns=columns), shop())
    assert file.rows["orders"][0]["refunded_total"] == 0
    assert file.rows["order_lines"][0]["line_total"] == Decimal("95.10")


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        (head("#2", Financial_Status="on_hold"), "Financial Status", "'on_hold'"),
        (line("#2", "Bowl", "1", "5"), "Financial Status", "''"),
        (head("#2", Currency=""), "Currency", "nothing"),
        (head("#2", Id="5.61E+12"), "Id", "'5.61E+12'"),
        (head("#2", Created_at="10/04/2026"), "Created at", "'10/04/2026'"),
        (head("#2", Lineitem_price="12,50"), "Lineitem price", "'12,50'"),
    ],
)
def test_rows_that_break_the_contract_are_refused(tmp_path: Path, row: dict[str, str], column: str, found: str) -> None:
    refused = refusal(export(tmp_path, head("#1"), row), shop())
    assert (refused.line, refused.column, refused.found) == (3, column, found)


def test_another_tool_with_other_names_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "ID,Name,Command,Line: Type,Line: Quantity\n1,#1,NEW,Line Item,2\n")
    assert "Financial Status" in refusal(path, shop()).expected


def test_refunds_have_no_date_and_are_dated_only_on_request(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        head("#1", Financial_Status="partially_refunded", Refunded_Amount="10.60"),
        line("#1", "Bowl", "1", "5"),
        head("#2"),
    )
    assert set(read(path, shop()).rows) == {"orders", "order_lines"}
    (refund,) = read(path, shop(options={"refunds": "estimated"})).rows["refunds"]
    assert refund == {
        "refund_id": "551:refunded",
        "order_id": "551",
        "day": date(2026, 4, 10),  # the day of the order
        "refunded_at": None,
        "amount": Decimal("10.60"),
        "currency": "EUR",
        "quantity": None,
        "reason": None,
        "is_estimated_date": True,
        "account_id": "nordlicht",
    }


def test_an_unknown_way_of_dating_refunds_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match=r"options\.refunds: unknown 'guessed'"):
        shop(options={"refunds": "guessed"})


@pytest.mark.parametrize("name", ["orders_export_78col_multiline_redacted.csv", "orders_export_79col_header.csv"])
def test_both_generations_of_the_real_header_are_known(shared_data: Path, tmp_path: Path, name: str) -> None:
    header, *lines = (shared_data.parent / "formats" / "shopify" / name).read_text(encoding="utf-8").splitlines()
    file = read(write(tmp_path, "".join(f"{text}\n" for text in (header, *lines))), shop())
    assert file.prepared.unknown_columns == ()
    assert len(file.rows["order_lines"]) == len(lines)
    if lines:  # totals of the three orders as their first lines state them
        orders = {row["order_number"]: row for row in file.rows["orders"]}
        assert {key: row["total"] for key, row in orders.items()} == {
            "#1001": Decimal(195),
            "#1011": Decimal("42.29"),
            "#1021": Decimal("52.50"),
        }
        assert orders["#1021"]["gross_items"] == Decimal(50)  # the tip of 2.50 is no product
        assert orders["#1011"]["refunded_total"] == Decimal("10.60")
