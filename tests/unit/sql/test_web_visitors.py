from collections.abc import Iterator
from datetime import date, datetime, timedelta

from tests.unit.sql.raw_rows import Row, Warehouse, event

MONDAY = date(2026, 3, 2)
USERS = (
    "select count(distinct visitor_key), count(distinct visitor_key) filter (where has_purchase),"
    " count(distinct visitor_key) filter (where first_day = day) from measures.visitors"
)


def at(day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute) + timedelta(days=day)


def visit(visitor: str, day: int, *names: str, hour: int = 12, **values: object) -> Iterator[Row]:
    """One session with the named events a minute after each other."""
    for minute, name in enumerate(("session_start", *names)):
        session = {"session": f"{visitor} {day} {hour}", "visitor_id": visitor}
        yield event(name, at(day, hour, minute), **(session | values))  # type: ignore[arg-type]


def load(warehouse: Warehouse, *visits: Iterator[Row], account_id: str = "shop") -> None:
    warehouse.load("web_events", [row for each in visits for row in each], account_id=account_id)


def test_visitors_of_three_days_are_four_by_day_and_three_in_all(warehouse: Warehouse) -> None:
    # Day 1 has visitors 1 and 2, day 2 has 1, day 3 has 3.
    load(warehouse, visit("1", 0), visit("2", 0), visit("1", 1, "purchase"), visit("1", 1, hour=20), visit("3", 2))
    warehouse.build("measures.visitors", "measures.visitor_days")

    assert warehouse.rows("select sum(web_days), sum(user_days) from measures.visitor_days") == [(3, 4)]
    assert warehouse.rows(USERS) == [(3, 1, 3)]
    returning = warehouse.rows("select day, visitor_key, first_day from core.returning_visits")
    assert returning == [(MONDAY + timedelta(days=1), "1", MONDAY)]


def test_the_same_browser_in_two_properties_is_one_visitor(warehouse: Warehouse) -> None:
    load(warehouse, visit("1", 0), visit("2", 0), account_id="shop")
    load(warehouse, visit("1", 0), visit("1", 1), account_id="blog")
    warehouse.build("measures.visitors", "measures.visitor_days")

    assert warehouse.rows(USERS) == [(2, 0, 2)]
    found = warehouse.rows("select day, user_days from measures.visitor_days order by day")
    assert found == [(MONDAY, 2), (MONDAY + timedelta(days=1), 1)]


def test_sessions_that_name_no_visitor_are_no_visitor_and_are_warned_of(warehouse: Warehouse) -> None:
    load(warehouse, visit("1", 0), visit("", 0, session="a"), visit("", 0, session="b"))
    report = warehouse.build("measures.visitors", "measures.visitor_days")

    assert warehouse.rows(USERS) == [(1, 0, 1)]
    warnings = [str(warning) for result in report.results for warning in result.warnings]
    assert warnings == ["visitor_known does not hold for 2 rows from 2026-03-02 to 2026-03-02"]


def test_daily_reports_speak_for_visitors_where_there_are_no_events(warehouse: Warehouse) -> None:
    days = [MONDAY + timedelta(days=number) for number in range(3)]
    load(warehouse, visit("1", 0), account_id="shop")
    reports: list[Row] = [{"day": day, "users_1_day": 90, "users": 95, "new_or_returning": ""} for day in days[:2]]
    parts: list[Row] = [{"day": day, "users": 60, "new_or_returning": "new"} for day in days]
    warehouse.load("web_users_daily", [*reports, *parts], account_id="shop")
    warehouse.load("web_users_daily", [{"day": days[2], "users": 7}], account_id="blog")
    warehouse.build("measures.visitor_days")

    # New and returning visitors overlap, so that the third day's are not known for the whole company.
    found = warehouse.rows("select day, web_days, user_days from measures.visitor_days order by day")
    assert found == [(days[0], 1, 1), (days[1], 1, 90), (days[2], 1, None)]


