import shutil
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from kpi_pipeline.warehouse.changes import record_changes
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.sql.raw_rows import Row, Warehouse, event, order

DAY = date(2026, 3, 2)
BOUGHT_AT = datetime(2026, 3, 2, 12)
MODELS = ("first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay")
CHANNELS = ("Direct", "Email", "Organic Search", "Paid Search", "Unassigned")


def visit(channel: str, days_before: float, visitor: str, **values: object) -> Row:
    """A session that does not buy; it begins so many days before those that do."""
    started = BOUGHT_AT - timedelta(days=days_before)
    known = {"session": f"{visitor} {started}", "visitor_id": visitor, "channel": channel}
    return event("session_start", started, **(known | values))  # type: ignore[arg-type]


def purchase(channel: str, visitor: str, transaction_id: str, **values: object) -> list[Row]:
    """The session that buys, and the purchase three minutes later."""
    begun = visit(channel, 0, visitor, **values)
    later = {"event_at": BOUGHT_AT + timedelta(minutes=3), "event_name": "purchase", "transaction_id": transaction_id}
    return [begun, begun | later]


def path(number: str, *channels: str) -> list[Row]:
    """A visitor of its own whose sessions lie seven days apart, the last of which bought the order of that number."""
    *before, last = channels
    steps = [visit(each, 7 * (len(before) - place), number) for place, each in enumerate(before)]
    return [*steps, *purchase(last, number, f"#{number}")]


def attribute(warehouse: Warehouse, events: Iterable[Row], orders: Iterable[Row]) -> None:
    warehouse.load("web_events", list(events))
    warehouse.load("orders", list(orders))
    warehouse.build("measures.attribution", "measures.purchase_captures", "measures.orders")


@pytest.fixture(scope="module")
def paths(
    tmp_path_factory: pytest.TempPathFactory, sql_project: SqlProject, empty_warehouse: Path
) -> Iterator[Warehouse]:
    """Orders whose paths do not touch each other, attributed together."""
    file = tmp_path_factory.mktemp("paths") / "warehouse.duckdb"
    shutil.copyfile(empty_warehouse, file)
    engine = DuckDbEngine(file, threads=1)
    warehouse = Warehouse(engine, sql_project)
    spring = [row | {"campaign_name": "Spring"} for row in path("three", "Email", "Direct", "Paid Search")]
    together = [visit("Email", 0, "together", session="z"), *purchase("Direct", "together", "#together", session="a")]
    nameless = [visit("Email", 2, ""), visit("Email", 1, ""), *purchase("Direct", "", "#nameless")]
    later = [row | {"event_at": BOUGHT_AT + timedelta(hours=1)} for row in purchase("Direct", "ben", "identifier")]
    events = [
        *spring,
        *path("five", "Email", "Email", "Email", "Email", "Email"),
        *path("two", "Email", "Direct"),
        *path("direct", "Direct", "direct", "Direct"),
        *path("one", "Email"),
        visit("Direct", -1, "one"),
        *path("cancelled", "Email"),
        *together,
        *nameless,
        *purchase("Email", "anna", "identifier"),
        *later,
        *purchase("Organic Search", "cleo", "#first of session"),
        *purchase("Organic Search", "cleo", "#second of session"),
    ]
    orders = [
        order("three", DAY, gross_items=100, discounts=10),
        *(order(each, DAY) for each in ("five", "two", "direct", "one", "together", "nameless", "identifier")),
        *(order(each, DAY) for each in ("first of session", "second of session")),
        order("cancelled", DAY, status="cancelled"),
        order("unknown", DAY),
        order("at the till", DAY - timedelta(days=1), sales_channel="pos", currency="USD"),
        order("of the same number", DAY - timedelta(days=1), sales_channel="pos", order_number="#one"),
    ]
    attribute(warehouse, events, orders)
    yield warehouse
    engine.close()


