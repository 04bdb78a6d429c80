"""Leads, deals, tickets, answers, mailings, messages, lists, posts, profiles; and users, which are never added up."""

from collections.abc import Callable
from datetime import date, datetime

import pytest

from kpi_pipeline.errors import CheckFailedError
from kpi_pipeline.warehouse.changes import record_changes
from tests.unit.sql.raw_rows import EXPORTED_AT, Row, Warehouse

DAY = date(2026, 3, 2)
MORNING, NOON, EVENING = datetime(2026, 3, 2, 6), datetime(2026, 3, 2, 12), datetime(2026, 3, 2, 18)
CUSTOMER: Row = {"customer_key": "a", "day": DAY}
LEAD: Row = {"lead_id": "1", "day": DAY, "created_at": NOON}
DEAL: Row = {"deal_id": "1", "day": DAY, "created_at": NOON, "is_closed": False, "is_won": False}
TICKET: Row = {"ticket_id": "1", "day": DAY, "created_at": NOON, "status": "open"}
ANSWER: Row = {"response_id": "1", "survey_type": "nps", "day": DAY, "score": 9, "scale_max": 10, "is_complete": True}
MAILING: Row = {"campaign_id": "1", "day": DAY, "recipients": 100}
MESSAGE: Row = {"message_id": "1", "day": DAY, "kind": "outreach", "sent_at": NOON}
LIST: Row = {"day": DAY, "list_id": "l1"}
POST: Row = {"post_id": "1", "platform": "Facebook", "day": DAY}
PROFILE: Row = {"day": DAY, "platform": "instagram", "profile_id": "p1"}
BACKLINK: Row = {"domain": "news.example", "day": DAY}
USERS: Row = {"day": DAY, "users": 10}
PERIOD: Row = {"day": DAY, "period_start": DAY, "grain": "week", "users": 10}
EVENT: Row = {"day": DAY, "event_name": "purchase", "events": 10}
ROWS = {
    "customers": CUSTOMER,
    "leads": LEAD,
    "deals": DEAL,
    "support_tickets": TICKET,
    "survey_responses": ANSWER,
    "email_campaigns": MAILING,
    "email_messages": MESSAGE,
    "email_list_daily": LIST,
    "social_posts": POST,
    "social_daily": PROFILE,
    "backlinks": BACKLINK,
    "web_users_daily": USERS,
    "web_users_periods": PERIOD,
    "web_events_daily": EVENT,
}


@pytest.mark.parametrize("subject", ROWS)
def test_what_is_not_known_stays_unknown(warehouse: Warehouse, subject: str) -> None:
    """Missing texts become empty, so that they can be compared; missing numbers, times and answers stay NULL."""
    warehouse.load(subject, [ROWS[subject]])
    warehouse.build(f"staging.{subject}")
    table = warehouse.engine.read(f"select * from staging.{subject}")
    (row,) = table.to_pylist()
    for name, data_type in zip(table.column_names, table.schema.types, strict=True):
        if name in ROWS[subject] or name in ("source", "account_id"):
            assert row[name] is not None, name
        elif name in ("is_sampled", "is_thresholded", "has_other_row"):
            assert row[name] is False, name
        else:
            assert row[name] == ("" if str(data_type) == "string" else None), name


@pytest.mark.parametrize("subject", [name for name in ROWS if name != "backlinks"])
def test_one_row_per_grain(warehouse: Warehouse, subject: str) -> None:
    warehouse.load(subject, [ROWS[subject], ROWS[subject]])
    with pytest.raises(CheckFailedError, match="check grain fails"):
        warehouse.build(f"staging.{subject}")


