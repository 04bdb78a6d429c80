from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.unit.sql.raw_rows import Row, Warehouse, event, order, rate

DAY = date(2026, 3, 2)
LATER = DAY + timedelta(days=9)


def line(order_id: str, number: int, product: str | None, quantity: int, **values: object) -> Row:
    return {
        "order_id": order_id,
        "line_number": number,
        "day": DAY,
        "product_id": product,
        "quantity": quantity,
        "unit_price": 50,
        "line_total": 50 * quantity,
    } | values


def product(product_id: str, cost: str, *, day: date = DAY, currency: str = "EUR") -> Row:
    return {"product_id": product_id, "day": day, "unit_cost": cost, "currency": currency}


def refund(refund_id: str, order_id: str, day: date, amount: str, **values: object) -> Row:
    return {"refund_id": refund_id, "order_id": order_id, "day": day, "amount": amount, "currency": "EUR"} | values


def test_an_order_counts_unless_it_is_a_test_cancelled_or_failed(warehouse: Warehouse) -> None:
    counting = [" Paid ", "pending", "refunded", "partially_refunded"]
    not_counting = ["cancelled", "failed"]
    warehouse.load("orders", [order(status, DAY, status=status) for status in counting + not_counting])
    warehouse.load("orders", [order("test", DAY, is_test=True), order("no test", DAY, is_test=None)])
    warehouse.build("measures.orders")

    found = warehouse.rows("select order_id from core.orders where is_valid order by order_id")
    assert found == [("Paid",), ("no test",), ("partially_refunded",), ("pending",), ("refunded",)]
    assert warehouse.rows("select orders, gross_sales from measures.orders") == [(5, Decimal(500))]


def test_revenue_is_gross_less_discounts_less_refunds_on_their_own_day(warehouse: Warehouse) -> None:
    warehouse.load("orders", [order("1", DAY, gross_items=100, discounts="12.50"), order("2", DAY, gross_items=40)])
    warehouse.load("refunds", [refund("r1", "1", LATER, "20.25"), refund("r2", "2", LATER, "40")])
    warehouse.build("measures.orders", "measures.returns")

    sales = warehouse.rows("select day, orders, gross_sales, discounts, orders_refunded from measures.orders")
    assert sales == [(DAY, 2, Decimal(140), Decimal("12.5"), 2)]
    assert warehouse.rows("select day, country, returns from measures.returns") == [(LATER, "DE", Decimal("60.25"))]


def test_a_refund_of_an_order_that_does_not_count_is_not_deducted(warehouse: Warehouse) -> None:
    warehouse.load("orders", [order("1", DAY, status="cancelled"), order("2", DAY)])
    warehouse.load("refunds", [refund("r1", "1", LATER, "100"), refund("r2", "2", LATER, "5")])
    warehouse.build("measures.returns")
    assert warehouse.rows("select returns from measures.returns") == [(Decimal(5),)]


def test_a_refund_of_an_unknown_order_is_deducted_and_warned_about(warehouse: Warehouse) -> None:
    warehouse.load("refunds", [refund("r1", "nobody's", LATER, "5")])
    report = warehouse.build("measures.returns")

    assert warehouse.rows("select country, returns from measures.returns") == [("", Decimal(5))]
    assert {warning.check for result in report.results for warning in result.warnings} == {"order_known"}


def test_the_parts_of_one_refund_are_added_up(warehouse: Warehouse) -> None:
    warehouse.load("refunds", [refund("r1", "1", LATER, "5"), refund("r1", "1", LATER, "7")])
    warehouse.build("measures.returns")
    assert warehouse.rows("select returns from measures.returns") == [(Decimal(12),)]


def test_orders_and_refunds_are_converted_at_their_own_days(warehouse: Warehouse) -> None:
    warehouse.load("orders", [order("1", DAY, gross_items=100, discounts=10, currency="GBP")])
    warehouse.load("refunds", [refund("r1", "1", LATER, "50", currency="GBP")])
    warehouse.load("fx_rates", [rate(DAY, "GBP", "EUR", "1.10"), rate(LATER, "GBP", "EUR", "1.20")])
    warehouse.build("measures.orders", "measures.returns")

    assert warehouse.rows("select gross_sales, discounts from measures.orders") == [(Decimal(110), Decimal(11))]
    assert warehouse.rows("select returns from measures.returns") == [(Decimal(60),)]


def test_one_order_without_a_rate_makes_the_sales_of_its_day_unknown(warehouse: Warehouse) -> None:
    warehouse.load("orders", [order("1", DAY), order("2", DAY, currency="GBP"), order("3", LATER)])
    report = warehouse.build("measures.orders")

    found = warehouse.rows("select day, orders, gross_sales, order_gross_margin from measures.orders order by day")
    assert found == [(DAY, 2, None, None), (LATER, 1, Decimal(100), Decimal(100))]
    assert "amounts_converted" in {warning.check for result in report.results for warning in result.warnings}


def test_an_order_without_a_channel_takes_that_of_the_session_that_bought(warehouse: Warehouse) -> None:
    noon = datetime(2026, 3, 2, 12)
    events = [event("session_start", noon, channel="Paid Search")]
    for transaction_id in ("#1", "#2", "3"):
        events.append(event("purchase", noon, channel="", transaction_id=transaction_id))
    warehouse.load("web_events", events)
    warehouse.load(
        "orders",
        [
            order("1", DAY, channel="Organic Search"),
            order("2", DAY, channel=""),
            order("3", DAY, channel=None),
            order("4", DAY, channel=""),
        ],
    )
    warehouse.build("core.orders")

    found = warehouse.rows("select order_id, channel from core.orders")
    assert dict(found) == {"1": "Organic Search", "2": "Paid Search", "3": "Paid Search", "4": "Unassigned"}


