"""What is sold where, by which channel and product, and what comes back, from raw rows to measures."""

from datetime import date, timedelta
from decimal import Decimal

from tests.unit.sql.raw_rows import Row, Warehouse, order, rate

DAY = date(2026, 1, 5)  # a Monday
LATER = DAY + timedelta(days=9)


def line(order_id: str, product: str, total: str, *, day: date = DAY, **values: object) -> Row:
    return {
        "order_id": order_id,
        "line_number": 1,
        "day": day,
        "product_id": product,
        "quantity": 1,
        "line_total": total,
    } | values


def refund(refund_id: str, order_id: str, day: date, amount: str, **values: object) -> Row:
    return {"refund_id": refund_id, "order_id": order_id, "day": day, "amount": amount, "currency": "EUR"} | values


def sold(warehouse: Warehouse, *sales: tuple[date, str, str]) -> None:
    """One order with one line for each sale: day, product, amount."""
    warehouse.load(
        "orders", [order(str(n), day, gross_items=amount) for n, (day, _, amount) in enumerate(sales)], source="shop"
    )
    warehouse.load(
        "order_lines",
        [line(str(n), product, amount, day=day) for n, (day, product, amount) in enumerate(sales)],
        source="shop",
    )


def week(number: int) -> date:
    return DAY + timedelta(weeks=number)


def test_what_is_sold_at_a_till_is_not_sold_online(warehouse: Warehouse) -> None:
    # Of the tills' orders one has no rate, which leaves the web shop known.
    places = ["web", "", None, " POS ", "till", "Retail"]
    currencies = ["EUR"] * 5 + ["USD"]
    warehouse.load(
        "orders",
        [
            order(str(number), DAY, sales_channel=place, discounts=5, currency=currency)
            for number, (place, currency) in enumerate(zip(places, currencies, strict=True))
        ],
    )
    warehouse.load(
        "refunds",
        [refund(f"r{number}", str(number), LATER, "10", currency=name) for number, name in enumerate(currencies)],
    )
    warehouse.build("measures.orders", "measures.returns")

    found = warehouse.rows(
        "select orders, online_orders, gross_sales, online_gross_sales, online_discounts from measures.orders"
    )
    assert found == [(6, 3, None, Decimal(300), Decimal(15))]
    assert warehouse.rows("select returns, online_returns from measures.returns") == [(None, Decimal(30))]


def test_paid_channels_have_their_own_orders_and_refunds_count_on_their_day_and_with_their_order(
    warehouse: Warehouse,
) -> None:
    warehouse.load(
        "orders",
        [
            order("1", DAY, channel="Paid Search", discounts=10),
            order("2", DAY, channel="Direct", refunded_total=40),
            order("3", DAY, channel="Display", currency="USD"),
        ],
    )
    warehouse.load("refunds", [refund("r1", "1", LATER, "25")])
    warehouse.build("measures.orders", "measures.returns")

    found = warehouse.rows(
        "select channel, paid_channel_orders, paid_channel_sales, paid_channel_refunds, refunds_of_orders"
        " from measures.orders order by channel"
    )
    assert found == [("Direct", 0, 0, 0, 40), ("Display", 1, None, None, None), ("Paid Search", 1, 90, 25, 25)]
    assert warehouse.rows("select day, returns from measures.returns") == [(LATER, Decimal(25))]


def test_constant_rates_leave_only_what_was_sold_to_move_the_sales(warehouse: Warehouse) -> None:
    # 100 pounds each time; the rate went from 1.10 to 1.32. The refund of 10 pounds is worth 11 at the first rate.
    no_rate = DAY + timedelta(days=60)
    warehouse.load("fx_rates", [rate(DAY, "GBP", "EUR", "1.10"), rate(LATER, "GBP", "EUR", "1.32")])
    days = {"1": DAY, "2": LATER, "3": no_rate}
    warehouse.load("orders", [order(name, day, currency="GBP", discounts=20) for name, day in days.items()])
    warehouse.load("refunds", [refund(f"r{day}", "1", day, "10", currency="GBP") for day in (LATER, no_rate)])
    warehouse.build("measures.orders", "measures.returns")

    found = warehouse.rows("select gross_sales, discounts, sales_at_constant_rates from measures.orders order by day")
    assert found == [(110, 22, 88), (132, Decimal("26.4"), 88), (None, None, None)]
    found = warehouse.rows("select returns, returns_at_constant_rates from measures.returns order by day")
    assert found == [(Decimal("13.2"), 11), (None, None)]