@pytest.mark.parametrize(
    ("subject", "values", "check"),
    [
        ("customers", {"customer_key": " "}, "customer_known"),
        ("leads", {"lead_id": ""}, "lead_known"),
        ("deals", {"deal_id": ""}, "deal_known"),
        ("deals", {"is_won": True}, "won_is_closed"),
        ("deals", {"closed_day": DAY}, "closed_day_is_of_a_closed_deal"),
        ("support_tickets", {"ticket_id": ""}, "ticket_known"),
        ("support_tickets", {"first_reply_minutes": -1}, "durations_not_negative"),
        ("survey_responses", {"response_id": ""}, "response_known"),
        ("survey_responses", {"survey_type": "stars"}, "survey_type_known"),
        ("survey_responses", {"score": 11}, "score_within_scale"),
        ("survey_responses", {"score": None}, "complete_has_score"),
        ("survey_responses", {"scale_max": 100}, "nps_scale_is_10"),
        ("email_campaigns", {"campaign_id": ""}, "campaign_known"),
        ("email_campaigns", {"recipients": -1}, "recipients_not_negative"),
        ("email_messages", {"message_id": ""}, "message_known"),
        ("email_messages", {"kind": "invoice"}, "kind_known"),
        ("email_list_daily", {"list_id": ""}, "list_known"),
        ("email_list_daily", {"members": -1}, "members_not_negative"),
        ("social_posts", {"post_id": ""}, "post_known"),
        ("social_posts", {"reach": -1}, "counts_not_negative"),
        ("social_daily", {"profile_id": ""}, "profile_known"),
        ("social_daily", {"followers": -1}, "followers_not_negative"),
        ("backlinks", {"domain": " "}, "domain_known"),
        ("web_users_daily", {"new_or_returning": "both"}, "new_or_returning_known"),
        ("web_users_daily", {"users": -1}, "users_not_negative"),
        ("web_users_periods", {"new_or_returning": "both"}, "new_or_returning_known"),
        ("web_users_periods", {"grain": "fortnight"}, "grain_known"),
        ("web_users_periods", {"period_start": date(2026, 3, 3)}, "period_in_order"),
        ("web_users_periods", {"users": -1}, "users_not_negative"),
        ("web_events_daily", {"event_name": ""}, "event_known"),
        ("web_events_daily", {"events": -1}, "events_not_negative"),
    ],
)
def test_rows_that_cannot_be_right_stop_their_table(
    warehouse: Warehouse, subject: str, values: Row, check: str
) -> None:
    warehouse.load(subject, [ROWS[subject] | values])
    with pytest.raises(CheckFailedError, match=f"check {check} fails"):
        warehouse.build(f"staging.{subject}")


@pytest.mark.parametrize(
    ("subject", "values", "check"),
    [
        ("customers", {"orders": -1}, "orders_not_negative"),
        ("customers", {"total_spent": -1, "currency": "EUR"}, "total_spent_not_negative"),
        ("customers", {"total_spent": 1}, "amount_has_currency"),
        ("leads", {"created_at": EVENING, "qualified_at": NOON}, "qualified_after_creation"),
        ("leads", {"created_at": EVENING, "converted_at": NOON}, "converted_after_creation"),
        ("deals", {"created_at": EVENING, "closed_at": NOON, "is_closed": True}, "closed_after_creation"),
        ("deals", {"contract_start": date(2026, 3, 3), "contract_end": DAY}, "contract_in_order"),
        ("deals", {"amount": -1, "currency": "EUR"}, "amount_not_negative"),
        ("deals", {"amount": 1}, "amount_has_currency"),
        ("support_tickets", {"created_at": EVENING, "solved_at": NOON}, "solved_after_creation"),
        (
            "support_tickets",
            {"first_resolution_minutes": 9, "full_resolution_minutes": 8},
            "resolutions_in_order",
        ),
        ("email_campaigns", {"delivered": 101}, "delivered_within_recipients"),
        ("email_campaigns", {"delivered": 9, "opens_unique": 10}, "opened_within_delivered"),
        ("email_campaigns", {"delivered": 9, "clicks_unique": 10}, "clicked_within_delivered"),
        ("email_campaigns", {"revenue": 1}, "amount_has_currency"),
        ("email_messages", {"delivered_at": MORNING}, "delivered_after_sending"),
        ("email_messages", {"first_open_at": MORNING}, "opened_after_sending"),
        ("email_messages", {"first_reply_at": MORNING}, "replied_after_sending"),
        ("email_messages", {"goal_at": MORNING}, "goal_after_sending"),
        ("email_list_daily", {"cleaned": -1}, "changes_not_negative"),
        ("backlinks", {"authority": 101}, "authority_within_scale"),
        ("social_posts", {"reach": 2, "views": 1}, "reach_within_views"),
        ("social_daily", {"messages_received": 1, "messages_answered": 2}, "answered_within_received"),
        ("web_users_daily", {"users_1_day": 8, "users_7_days": 7}, "longer_windows_hold_shorter_ones"),
        ("web_users_daily", {"users_7_days": 8, "users_28_days": 7}, "longer_windows_hold_shorter_ones"),
        ("web_users_periods", {"new_users": 11}, "new_within_users"),
        ("web_events_daily", {"key_events": 11}, "key_events_within_events"),
    ],
)
def test_doubtful_rows_are_kept_with_a_warning(warehouse: Warehouse, subject: str, values: Row, check: str) -> None:
    warehouse.load(subject, [ROWS[subject] | values])
    report = warehouse.build(f"staging.{subject}")
    assert [warning.check for result in report.results for warning in result.warnings] == [check]


