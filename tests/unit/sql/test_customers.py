from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.unit.sql.raw_rows import EXPORTED_AT, Row, Warehouse, ad, order

DAY = date(2026, 1, 5)


def days(number: int) -> date:
    return DAY + timedelta(days=number)


def bought(order_id: str, customer: str, day: date, **values: object) -> Row:
    return order(order_id, day, customer_key=customer, **values)


def insert_new_customers(warehouse: Warehouse, day: date, count: int) -> None:
    warehouse.engine.run(
        "insert into raw.orders (order_id, day, created_at, customer_key, status, currency, gross_items, source,"
        " account_id, batch_id, exported_at) select $day || '-' || number, $day, $day, $day || '-' || number, 'paid',"
        " 'EUR', 10, 'shop', '1', 'b', $exported_at from range($count) as numbers (number)",
        {"day": day.isoformat(), "count": count, "exported_at": EXPORTED_AT},
    )


def test_a_customer_is_new_once_with_the_first_order_that_counts(warehouse: Warehouse) -> None:
    warehouse.load(
        "orders",
        [
            bought("1", "anna", days(0), status="cancelled"),
            bought("2", "anna", days(0), is_test=True),
            bought("3", "anna", days(1), channel="Email", country="AT"),
            bought("4", "anna", days(2), channel="Direct"),
        ],
    )
    warehouse.build("measures.orders", "core.customers")

    found = warehouse.rows("select day, new_customers from measures.orders order by day")
    assert found == [(days(1), 1), (days(2), 0)]
    numbers = warehouse.rows("select order_id, customer_order_number from core.orders order by order_id")
    assert numbers == [("1", None), ("2", None), ("3", 1), ("4", 2)]
    customers = warehouse.rows("select * from core.customers")
    assert customers == [("anna", days(1), days(2), days(2), "Email", "AT", 2)]


def test_orders_without_a_customer_are_guests_of_their_own(warehouse: Warehouse) -> None:
    warehouse.load("orders", [bought("1", "", DAY), bought("2", " ", DAY)])
    warehouse.build("measures.orders")
    assert warehouse.rows("select new_customers from measures.orders") == [(2,)]


def test_buyers_are_recounted_over_days_never_added_up(warehouse: Warehouse) -> None:
    # Day 1: customers 1 and 2, day 2: customer 1, day 3: customer 3. The days add up to 4; in the week there are 3.
    buyers = [("1", 0), ("2", 0), ("1", 1), ("3", 2)]
    warehouse.load("orders", [bought(str(n), customer, days(day)) for n, (customer, day) in enumerate(buyers)])
    warehouse.build("measures.buyers")

    found = warehouse.rows(
        "select count(*), count(distinct customer_key), count(distinct customer_key) filter (where is_returning)"
        " from measures.buyers"
    )
    assert found == [(4, 3, 1)]


def test_a_second_order_on_the_first_day_makes_a_returning_customer(warehouse: Warehouse) -> None:
    warehouse.load(
        "orders",
        [
            bought("1", "anna", DAY, created_at=datetime(2026, 1, 5, 9)),
            bought("2", "anna", DAY, created_at=datetime(2026, 1, 5, 10)),
            bought("3", "ben", DAY),
        ],
    )
    warehouse.build("measures.buyers", "measures.orders")

    found = warehouse.rows("select customer_key, is_returning from measures.buyers order by customer_key")
    assert found == [("anna", True), ("ben", False)]
    assert warehouse.rows("select orders, new_customers from measures.orders") == [(3, 2)]


def test_sums_of_two_weeks_give_the_published_acquisition_cost(warehouse: Warehouse) -> None:
    # 10,000 for 100 and 10,000 for 400 customers: 40.00 each, not the 62.50 of the mean of both weeks.
    for day, customers in ((days(0), 100), (days(7), 400)):
        warehouse.load("ad_performance", [ad(day, cost=10_000)])
        insert_new_customers(warehouse, day, customers)
    warehouse.build("measures.acquisition", "measures.orders")

    ((cost, customers),) = warehouse.rows(
        "select (select sum(acquisition_cost) from measures.acquisition), sum(new_customers) from measures.orders"
    )
    assert (cost, customers) == (Decimal(20_000), 500)
    assert cost / customers == Decimal("40.00")


