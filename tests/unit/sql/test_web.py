import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.sql.raw_rows import EXPORTED_AT, Row, Warehouse, event

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12)
FUNNEL = (
    "select day, sessions_with_cart, sessions_abandoning_cart, sessions_with_checkout, sessions_abandoning_checkout,"
    " sessions_with_purchase from measures.funnel order by day, channel"
)


def minutes(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def daily(day: date, sessions: int, **values: object) -> Row:
    return {"day": day, "channel": "Direct", "sessions": sessions, "engaged_sessions": sessions // 2} | values


def test_cart_abandonment_counts_sessions_not_events(warehouse: Warehouse) -> None:
    # 1,000 sessions with a cart, 700 without a purchase; 1,600 add_to_cart events; 340 purchases, 40 without a cart.
    # By session 70.00 %; by events it would be 78.75 %, by purchases 66.00 %.
    for name, first, last, second in (
        ("add_to_cart", 0, 1000, 1),
        ("add_to_cart", 0, 600, 2),
        ("purchase", 700, 1000, 3),
        ("purchase", 1000, 1040, 3),
    ):
        warehouse.engine.run(
            "insert into raw.web_events (event_day, day, event_at, event_name, session_id, source, account_id,"
            " batch_id, exported_at) select $day, $day, $at, $name, 's' || number, 'ga4', '1', 'b', $exported_at"
            " from range($first, $last) as numbers (number)",
            {
                "day": DAY,
                "at": minutes(second),
                "name": name,
                "first": first,
                "last": last,
                "exported_at": EXPORTED_AT,
            },
        )
    warehouse.build("measures.funnel", "measures.sessions")

    ((_, carts, abandoned, _, _, purchases),) = warehouse.rows(FUNNEL)
    assert (carts, abandoned, purchases) == (1000, 700, 340)
    assert 100 * abandoned / carts == 70.0
    assert warehouse.rows("select sum(sessions) from measures.sessions") == [(1040,)]


def test_a_session_over_midnight_belongs_to_the_day_on_which_it_began(warehouse: Warehouse) -> None:
    before, after = datetime(2026, 3, 2, 22, 50), datetime(2026, 3, 2, 23, 10)  # 23:50 and 00:10 in Berlin
    warehouse.load(
        "web_events",
        [
            event("session_start", before, day=DAY),
            event("add_to_cart", after, day=DAY, event_day=DAY + timedelta(days=1)),
            event("purchase", after + timedelta(minutes=5), day=DAY, event_day=DAY + timedelta(days=1)),
        ],
    )
    warehouse.build("measures.funnel", "measures.sessions")

    assert warehouse.rows("select day, sessions from measures.sessions") == [(DAY, 1)]
    assert warehouse.rows(FUNNEL) == [(DAY, 1, 0, 0, 0, 1)]


def test_a_purchase_at_or_after_the_first_cart_saves_it_and_any_purchase_saves_a_checkout(
    warehouse: Warehouse,
) -> None:
    warehouse.load(
        "web_events",
        [
            event("purchase", minutes(0), session="bought before"),
            event("add_to_cart", minutes(1), session="bought before"),
            event("begin_checkout", minutes(2), session="bought before"),
            event("add_to_cart", minutes(1), session="bought at once"),
            event("purchase", minutes(1), session="bought at once"),
            event("add_to_cart", minutes(1), session="bought between"),
            event("purchase", minutes(2), session="bought between"),
            event("add_to_cart", minutes(3), session="bought between"),
            event("begin_checkout", minutes(3), session="bought between"),
        ],
    )
    warehouse.build("measures.funnel")

    assert warehouse.rows(FUNNEL) == [(DAY, 3, 1, 2, 0, 3)]
    assert warehouse.rows("select sessions_with_cart_unpurchased from measures.funnel") == [(0,)]


def test_days_without_carts_have_zero_carts(warehouse: Warehouse) -> None:
    warehouse.load("web_events", [event("session_start", NOON)])
    warehouse.build("measures.funnel")
    assert warehouse.rows(FUNNEL) == [(DAY, 0, 0, 0, 0, 0)]


def test_an_event_that_was_exported_twice_stands_once(warehouse: Warehouse) -> None:
    twice = [event("purchase", NOON, transaction_id="1001"), event("Purchase ", NOON, transaction_id="1001")]
    warehouse.load("web_events", [*twice, event("purchase", NOON, transaction_id="1002")])
    warehouse.build("staging.web_events")

    found = warehouse.rows("select event_name, transaction_id from staging.web_events order by transaction_id")
    assert found == [("purchase", "1001"), ("purchase", "1002")]


def test_a_session_comes_from_the_channel_of_its_first_event_that_has_one(warehouse: Warehouse) -> None:
    warehouse.load(
        "web_events",
        [
            event("session_start", minutes(0), channel=None, device="Desktop"),
            event("view_item", minutes(1), channel=" Email ", device="Desktop"),
            event("purchase", minutes(2), channel="Direct"),
            event("session_start", minutes(0), session="s2", channel=None, device=None),
        ],
    )
    warehouse.build("core.web_sessions")

    found = warehouse.rows("select session_id, channel, device from core.web_sessions order by session_id")
    assert found == [("s1", "Email", "desktop"), ("s2", "Unassigned", "")]


def test_one_engaged_event_makes_a_session_engaged(warehouse: Warehouse) -> None:
    warehouse.load(
        "web_events",
        [
            event("session_start", minutes(0)),
            event("view_item", minutes(1), is_engaged=True),
            event("session_start", minutes(0), session="s2"),
        ],
    )
    warehouse.build("measures.sessions")
    assert warehouse.rows("select sessions, engaged_sessions from measures.sessions") == [(2, 1)]


def test_engagement_that_was_never_delivered_is_unknown_not_zero(warehouse: Warehouse) -> None:
    warehouse.load("web_events", [event("session_start", NOON, is_engaged=None)])
    warehouse.load("web_sessions_daily", [daily(DAY, 5, channel="Email", engaged_sessions=None)], account_id="2")
    warehouse.build("measures.sessions")

    found = warehouse.rows("select channel, sessions, engaged_sessions from measures.sessions order by channel")
    assert found == [("Direct", 1, None), ("Email", 5, None)]


def test_daily_reports_count_only_where_their_property_has_no_events_that_day(warehouse: Warehouse) -> None:
    next_day = DAY + timedelta(days=1)
    warehouse.load("web_events", [event("session_start", NOON)], account_id="shop")
    warehouse.load("web_sessions_daily", [daily(DAY, 100), daily(next_day, 200)], account_id="shop")
    warehouse.load("web_sessions_daily", [daily(DAY, 30)], account_id="blog")
    warehouse.build("measures.sessions")

    found = warehouse.rows("select day, sum(sessions) from measures.sessions group by day order by day")
    assert found == [(DAY, 31), (next_day, 200)]


def test_a_daily_report_that_does_not_name_its_property_is_not_counted_twice(warehouse: Warehouse) -> None:
    warehouse.load("web_events", [event("session_start", NOON)], account_id="shop")
    warehouse.load("web_sessions_daily", [daily(DAY, 100)], account_id="")
    warehouse.build("measures.sessions")
    assert warehouse.rows("select sessions from measures.sessions") == [(1,)]


def test_splits_of_a_daily_report_that_are_not_kept_are_added_up(warehouse: Warehouse) -> None:
    warehouse.load("web_sessions_daily", [daily(DAY, 10), daily(DAY, 20), daily(DAY, 5, channel="")])
    warehouse.build("measures.sessions")

    found = warehouse.rows("select channel, sessions, engaged_sessions from measures.sessions order by channel")
    assert found == [("Direct", 30, 15), ("Unassigned", 5, 2)]


def test_a_third_partys_clickstream_gives_the_figures_that_were_computed_from_it(
    warehouse: Warehouse, shared_data: Path
) -> None:
    expected = json.loads((shared_data / "expected.json").read_text(encoding="utf-8"))["clickstream_2024Q1"]
    # In 28 sessions the purchase stands before the first cart, and the figures ignore the order: any purchase of the
    # session saves its cart.
    warehouse.engine.run(
        "insert into raw.web_events (event_day, day, event_at, event_name, visitor_id, session_id, channel, device,"
        " source, account_id, batch_id, exported_at)"
        " select cast(timestamp as date), cast(min(timestamp) over (partition by session_id) as date),"
        " timestamp,"
        " case event when 'shipping_details' then 'begin_checkout' else event end, user_id, session_id,"
        " acquisition_channel, platform, 'clicks', '', 'b', timestamp '2024-04-01' from read_csv($file)",
        {"file": str(shared_data / "analytics" / "clickstream" / "ecom_2024Q1.csv")},
    )
    warehouse.build("measures.funnel", "measures.sessions")

    def found(column: str) -> list[tuple[object, ...]]:
        return warehouse.rows(
            f"select {column}, sum(sessions), sum(carts), sum(checkouts), sum(purchases),"
            " 100.0 * sum(lost_carts) / nullif(sum(carts), 0), 100.0 * sum(lost_checkouts) / nullif(sum(checkouts), 0)"
            " from (select day, channel, device, sessions, 0 as carts, 0 as checkouts, 0 as purchases,"
            " 0 as lost_carts, 0 as lost_checkouts from measures.sessions union all"
            " select day, channel, device, 0, sessions_with_cart, sessions_with_checkout, sessions_with_purchase,"
            " sessions_with_cart_unpurchased, sessions_abandoning_checkout from measures.funnel)"
            f" join core.calendar using (day) group by all order by 1"
        )

    for column, groups, name in (
        ("'total'", [expected["total"] | {"name": "total"}], "name"),
        ("channel", expected["by_channel"], "channel"),
        ("device", expected["by_platform"], "platform"),
        ("cast(week_start as varchar)", expected["by_iso_week"], "week"),
    ):
        rows = found(column)
        assert [row[:5] for row in rows] == [
            (group[name], group["sessions"], group["add_to_cart"], group["shipping_details"], group["purchases"])
            for group in groups
        ]
        for row, group in zip(rows, groups, strict=True):
            for value, key in zip(row[5:], ("cart_abandonment_pct", "checkout_abandonment_pct"), strict=True):
                assert value == (None if group[key] is None else pytest.approx(group[key], rel=1e-6))