def test_units_are_those_of_products_on_valid_orders(warehouse: Warehouse) -> None:
    warehouse.load("orders", [order("1", DAY), order("2", DAY, status="cancelled")], source="shop")
    warehouse.load(
        "order_lines",
        [
            line("1", "chair", "80", quantity=4),
            line("1", "", "20", line_number=2),
            line("1", "", "5", line_number=3, is_product=False),
            line("2", "chair", "100", quantity=5),
            line("nobody's", "chair", "100", quantity=5),
        ],
        source="shop",
    )
    warehouse.build("measures.products")
    assert warehouse.rows("select units_sold, product_sales from measures.products") == [(Decimal(5), Decimal(100))]


def test_bestsellers_are_those_of_the_twelve_weeks_before(warehouse: Warehouse) -> None:
    # In weeks 0 to 11 lamps sell most, then chairs, and gold would, had it a rate; from week 12 on rugs outsell all.
    warehouse.engine.run("update core.settings set bestsellers = 1")
    before = [(week(0), "lamp", "60"), (week(11), "lamp", "60"), (week(5), "chair", "100")]
    after = [(week(12), "rug", "900"), (week(12), "lamp", "100"), (week(13), "rug", "500"), (week(13), "chair", "500")]
    sold(warehouse, *before, *after)
    warehouse.load("orders", [order("gold", week(1), currency="USD")], source="shop")
    warehouse.load("order_lines", [line("gold", "gold", "9999", day=week(1))], source="shop")
    warehouse.build("measures.products")

    lists = warehouse.rows("select week_start, product_id, place from core.bestsellers order by week_start")
    assert lists == [(week(12), "lamp", 1), (week(13), "rug", 1)]
    found = warehouse.rows("select day, product_sales, bestseller_sales from measures.products order by day")
    assert found[:4] == [(week(0), 60, None), (week(1), None, None), (week(5), 100, None), (week(11), 60, None)]
    assert found[4:] == [(week(12), 1000, 100), (week(13), 1000, 500)]


def test_later_sales_never_change_who_was_a_bestseller_and_equal_ones_are_ranked_by_name(warehouse: Warehouse) -> None:
    warehouse.engine.run("update core.settings set bestsellers = 2")
    sold(
        warehouse,
        *((week(0), product, "10") for product in ("rug", "lamp", "chair")),
        (week(12), "rug", "5"),
        (week(12) + timedelta(days=6), "rug", "900"),
    )
    warehouse.build("core.bestsellers")
    assert warehouse.rows("select product_id from core.bestsellers order by place") == [("chair",), ("lamp",)]


def test_units_come_back_to_the_day_of_their_order(warehouse: Warehouse) -> None:
    warehouse.load("orders", [order("1", DAY, country="AT"), order("2", LATER), order("3", DAY, status="failed")])
    warehouse.load(
        "refunds",
        [
            refund("r1", "1", LATER, "10", quantity=2),
            refund("r1", "1", LATER, "5", quantity=1),
            refund("r2", "1", DAY + timedelta(days=40), "5", quantity=4),
            refund("r3", "2", LATER, "5", quantity=None),
            refund("r4", "2", DAY, "5", quantity=6),
            refund("r5", "3", LATER, "5", quantity=9),
            refund("r6", "nobody's", LATER, "5", quantity=9),
        ],
    )
    report = warehouse.build("measures.units_returned")

    found = warehouse.rows("select day, age_days, units_returned from measures.units_returned order by day, age_days")
    assert found == [(DAY, 9, 3), (DAY, 40, 4), (LATER, -9, 6), (LATER, 0, None)]
    (result,) = (result for result in report.results if result.table == "measures.units_returned")
    assert [warning.check for warning in result.warnings] == ["returned_after_ordering"]
