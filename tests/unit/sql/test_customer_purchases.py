from datetime import date, datetime
from decimal import Decimal

from tests.unit.sql.raw_rows import Warehouse, order

DAY, NEXT = date(2026, 1, 5), date(2026, 1, 6)
PURCHASES = "select customer_key, day, orders, gross_margin from core.customer_purchases order by all"


def bought(order_id: str, day: date = DAY, customer: str = "anna", **values: object) -> dict[str, object]:
    return order(order_id, day, customer_key=customer, **values)


def test_orders_of_one_day_are_one_purchase(warehouse: Warehouse) -> None:
    warehouse.load(
        "orders",
        [
            bought("1", created_at=datetime(2026, 1, 5, 9)),
            bought("2", created_at=datetime(2026, 1, 5, 20), gross_items=40, discounts=10),
            bought("3", NEXT),
            bought("4", customer="ben"),
        ],
    )
    warehouse.build("core.customer_purchases")

    assert warehouse.rows(PURCHASES) == [
        ("anna", DAY, 2, Decimal(130)),
        ("anna", NEXT, 1, Decimal(100)),
        ("ben", DAY, 1, Decimal(100)),
    ]


def test_orders_that_do_not_count_and_unknown_buyers_are_left_out(warehouse: Warehouse) -> None:
    warehouse.load(
        "orders",
        [
            bought("kept"),
            bought("test", NEXT, is_test=True),
            bought("cancelled", NEXT, status="cancelled"),
            bought("guest", customer=""),
            bought("named guest", customer="guest:7"),
        ],
    )
    warehouse.build("core.customer_purchases")

    assert warehouse.rows(PURCHASES) == [("anna", DAY, 1, Decimal(100))]


def test_what_was_given_back_altogether_was_no_purchase(warehouse: Warehouse) -> None:
    warehouse.load(
        "orders",
        [
            bought("in part", customer="a", status="partially_refunded", refunded_total=99),
            bought("all of it", customer="b", status="paid", refunded_total=100),
            bought("all but the shipping", customer="c", discounts=20, status="paid", refunded_total=80),
            bought("by status alone", customer="d", status="refunded", refunded_total=0),
            bought("free of charge", customer="e", discounts=100),
        ],
    )
    warehouse.build("core.customer_purchases")

    assert warehouse.rows(PURCHASES) == [("a", DAY, 1, Decimal(1)), ("e", DAY, 1, Decimal(0))]


def test_a_refund_known_to_the_refunds_alone_counts_too(warehouse: Warehouse) -> None:
    warehouse.load("orders", [bought("1"), bought("2", NEXT)], source="shop")
    warehouse.load(
        "refunds",
        [{"refund_id": "r", "order_id": "2", "day": NEXT, "currency": "EUR", "amount": 100}],
        source="shop",
    )
    warehouse.build("core.customer_purchases")

    assert warehouse.rows(PURCHASES) == [("anna", DAY, 1, Decimal(100))]


def test_a_purchase_without_an_exchange_rate_has_no_margin(warehouse: Warehouse) -> None:
    warehouse.load("orders", [bought("1"), bought("2", currency="GBP")])
    warehouse.build("core.customer_purchases")

    assert warehouse.rows(PURCHASES) == [("anna", DAY, 2, None)]
