from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.unit.sql.raw_rows import Warehouse, ad, event, order

SUNDAY, MONDAY = date(2026, 3, 1), date(2026, 3, 2)
LAST_WEEK, THIS_WEEK = date(2026, 2, 23), MONDAY
NOON = datetime(2026, 3, 2, 12)


def test_channel_week_puts_visits_sales_and_ad_cost_of_a_channel_side_by_side(warehouse: Warehouse) -> None:
    warehouse.load("web_events", [event("session_start", NOON, channel="Paid Search")])
    warehouse.load("orders", [order("1", MONDAY, channel="Paid Search"), order("2", MONDAY, channel="Email")])
    warehouse.load("ad_performance", [ad(SUNDAY, cost=3), ad(MONDAY, cost=4), ad(MONDAY, ad_id="2", cost=5)])
    warehouse.build("views.channel_week")

    found = warehouse.rows(
        "select week_start, channel, sessions, orders, gross_sales, ad_cost from views.channel_week order by 1, 2"
    )
    assert found == [
        (LAST_WEEK, "Paid Search", 0, 0, Decimal(0), Decimal(3)),
        (THIS_WEEK, "Email", 0, 1, Decimal(100), Decimal(0)),
        (THIS_WEEK, "Paid Search", 1, 1, Decimal(100), Decimal(9)),
    ]


def test_channel_week_does_not_turn_an_unknown_cost_into_a_number(warehouse: Warehouse) -> None:
    warehouse.load("ad_performance", [ad(MONDAY, cost=3), ad(MONDAY, ad_id="2", cost=4, currency="USD")])
    warehouse.build("views.channel_week", "views.campaign_week")

    assert warehouse.rows("select ad_impressions, ad_cost from views.channel_week") == [(200, None)]
    assert warehouse.rows("select ad_impressions, ad_cost from views.campaign_week") == [(200, None)]


def test_campaign_week_adds_up_the_days_of_the_companys_week(warehouse: Warehouse) -> None:
    warehouse.load("ad_performance", [ad(SUNDAY), ad(MONDAY), ad(MONDAY + timedelta(days=6), campaign_name="")])
    warehouse.build("views.campaign_week")

    found = warehouse.rows(
        "select week_start, platform, campaign, ad_impressions, ad_clicks, ad_cost from views.campaign_week"
        " order by week_start, campaign"
    )
    assert found == [
        (LAST_WEEK, "google_ads", "Spring", 100, 1, Decimal(10)),
        (THIS_WEEK, "google_ads", "Spring", 100, 1, Decimal(10)),
        (THIS_WEEK, "google_ads", "c1", 100, 1, Decimal(10)),
    ]


def test_funnel_week_counts_how_far_sessions_came(warehouse: Warehouse) -> None:
    warehouse.load(
        "web_events",
        [
            event("session_start", NOON),
            event("add_to_cart", NOON, session="s2"),
            event("begin_checkout", NOON, session="s2"),
            event("add_to_cart", NOON, session="s3"),
            event("purchase", NOON, session="s3"),
        ],
    )
    warehouse.build("views.funnel_week")

    assert warehouse.rows("select * from views.funnel_week") == [(THIS_WEEK, "Direct", "desktop", 3, 2, 1, 1, 1, 1)]


def test_cohort_triangle_shows_every_age_that_has_begun_and_says_which_are_over(warehouse: Warehouse) -> None:
    # The youngest customer of January can be of the 31st: by 2 April, day 61 after that, ages 0 and 1 are over.
    warehouse.set_company(as_of=date(2026, 4, 2))
    january = date(2026, 1, 10)
    warehouse.load(
        "orders",
        [
            order("1", january, customer_key="anna", gross_items=50),
            order("2", january + timedelta(days=29), customer_key="anna", gross_items=20),
            order("3", january + timedelta(days=60), customer_key="anna", gross_items=5),
            order("4", date(2026, 1, 31), customer_key="ben", gross_items=30),
        ],
    )
    warehouse.build("views.cohort_triangle")

    assert warehouse.rows("select * from views.cohort_triangle order by age_months") == [
        (date(2026, 1, 1), 0, 2, Decimal(100), Decimal(100), True),
        (date(2026, 1, 1), 1, 2, Decimal(0), Decimal(100), True),
        (date(2026, 1, 1), 2, 2, Decimal(5), Decimal(105), False),
        (date(2026, 1, 1), 3, 2, Decimal(0), Decimal(105), False),
    ]


def test_cohort_triangle_does_not_go_on_after_an_unknown_margin(warehouse: Warehouse) -> None:
    warehouse.set_company(as_of=date(2026, 4, 2))
    day = date(2026, 2, 1)
    orders = [order("1", day), order("2", day + timedelta(days=31), customer_key="customer of 1", currency="USD")]
    warehouse.load("orders", orders)
    warehouse.build("views.cohort_triangle")

    found = warehouse.rows(
        "select age_months, gross_margin, gross_margin_to_date from views.cohort_triangle order by 1"
    )
    assert found == [(0, Decimal(100), Decimal(100)), (1, None, None)]