def test_the_first_session_that_reports_a_purchase_gives_the_channel(warehouse: Warehouse) -> None:
    noon = datetime(2026, 3, 2, 12)
    bought = {"transaction_id": "#7"}
    warehouse.load(
        "web_events",
        [
            event("purchase", noon + timedelta(hours=1), session="reloaded", channel="Direct", **bought),
            event("purchase", noon, session="bought", channel="Email", **bought),
        ],
    )
    warehouse.load("orders", [order("7", DAY)])
    warehouse.build("core.orders")
    assert warehouse.rows("select channel from core.orders") == [("Email",)]


def test_paid_channels_win_paid_customers(warehouse: Warehouse) -> None:
    paid = ["Paid Search", "Paid Social", "Display", "Cross-network"]
    channels = [*paid, "Organic Search", "Direct", "Unassigned"]
    warehouse.load("orders", [order(channel, DAY, channel=channel) for channel in channels])
    warehouse.build("measures.orders")

    found = warehouse.rows("select channel, new_customers, new_customers_paid from measures.orders")
    assert sorted(found) == sorted((channel, 1, int(channel in paid)) for channel in channels)


def test_gross_margin_is_what_is_left_after_discounts_refunds_and_product_costs(warehouse: Warehouse) -> None:
    # 150.00 - 10.00 - 20.00 - (2 x 12.50 + 1 x 8.00 pounds at 1.25 = 10.00) = 85.00; the tip costs nothing.
    warehouse.load("orders", [order("1", DAY, gross_items=150, discounts=10, refunded_total=20)])
    warehouse.load(
        "order_lines",
        [line("1", 1, "chair", 2), line("1", 2, "lamp", 1), line("1", 3, None, 1, is_product=False)],
        source="orders_source",
    )
    warehouse.load("products", [product("chair", "12.50"), product("lamp", "8", currency="GBP")])
    warehouse.load("fx_rates", [rate(DAY, "GBP", "EUR", "1.25")])
    report = warehouse.build("measures.orders")

    assert warehouse.rows("select product_costs, gross_margin from core.orders") == [(Decimal(35), Decimal(85))]
    assert warehouse.rows("select order_gross_margin from measures.orders") == [(Decimal(85),)]
    assert not [result for result in report.results if result.warnings]


def test_lines_find_their_order_when_another_source_of_the_same_shop_delivers_them(warehouse: Warehouse) -> None:
    warehouse.load("orders", [order("1", DAY)], source="orders", account_id="shop")
    warehouse.load("orders", [order("1", DAY)], source="orders", account_id="other shop")
    warehouse.load("order_lines", [line("1", 1, "chair", 2)], source="items", account_id="shop")
    warehouse.load("products", [product("chair", "10")], source="costs", account_id="erp")
    warehouse.build("core.orders")

    found = warehouse.rows("select account_id, product_costs from core.orders order by account_id")
    assert found == [("other shop", Decimal(0)), ("shop", Decimal(20))]


def test_an_unknown_product_cost_counts_as_zero_with_a_warning(warehouse: Warehouse) -> None:
    warehouse.load("orders", [order("1", DAY)])
    warehouse.load("order_lines", [line("1", 1, "chair", 1), line("1", 2, "lamp", 1)], source="orders_source")
    warehouse.load("products", [product("chair", "30")])
    report = warehouse.build("core.orders")

    assert warehouse.rows("select gross_margin, has_all_costs from core.orders") == [(Decimal(70), False)]
    warned = {warning.check: warning.failing_rows for result in report.results for warning in result.warnings}
    assert warned == {"product_cost_known": 1, "product_costs_known": 1}


def test_a_cost_without_a_rate_makes_the_margin_unknown_but_not_the_sales(warehouse: Warehouse) -> None:
    warehouse.load("orders", [order("1", DAY)])
    warehouse.load("order_lines", [line("1", 1, "chair", 1)], source="orders_source")
    warehouse.load("products", [product("chair", "30", currency="USD")])
    warehouse.build("measures.orders")
    assert warehouse.rows("select gross_sales, order_gross_margin from measures.orders") == [(Decimal(100), None)]


def test_a_product_costs_what_it_cost_on_the_day_of_the_order(warehouse: Warehouse) -> None:
    days = [DAY - timedelta(days=30), DAY, LATER]
    warehouse.load("orders", [order(str(number), day) for number, day in enumerate(days)])
    warehouse.load(
        "order_lines",
        [line(str(number), 1, "chair", 1, day=day) for number, day in enumerate(days)],
        source="orders_source",
    )
    warehouse.load("products", [product("chair", "10", day=DAY - timedelta(days=1)), product("chair", "11", day=LATER)])
    warehouse.build("core.orders")

    found = warehouse.rows("select product_costs from core.orders order by day")
    assert found == [(Decimal(10),), (Decimal(10),), (Decimal(11),)]


def test_a_refund_that_came_after_the_order_was_exported_lowers_its_margin(warehouse: Warehouse) -> None:
    warehouse.load("orders", [order("1", DAY, refunded_total=10), order("2", DAY, refunded_total=10)])
    warehouse.load("refunds", [refund("r1", "1", LATER, "10"), refund("r2", "1", LATER, "15")])
    warehouse.build("core.orders")

    found = warehouse.rows("select order_id, refunded_total, gross_margin, is_refunded from core.orders order by 1")
    assert found == [("1", Decimal(25), Decimal(75), True), ("2", Decimal(10), Decimal(90), True)]