def credits(warehouse: Warehouse, order_id: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    query = f"select model, touch_number, credit from core.attribution where order_id = '{order_id}' order by all"
    for model, number, credit in warehouse.rows(query):
        found.setdefault(str(model), []).append(f"{number}: {credit}")
    return found


def touches(warehouse: Warehouse, order_id: str) -> list[tuple[object, ...]]:
    return warehouse.rows(f"select touch_number, channel from core.touches where order_id = '{order_id}' order by all")


def test_three_sessions_share_one_order_as_each_model_says(paths: Warehouse) -> None:
    # Recency halves with every seven days: a quarter, a half and a whole, of 1.75 together.
    assert credits(paths, "three") == {
        "first_touch": ["1: 1.000000"],
        "last_touch": ["3: 1.000000"],
        "last_non_direct": ["3: 1.000000"],
        "linear": ["1: 0.333333", "2: 0.333333", "3: 0.333334"],
        "position_based": ["1: 0.400000", "2: 0.200000", "3: 0.400000"],
        "time_decay": ["1: 0.142857", "2: 0.285714", "3: 0.571429"],
    }


def test_the_money_of_an_order_is_shared_to_the_last_digit(paths: Warehouse) -> None:
    found = paths.rows(
        "select channel, campaign, attributed_orders, attributed_sales, attributed_new_customers"
        " from measures.attribution where model = 'time_decay' and campaign = 'Spring' order by channel"
    )
    # Of 90.00: 0.142857 is 12.85713, 0.285714 is 25.71426, and the rest is left.
    assert found == [
        ("Direct", "Spring", Decimal("0.285714"), Decimal("25.7143"), Decimal("0.285714")),
        ("Email", "Spring", Decimal("0.142857"), Decimal("12.8571"), Decimal("0.142857")),
        ("Paid Search", "Spring", Decimal("0.571429"), Decimal("51.4286"), Decimal("0.571429")),
    ]


def test_the_sessions_in_the_middle_share_what_the_position_leaves(paths: Warehouse) -> None:
    found = credits(paths, "five")
    assert found["position_based"] == ["1: 0.400000", "2: 0.066666", "3: 0.066666", "4: 0.066666", "5: 0.400002"]
    assert found["linear"] == [f"{number}: 0.200000" for number in range(1, 6)]


def test_two_sessions_share_equally_by_position_and_a_direct_visit_hides_no_other(paths: Warehouse) -> None:
    found = credits(paths, "two")
    assert found["position_based"] == found["linear"] == ["1: 0.500000", "2: 0.500000"]
    assert found["last_non_direct"] == ["1: 1.000000"]
    assert found["last_touch"] == ["2: 1.000000"]
    assert found["time_decay"] == ["1: 0.333333", "2: 0.666667"]


def test_where_all_came_directly_the_session_that_bought_gets_the_credit(paths: Warehouse) -> None:
    assert credits(paths, "direct")["last_non_direct"] == ["3: 1.000000"]


def test_a_single_session_has_all_the_credit_of_all_models(paths: Warehouse) -> None:
    assert credits(paths, "one") == {model: ["1: 1.000000"] for model in MODELS}


def test_orders_without_a_session_are_unattributed_and_invalid_ones_are_none(paths: Warehouse) -> None:
    assert credits(paths, "unknown") == {model: ["0: 1.000000"] for model in MODELS}
    assert credits(paths, "cancelled") == {}
    found = paths.rows(
        "select day, campaign, attributed_orders, attributed_sales from measures.attribution"
        " where channel = 'Unattributed' and model = 'linear' order by day"
    )
    # An amount without a rate is unknown, not zero.
    assert found == [(DAY - timedelta(days=1), "", 1, None), (DAY, "", 1, 100)]


def test_the_session_that_bought_comes_last_among_those_that_began_together(paths: Warehouse) -> None:
    assert touches(paths, "together") == [(1, "Email"), (2, "Direct")]


def test_sessions_that_name_no_visitor_do_not_share_a_path(paths: Warehouse) -> None:
    assert touches(paths, "nameless") == [(1, "Direct")]


def test_an_order_is_found_by_its_number_or_identifier_and_by_the_first_report(paths: Warehouse) -> None:
    assert touches(paths, "identifier") == [(1, "Email")]
    assert touches(paths, "first of session") == touches(paths, "second of session") == [(1, "Organic Search")]
    # Of eleven valid orders online the website does not know one; what the till sold is not asked for.
    assert paths.rows("select sum(captured_orders) from measures.purchase_captures") == [(10,)]
    assert paths.rows("select sum(online_orders) from measures.orders") == [(11,)]


def test_the_look_back_is_the_companys_and_counts_days(warehouse: Warehouse) -> None:
    before = [visit(each, days, "anna") for each, days in (("Email", 91), ("Paid Search", 90), ("Organic Search", 8))]
    attribute(warehouse, [*before, *purchase("Direct", "anna", "#1")], [order("1", DAY)])
    assert touches(warehouse, "1") == [(1, "Paid Search"), (2, "Organic Search"), (3, "Direct")]
    warehouse.engine.run("update core.settings set attribution_lookback_days = 7")
    record_changes(warehouse.engine, "core.settings", None)
    warehouse.build("core.attribution")
    assert touches(warehouse, "1") == [(1, "Direct")]


def test_a_week_in_which_the_website_misses_more_than_one_order_of_ten_is_warned_of(warehouse: Warehouse) -> None:
    next_week, week = DAY + timedelta(days=7), timedelta(days=7)
    seen = [row for number in range(9) for row in purchase("Email", str(number), f"#{number}")]
    later = [row for number in range(10, 14) for row in purchase("Email", str(number), f"#{number}")]
    moved = {"day": next_week, "event_day": next_week, "event_at": BOUGHT_AT + week}
    warehouse.load("web_events", [*seen, *(row | moved for row in later)])
    orders = [order(str(number), DAY if number < 10 else next_week) for number in range(15)]
    warehouse.load("orders", [*orders, order("day without events", next_week + timedelta(days=1))])
    report = warehouse.build("views.purchase_capture_week")

    found = warehouse.rows("select * from views.purchase_capture_week order by week_start")
    assert found == [(DAY, 10, 9), (next_week, 5, 4)]
    (result,) = [result for result in report.results if result.table == "views.purchase_capture_week"]
    assert [str(warning) for warning in result.warnings] == ["at_least_nine_of_ten does not hold for 1 rows"]


def test_every_model_adds_up_to_the_orders_exactly(warehouse: Warehouse) -> None:
    random = Random(4)
    events, orders = [], []
    for number in range(45):
        # A third of the orders is not known to the website; visitors come back for further orders.
        visitor, started = f"visitor {random.randrange(15)}", timedelta(minutes=number)
        events += [visit(random.choice(CHANNELS), random.uniform(0, 95), visitor) for _ in range(random.randrange(6))]
        if random.random() < 2 / 3:
            bought = purchase(random.choice(CHANNELS), visitor, f"#{number}", session=f"buying {number}")
            events += [row | {"event_at": BOUGHT_AT - started + timedelta(seconds=len(row))} for row in bought]
        status = random.choice(("paid", "paid", "paid", "cancelled", "refunded"))
        amounts = {"gross_items": Decimal(random.randrange(1, 10**7)) / 10**4, "discounts": random.randrange(3)}
        placed, customer = DAY - timedelta(days=random.randrange(3)), f"customer {random.randrange(20)}"
        orders.append(order(str(number), placed, status=status, customer_key=customer, **amounts))
    attribute(warehouse, events, orders)

    totals = "select day, sum(orders), sum(gross_sales - discounts), sum(new_customers) from measures.orders group by 1"
    credited = (
        "select day, sum(attributed_orders), sum(attributed_sales), sum(attributed_new_customers)"
        " from measures.attribution where model = '{}' group by 1"
    )
    expected = sorted(warehouse.rows(totals))
    assert len(expected) == 3
    for model in MODELS:
        assert sorted(warehouse.rows(credited.format(model))) == expected, model
    assert warehouse.rows("select distinct sum(credit) from core.attribution group by order_id, model") == [(1,)]
    # The same orders are unattributed in every model, and the paths are long enough to be worth a test.
    unknown = "select sum(attributed_orders) from measures.attribution where channel = 'Unattributed' group by model"
    assert len(set(warehouse.rows(unknown))) == 1
    assert warehouse.rows("select max(touches) > 5, count(distinct order_id) > 15 from core.touches") == [(True, True)]