def test_fully_loaded_acquisition_cost_takes_people_and_tools_in(warehouse: Warehouse) -> None:
    # Media 60,000, people 15,000, tools 5,000, for 1,200 new customers: 66.67; media alone would be 50.00.
    warehouse.load("ad_performance", [ad(DAY, cost=60_000)])
    posting = {"day": DAY, "period_start": DAY, "period_end": DAY, "section": "opex", "currency": "EUR"}
    warehouse.load(
        "ledger_entries",
        [
            posting | {"account_code": "6020", "purpose": "acquisition", "cost_kind": "people", "amount": 15_000},
            posting | {"account_code": "6806", "purpose": "Acquisition", "cost_kind": "tools", "amount": 5_000},
            posting | {"account_code": "6815", "purpose": "retention", "cost_kind": "tools", "amount": 900},
            posting | {"account_code": "6310", "purpose": None, "cost_kind": None, "amount": 700},
        ],
    )
    insert_new_customers(warehouse, DAY, 1_200)
    warehouse.build("measures.acquisition", "measures.orders")

    ((cost,),) = warehouse.rows("select acquisition_cost from measures.acquisition")
    ((customers,),) = warehouse.rows("select new_customers from measures.orders")
    assert cost == Decimal(80_000)
    assert round(cost / customers, 2) == Decimal("66.67")


def test_cohorts_collect_the_margin_of_their_customers_by_age(warehouse: Warehouse) -> None:
    # Five customers with 120, 40, 30 and 25 in months of 30 days: 24, 32, 38 and 43 a customer.
    first = [bought(f"first {n}", f"customer {n}", days(n), gross_items=24, country="AT") for n in range(5)]
    later = [
        bought("later 1", "customer 0", days(0) + timedelta(days=30), gross_items=40),
        bought("later 2", "customer 4", days(4) + timedelta(days=89), gross_items=30),
        bought("later 3", "customer 4", days(4) + timedelta(days=90), gross_items=25),
    ]
    warehouse.load("orders", [*first, *later, bought("no sale", "customer 1", days(9), status="failed")])
    warehouse.build("measures.cohorts")

    to_date = "select sum(cohort_gross_margin) from measures.cohorts where country = 'AT' and age_days < "
    assert [warehouse.rows(f"{to_date}{30 * months}")[0][0] / 5 for months in (1, 2, 3, 4)] == [24, 32, 38, 43]
    assert warehouse.rows("select min(day), max(day) from measures.cohorts") == [(days(0), days(4))]


def test_one_margin_without_a_rate_makes_its_cohort_unknown_at_that_age(warehouse: Warehouse) -> None:
    warehouse.load("orders", [bought("1", "anna", days(0)), bought("2", "anna", days(3), currency="GBP")])
    warehouse.build("measures.cohorts")

    found = warehouse.rows("select age_days, cohort_gross_margin from measures.cohorts order by age_days")
    assert found == [(0, Decimal(100)), (3, None)]


def test_a_customer_is_retained_once_by_the_first_later_day_with_a_valid_order(warehouse: Warehouse) -> None:
    warehouse.load(
        "orders",
        [
            bought("1", "anna", days(0)),
            bought("2", "anna", days(20)),
            bought("3", "anna", days(20)),
            bought("4", "anna", days(40)),
            bought("5", "ben", days(0), created_at=datetime(2026, 1, 5, 9)),
            bought("6", "ben", days(0), created_at=datetime(2026, 1, 5, 10)),
            bought("7", "cleo", days(3)),
            bought("8", "cleo", days(5), status="cancelled"),
            bought("9", "cleo", days(93)),
        ],
    )
    warehouse.build("measures.cohorts")

    # Ben's second order came on his first day, Cleo's second valid one at an age of 90 days.
    found = warehouse.rows("select day, age_days, retained_customers from measures.cohorts order by day, age_days")
    assert found == [
        (days(0), 0, 0),
        (days(0), 20, 1),
        (days(0), 40, 0),
        (days(3), 0, 0),
        (days(3), 90, 1),
    ]


def test_customers_whom_nobody_would_recognise_are_told_apart(warehouse: Warehouse) -> None:
    warehouse.load("orders", [bought("1", "anna", DAY), bought("2", "", DAY), bought("3", "guest:no 3", DAY)])
    warehouse.build("measures.orders", "measures.buyers")

    assert warehouse.rows("select new_customers, new_customers_known from measures.orders") == [(3, 1)]
    found = warehouse.rows("select customer_key, is_known from measures.buyers order by 1")
    assert found == [("anna", True), ("guest:2", False), ("guest:no 3", False)]