def test_a_report_about_a_period_goes_before_a_window_of_seven_days(warehouse: Warehouse) -> None:
    sunday = MONDAY + timedelta(days=6)
    warehouse.load("web_users_daily", [{"day": sunday, "users_7_days": 480, "users": 90}], account_id="shop")
    warehouse.load("web_users_daily", [{"day": sunday, "users_7_days": 70, "users": 9}], account_id="blog")
    periods = [(MONDAY, "week", 500), (date(2026, 2, 7), "month", 1900)]
    warehouse.load(
        "web_users_periods",
        [{"day": sunday, "period_start": start, "grain": grain, "users": users} for start, grain, users in periods],
        account_id="shop",
    )
    warehouse.build("measures.web_visitors_reported")

    found = warehouse.rows(
        "select property, reported_from_key, visitors from measures.web_visitors_reported order by 3"
    )
    assert found == [("blog", MONDAY, 70), ("shop", MONDAY, 500), ("shop", date(2026, 2, 7), 1900)]


def test_first_purchases_tell_days_and_visits_up_to_the_session_that_bought(warehouse: Warehouse) -> None:
    load(
        warehouse,
        visit("at once", 0, "purchase"),
        visit("slow", 0),
        visit("slow", 4, hour=9),
        visit("slow", 4, "purchase", hour=10, channel="Email"),
        visit("slow", 5, "purchase"),
        visit("never", 1),
        visit("old", -91),
        visit("old", 0, "purchase"),
        visit("just known", -90),
        visit("just known", 0, "purchase"),
    )
    warehouse.build("measures.first_purchases")

    found = warehouse.rows(
        "select visitor_key, day, channel, elapsed_days, visits, first_purchases, first_purchases_censored"
        " from measures.first_purchases order by visitor_key"
    )
    assert found == [
        ("at once", MONDAY, "Direct", 0, 1, 1, 0),
        ("just known", MONDAY, "Direct", 90, 2, 1, 0),
        ("old", MONDAY, "Direct", None, None, 1, 1),
        ("slow", MONDAY + timedelta(days=4), "Email", 4, 3, 1, 0),
    ]


def test_a_cart_is_bought_by_the_first_purchase_at_or_after_it(warehouse: Warehouse) -> None:
    load(
        warehouse,
        visit("before", 0, "purchase", "add_to_cart"),
        visit("before", 2, "purchase"),
        visit("at once", 0, "add_to_cart", "purchase"),
        visit("later that day", 0, "add_to_cart", hour=8),
        visit("later that day", 0, "add_to_cart", "purchase", hour=9),
        visit("in a week", 0, "add_to_cart"),
        visit("in a week", 7, "purchase"),
        visit("never", 0, "add_to_cart"),
        visit("earlier", -1, "purchase"),
        visit("earlier", 0, "add_to_cart"),
    )
    warehouse.build("measures.carts", "measures.cart_purchases")

    assert warehouse.rows("select day, cart_days from measures.carts") == [(MONDAY, 6)]
    found = warehouse.rows("select day, age_days, cart_days_bought from measures.cart_purchases order by age_days")
    assert found == [(MONDAY, 0, 2), (MONDAY, 2, 1), (MONDAY, 7, 1)]


def test_events_of_the_funnel_come_from_sessions_or_from_the_daily_report(warehouse: Warehouse) -> None:
    # 1,600 additions and 340 purchases of 1,000 sessions with carts: 78.75 % by events, 70.00 % by session, and
    # 66.00 % if purchases, 40 of them without a cart, were divided by these sessions.
    tuesday = MONDAY + timedelta(days=1)
    reports = [
        {"day": tuesday, "event_name": name, "events": number}
        for name, number in (("add_to_cart", 1600), ("purchase", 340), ("page_view", 90000))
    ]
    doubled = [row | {"day": MONDAY} for row in reports]
    warehouse.load("web_events_daily", [*reports, *doubled], account_id="shop")
    load(warehouse, visit("1", 0, "add_to_cart", "add_to_cart", "purchase", channel="Email"), account_id="shop")
    warehouse.build("measures.funnel_events")

    found = warehouse.rows("select * from measures.funnel_events order by day")
    assert found == [
        (MONDAY, "Email", "desktop", "Germany", 2, 1),
        (tuesday, "Unassigned", "", "", 1600, 340),
    ]
    assert 100 * (1600 - 340) / 1600 == 78.75
