"""Every metric of ads, e-mail, social networks and backlinks, from raw rows to values that were worked out by hand."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from kpi_pipeline.catalogue.metrics.compiler import compile_metric
from kpi_pipeline.catalogue.metrics.metric_plan import plan_metric
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.draft import read_draft
from kpi_pipeline.errors import FormulaError
from kpi_pipeline.warehouse.changes import record_changes
from kpi_pipeline.warehouse.duckdb_engine import DuckDbEngine
from kpi_pipeline.warehouse.sql_project import SqlProject
from tests.unit.catalogue.hand_made import configuration
from tests.unit.sql.raw_rows import Row, Warehouse, ad, order

FILES = ("marketing_ads.yaml", "email.yaml", "social.yaml")
EMPTY, BEFORE, WEEK, NEXT = date(2026, 1, 19), date(2026, 1, 26), date(2026, 2, 2), date(2026, 2, 9)
SILENT, YOUNG, LAST = date(2026, 2, 23), date(2026, 3, 2), date(2026, 3, 16)
VIEWS, CLICKS = "meta_ads (7-day click or 1-day view)", "meta_ads (7-day click)"
Found = dict[tuple[date, str], tuple[float | None, str | None]]
Ask = Callable[..., Found]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}")


def ads() -> Iterator[Row]:
    yield ad(WEEK, campaign_name="Brand", impressions=100_000, clicks=1_000, interactions=1_200, cost=500) | {
        "conversions": 20,
        "conversion_value": 2_000,
    }
    yield ad(WEEK + timedelta(days=1), campaign_id="2", campaign_name="Quotes", campaign_type="Lead form") | {
        "impressions": 2_000,
        "clicks": 100,
        "interactions": 100,
        "cost": 180,
        "conversions": 4,
        "conversion_value": 300,
    }
    meta = ad(WEEK, platform="meta_ads", campaign_id="3", campaign_name="Spring", interactions=None)
    yield meta | {
        "impressions": 8_000,
        "clicks": 90,
        "link_clicks": 40,
        "cost": 100,
        "conversions": 30,
        "conversion_value": 3_000,
        "leads": 5,
        "reach": 5_000,
        "video_views": 600,
        "attribution": "7-day click or 1-day view",
    }
    # The same campaign goes on under another attribution setting.
    yield meta | {
        "day": WEEK + timedelta(days=3),
        "impressions": 4_000,
        "clicks": 50,
        "link_clicks": 24,
        "cost": 60,
        "conversions": 6,
        "conversion_value": 600,
        "leads": 3,
        "reach": 3_000,
        "video_views": 200,
        "attribution": "7-day click",
    }
    nothing = {"impressions": 0, "clicks": 0, "interactions": 0, "cost": 0, "conversions": 0, "conversion_value": 0}
    yield ad(NEXT) | nothing


def messages() -> Iterator[Row]:
    sent = {"day": BEFORE, "kind": "outreach", "sent_at": at("01-26T09:00")}
    delivered = sent | {"delivered_at": at("01-26T10:00")}
    opened = {"open_is_machine": False, "reply_is_auto": False}
    # Read after two hours; answered in the last hour of the fourteenth day in Berlin; bought on the thirtieth.
    yield (
        delivered
        | opened
        | {"message_id": "1", "first_open_at": at("01-26T12:00")}
        | {
            "first_reply_at": at("02-08T22:30"),
            "goal_at": at("02-24T12:00"),
        }
    )
    # Read after ten hours; what answered is a program; bought a day too late.
    yield (
        delivered
        | {"message_id": "2", "first_open_at": at("01-26T20:00"), "open_is_machine": False}
        | {
            "first_reply_at": at("01-26T20:00"),
            "reply_is_auto": True,
            "goal_at": at("02-25T12:00"),
        }
    )
    # Opened by a program; answered half an hour after the fourteenth day was over in Berlin.
    yield (
        delivered
        | {"message_id": "3", "first_open_at": at("01-26T10:01"), "open_is_machine": True}
        | {
            "first_reply_at": at("02-08T23:30"),
            "reply_is_auto": False,
        }
    )
    yield delivered | {"message_id": "4"}
    yield sent | {"message_id": "5", "bounce_type": "hard"}
    newsletter = delivered | {"kind": "campaign"}
    yield newsletter | opened | {"message_id": "6", "first_open_at": at("01-26T11:00")}
    yield newsletter | {"message_id": "7"}
    # Whether a person or a program opened it, this tool does not say.
    untold = {"day": WEEK, "kind": "outreach", "sent_at": at("02-02T09:00"), "delivered_at": at("02-02T09:00")}
    yield untold | {"message_id": "8", "first_open_at": at("02-02T10:00"), "first_reply_at": at("02-02T10:00")}
    yield untold | {"message_id": "9", "day": YOUNG, "sent_at": at("03-02T09:00")}


def mailings() -> Iterator[Row]:
    sent = {"day": WEEK, "sent_at": at("02-02T09:00")}
    yield (
        sent
        | {"campaign_id": "1", "list_name": "News", "recipients": 1_000, "delivered": 970}
        | {
            "opens_unique": 388,
            "clicks_unique": 97,
            "unsubscribes": 5,
        }
    )
    yield (
        sent
        | {"campaign_id": "2", "list_name": "Offers", "recipients": 500, "delivered": 480}
        | {
            "opens_unique": 192,
            "clicks_unique": 48,
            "unsubscribes": 24,
        }
    )


def lists() -> Iterator[Row]:
    sunday = WEEK + timedelta(days=6)
    quiet = {"subscribed": 0, "unsubscribed": 0, "cleaned": 0}
    yield quiet | {"day": sunday - timedelta(days=1), "list_id": "offers", "members": 3_000}
    yield quiet | {"day": sunday, "list_id": "news", "members": 5_000}
    yield quiet | {"day": sunday, "list_id": "new", "members": 0}
    yield quiet | {"day": NEXT, "list_id": "new", "members": 0}
    yield {"day": NEXT, "list_id": "news", "members": 5_150, "subscribed": 200, "unsubscribed": 40, "cleaned": 10}
    yield {"day": NEXT, "list_id": "offers", "members": 3_050, "subscribed": 60, "unsubscribed": 10, "cleaned": 0}


def posts() -> Iterator[Row]:
    post = {"day": WEEK, "platform": "instagram", "profile_id": "shop"}
    yield (
        post
        | {"post_id": "1", "views": 1_000, "reach": 800, "clicks": 20}
        | {
            "reactions": 30,
            "comments": 6,
            "shares": 4,
            "saves": 8,
        }
    )
    yield (
        post
        | {"post_id": "2", "views": 3_000, "reach": 2_000, "clicks": 40, "video_views": 1_200}
        | {
            "reactions": 60,
            "comments": 20,
            "shares": 10,
            "saves": 10,
        }
    )
    # Facebook has no saves.
    yield {"day": WEEK, "platform": "facebook", "profile_id": "page", "post_id": "3"} | {
        "impressions": 4_000,
        "reach": 0,
        "clicks": 60,
        "reactions": 40,
        "comments": 12,
        "shares": 16,
    }


def profiles() -> Iterator[Row]:
    sunday = WEEK + timedelta(days=6)
    page = {"platform": "facebook", "profile_id": "page", "messages_received": 20, "messages_answered": 17}
    shop = {"platform": "instagram", "profile_id": "shop", "messages_received": 40, "messages_answered": 40}
    yield page | {"day": sunday - timedelta(days=1), "followers": 3_000, "impressions": 11_200, "reach": 2_100}
    yield shop | {"day": sunday, "followers": 5_000, "views": 30_000, "reach": 3_100}
    none = {"messages_received": 0, "messages_answered": 0}
    for day in (sunday, NEXT):
        yield none | {"day": day, "platform": "x", "profile_id": "new", "followers": 0, "impressions": 0}
    yield page | none | {"day": NEXT, "followers": 3_060, "impressions": 0}
    yield shop | none | {"day": NEXT, "followers": 5_100, "views": 0}


def orders() -> Iterator[Row]:
    for number in range(10):
        channel = "Paid Search" if number < 4 else "Email"
        refunded = 50 if number == 0 else 0
        yield order(str(number), WEEK, channel=channel, gross_items=110, discounts=10, refunded_total=refunded)


def load(warehouse: Warehouse) -> None:
    warehouse.load("ad_performance", list(ads()))
    warehouse.load("email_messages", list(messages()))
    warehouse.load("email_campaigns", list(mailings()))
    warehouse.load("email_list_daily", list(lists()))
    warehouse.load("social_posts", list(posts()))
    warehouse.load("social_daily", list(profiles()))
    warehouse.load("orders", list(orders()))
    refund = {"refund_id": "1", "order_id": "0", "day": WEEK, "amount": 50, "currency": "EUR"}
    warehouse.load("refunds", [refund])
    created = at("02-02T12:00")
    warehouse.load("leads", [{"lead_id": str(n), "day": WEEK, "created_at": created} for n in range(4)])
    posting = {"period_start": WEEK, "period_end": WEEK, "account_code": "6000", "section": "opex", "currency": "EUR"}
    costs = {"acquisition": 60, "brand": 100, "": 500}
    rows = [posting | {"day": WEEK, "purpose": purpose, "amount": amount} for purpose, amount in costs.items()]
    warehouse.load("ledger_entries", rows)
    links = [("www.News.example ", 1, 55), ("small.example", 1, 12)]
    seen = [{"domain": name, "day": WEEK + timedelta(days=days), "authority": grade} for name, days, grade in links]
    warehouse.load("backlinks", seen, source="one tool")
    again = [{"domain": "news.example", "day": WEEK + timedelta(days=3), "authority": 35}]
    ungraded = [{"domain": "new.example", "day": NEXT, "authority": None}]
    warehouse.load("backlinks", again + ungraded, source="another tool")


def cover_without_rows(warehouse: Warehouse, day: date) -> None:
    """Say of every subject that the day is known and that there was nothing on it."""
    warehouse.engine.run(
        "insert into raw.covered_days (subject, day, source, account_id, batch_id, exported_at)"
        " select distinct subject, $day, source, account_id, batch_id, exported_at from raw.covered_days",
        {"day": day},
    )
    record_changes(warehouse.engine, "raw.covered_days", {day})


@pytest.fixture(scope="module")
def metrics(checkout: Path) -> Configuration:
    draft = read_draft(checkout / "config")
    found = {name: entry for name, entry in draft.metrics.entries.items() if entry.document.path.name in FILES}
    sources = {name: entry.value for name, entry in draft.sources.entries.items()}
    return configuration({name: entry.value for name, entry in found.items()}, sources=sources)


@pytest.fixture(scope="module")
def ask(
    metrics: Configuration, sql_project: SqlProject, empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ask]:
    """Return a function that computes a shipped metric: period and member → value, and why there is none."""
    path = tmp_path_factory.mktemp("reach") / "warehouse.duckdb"
    shutil.copyfile(empty_warehouse, path)
    engine = DuckDbEngine(path, threads=1)
    warehouse = Warehouse(engine, sql_project)
    load(warehouse)
    cover_without_rows(warehouse, EMPTY)
    plans = [plan_metric(metric_id, metrics, sql_project) for metric_id in metrics.metrics]
    warehouse.build("core.coverage", *{table for plan in plans for table in plan.tables})

    @cache
    def answer(metric_id: str, dimension: str | None = None, grain: str = "week") -> Found:
        compiled = compile_metric(metric_id, metrics, sql_project, grain, dimension)  # type: ignore[arg-type]
        rows = warehouse.engine.read(compiled.sql).to_pylist()
        return {(row["period_start"], row["member"]): (row["value"], row["null_reason"]) for row in rows}

    yield answer
    engine.close()


# metric: week, member of its only or given dimension, value worked out by hand
TOTALS = {
    "impressions": (WEEK, 114_000),
    "ctr_ads": (WEEK, 100 * 1_240 / 114_000),
    "ctr_link": (WEEK, 100 * 1_164 / 114_000),  # every click of a search engine leads to the shop: 1,100 + 64
    "cpc": (WEEK, 840 / 1_240),
    "cpm": (WEEK, 1_000 * 840 / 114_000),
    "ad_cost": (WEEK, 840),
    "cpl": (WEEK, 45),  # 180 of the campaign with a lead form, for 4 leads
    "cpl_blended": (WEEK, 225),  # 840 for ads and 60 of the ledger
    "cpa": (WEEK, 210),
    "rpa": (WEEK, 87.5),  # 4 orders of 100, 50 of which was given back
    "mer": (WEEK, 0.95),  # 1,000 of sales less 50, for 840 + 60 + 100 of marketing
    "email_delivery_rate": (WEEK, 100 * 1_450 / 1_500),
    "email_open_rate": (WEEK, 40),
    "email_click_rate": (WEEK, 10),
    "email_unsubscribe_rate": (WEEK, 2),
    "email_list_growth_rate": (NEXT, 2.5),  # 260 - 50 - 10 of 8,000, though one list says nothing on Sunday
    "email_open_rate_people": (BEFORE, 50),
    "outreach_delivery_rate": (BEFORE, 80),
    "outreach_open_rate": (BEFORE, 50),
    "outreach_time_to_open": (NEXT, 6),  # 2 and 10 hours, of messages sent two weeks before
    "outreach_reply_rate": (NEXT, 25),
    "outreach_conversion_rate": (YOUNG, 25),  # sent five weeks before
    "quality_backlinks": (WEEK, 1),
    "social_impressions": (WEEK, 41_200),
    "ctr_social": (WEEK, 1.5),
    "social_engagement_rate_impressions": (WEEK, 2.7),
    "social_engagement_rate_followers": (WEEK, 2.7),  # 216 of 8,000
    "share_rate_impressions": (WEEK, 0.375),
    "followers": (WEEK, 8_000),
    "target_follower_growth": (NEXT, 160),
    "target_follower_growth_rate": (NEXT, 2),
    "social_response_rate": (WEEK, 95),
}
MEMBERS = {
    "interaction_rate": ("platform", {"google_ads": 100 * 1_300 / 102_000, "meta_ads": None}),
    "video_view_rate_ads": ("platform", {"google_ads": None, "meta_ads": 100 * 800 / 12_000}),
    "conversion_rate_ads": ("claimed_by", {"google_ads": 100 * 24 / 1_300, VIEWS: None, CLICKS: None}),
    "roas": ("claimed_by", {"google_ads": 2_300 / 680, VIEWS: 30, CLICKS: 10}),
    "cpa_platform": ("claimed_by", {"google_ads": 680 / 24, VIEWS: 100 / 30, CLICKS: 10}),
    "cpl_platform": ("claimed_by", {"google_ads": None, VIEWS: 20, CLICKS: 20}),
    "platform_claim_ratio": ("claimed_by", {"google_ads": 2.4, VIEWS: 3, CLICKS: 0.6}),
    "platform_claim_value_ratio": ("claimed_by", {"google_ads": 2.3, VIEWS: 3, CLICKS: 0.6}),
    "social_engagement_rate": ("post", {"instagram/1": 6, "instagram/2": 5, "facebook/3": None}),
    "share_rate": ("post", {"instagram/1": 0.5, "instagram/2": 0.5, "facebook/3": None}),
    "video_view_rate": ("platform", {"instagram": 40, "facebook": None}),
}
DAILY = {
    "reach": ("reached_by", [5_000, 3_000]),
    "social_reach": ("reached_profile", [2_100, 3_100]),
}


def test_every_metric_is_worked_out_here(metrics: Configuration) -> None:
    assert {*TOTALS, *MEMBERS, *DAILY} == set(metrics.metrics)


@pytest.mark.parametrize("metric_id", TOTALS)
def test_total_is_the_hand_calculation(metric_id: str, ask: Ask) -> None:
    week, value = TOTALS[metric_id]
    assert ask(metric_id)[week, "total"] == (pytest.approx(value, rel=1e-12), None)


@pytest.mark.parametrize("metric_id", MEMBERS)
def test_member_is_the_hand_calculation(metric_id: str, ask: Ask) -> None:
    dimension, members = MEMBERS[metric_id]
    found = {member: value for (week, member), (value, _) in ask(metric_id, dimension).items() if week == WEEK}
    assert found == {member: value and pytest.approx(value, rel=1e-12) for member, value in members.items()}


@pytest.mark.parametrize("metric_id", DAILY)
def test_reach_is_what_the_platform_says_for_one_day_and_nothing_else(metric_id: str, ask: Ask) -> None:
    dimension, figures = DAILY[metric_id]
    found = ask(metric_id, dimension, "day")
    assert [value for value, _ in found.values()] == figures
    with pytest.raises(FormulaError, match="day"):
        ask(metric_id, dimension, "week")
    with pytest.raises(FormulaError, match="no total"):
        ask(metric_id, None, "day")


@pytest.mark.parametrize("metric_id", [name for name, (_, members) in MEMBERS.items()])
def test_members_that_overlap_or_mean_different_things_have_no_total(metric_id: str, ask: Ask) -> None:
    if metric_id == "interaction_rate":
        # It may be added up, but one platform does not deliver it.
        assert ask(metric_id)[WEEK, "total"] == (None, "missing_rate")
        return
    with pytest.raises(FormulaError, match="no total"):
        ask(metric_id)


def test_claims_under_two_attribution_settings_never_meet(ask: Ask, metrics: Configuration) -> None:
    """Per campaign too: the platform or the campaign alone is no dimension of claims."""
    found = ask("roas", "claiming_campaign")
    assert {member: value for (week, member), (value, _) in found.items() if week == WEEK} == {
        "google_ads: Brand": 4.0,
        "google_ads: Quotes": pytest.approx(300 / 180),
        f"{VIEWS}: Spring": 30.0,
        f"{CLICKS}: Spring": 10.0,
    }
    for dimension in ("platform", "campaign"):
        with pytest.raises(FormulaError, match="cannot be split"):
            ask("roas", dimension)


# Where nothing happened, a sum is zero and a share of nothing has no value.
SUMS = ("impressions", "ad_cost", "quality_backlinks", "social_impressions")
# A stock that no day of the week states is not known, not zero.
STOCKS = ("followers", "target_follower_growth", "target_follower_growth_rate", "social_engagement_rate_followers")
SHIFTS = {"outreach_time_to_open": 2, "outreach_reply_rate": 2, "outreach_conversion_rate": 5}


@pytest.mark.parametrize("metric_id", [*TOTALS, "interaction_rate"])
def test_a_week_without_anything_divides_by_nothing(metric_id: str, ask: Ask) -> None:
    value = ask(metric_id)[EMPTY + timedelta(weeks=SHIFTS.get(metric_id, 0)), "total"]
    if metric_id in SUMS:
        assert value == (0, None)
    elif metric_id in STOCKS or metric_id == "email_list_growth_rate":
        assert value == (None, "source_missing")
    else:
        assert value == (None, "zero_denominator")


@pytest.mark.parametrize("metric_id", [*TOTALS, "interaction_rate"])
def test_a_week_that_no_source_speaks_for_has_no_value(metric_id: str, ask: Ask) -> None:
    week = LAST if metric_id == "outreach_conversion_rate" else SILENT
    assert ask(metric_id)[week, "total"] == (None, "source_missing")


def test_a_campaign_that_was_never_shown_has_no_rates(ask: Ask) -> None:
    for metric_id in ("ctr_ads", "cpc", "cpm"):
        assert ask(metric_id)[NEXT, "total"] == (None, "zero_denominator")
    assert ask("roas", "claimed_by")[NEXT, "google_ads"] == (None, "zero_denominator")
    assert ask("social_engagement_rate", "post")[WEEK, "facebook/3"] == (None, "zero_denominator")


def test_nothing_grows_from_nothing(ask: Ask) -> None:
    assert ask("email_list_growth_rate", "mailing_list")[NEXT, "new"] == (None, "zero_denominator")
    assert ask("target_follower_growth_rate", "platform")[NEXT, "x"] == (None, "zero_denominator")
    assert ask("target_follower_growth", "platform")[NEXT, "x"] == (0, None)
    assert ask("social_engagement_rate_followers", "platform")[WEEK, "x"] == (None, "zero_denominator")


def test_what_a_tool_does_not_say_is_unknown(ask: Ask) -> None:
    """Opens and answers by nobody knows whom, links without a grade: no value, and nothing of them counted."""
    assert ask("outreach_open_rate")[WEEK, "total"] == (None, "missing_rate")
    assert ask("outreach_reply_rate")[WEEK + timedelta(weeks=2), "total"] == (None, "missing_rate")
    assert ask("quality_backlinks")[NEXT, "total"] == (None, "missing_rate")


@pytest.mark.parametrize("metric_id", ["outreach_reply_rate", "outreach_time_to_open"])
def test_responses_are_judged_when_all_had_their_time(metric_id: str, ask: Ask) -> None:
    assert ask(metric_id)[LAST, "total"] == (None, "immature_cohort")