@pytest.mark.parametrize(
    ("values", "delivered"),
    [({"delivered": 98}, 98), ({"bounces_hard": 1, "bounces_soft": 2}, 97), ({"bounces_hard": 1}, None), ({}, None)],
)
def test_what_did_not_bounce_was_delivered(warehouse: Warehouse, values: Row, delivered: int | None) -> None:
    warehouse.load("email_campaigns", [MAILING | values])
    warehouse.build("staging.email_campaigns")
    assert warehouse.rows("select delivered from staging.email_campaigns") == [(delivered,)]


def test_the_same_post_of_two_platforms_is_two_posts(warehouse: Warehouse) -> None:
    warehouse.load("social_posts", [POST, POST | {"platform": "instagram"}])
    warehouse.build("staging.social_posts")
    found = warehouse.rows("select platform from staging.social_posts order by platform")
    assert found == [("facebook",), ("instagram",)]


@pytest.fixture
def load_deals(warehouse: Warehouse) -> Callable[[list[Row]], None]:
    """Return a function that inserts deals as loading does, whether or not they have a day."""

    def load(rows: list[Row]) -> None:
        for row in rows:
            values = row | {"source": "crm", "account_id": "", "batch_id": "b", "exported_at": EXPORTED_AT}
            names = ", ".join(f"${name}" for name in values)
            warehouse.engine.run(f"insert into raw.deals ({', '.join(values)}) values ({names})", values)
        days = {row["day"] for row in rows}
        record_changes(warehouse.engine, "raw.deals", {day for day in days if day is None or isinstance(day, date)})

    return load


def test_a_deal_that_has_not_begun_has_no_day(warehouse: Warehouse, load_deals: Callable[[list[Row]], None]) -> None:
    waiting = DEAL | {"deal_id": "2", "day": None, "created_at": None}
    load_deals([DEAL, waiting])
    warehouse.build("staging.deals")
    load_deals([DEAL | {"deal_id": "3"}, waiting | {"deal_id": "4"}])
    warehouse.build("staging.deals")
    load_deals([DEAL | {"deal_id": "5"}])
    warehouse.build("staging.deals")
    found = warehouse.rows("select deal_id, day from staging.deals order by deal_id")
    assert found == [("1", DAY), ("2", None), ("3", DAY), ("4", None), ("5", DAY)]


def test_a_website_that_two_tools_or_spellings_name_is_one(warehouse: Warehouse) -> None:
    later = {"day": date(2026, 3, 5)}
    warehouse.load("backlinks", [BACKLINK | {"domain": "www.News.example"}, BACKLINK | later | {"authority": 70}])
    warehouse.load("backlinks", [BACKLINK | {"day": date(2026, 2, 1), "authority": 30}], source="another tool")
    warehouse.build("core.backlinks")
    assert warehouse.rows("select domain, day, authority from core.backlinks") == [
        ("news.example", date(2026, 2, 1), 70.0)
    ]
