"""Mailchimp, Meta Business Suite, and Klaviyo through a mapping."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write


def mailchimp(**yaml: Any) -> Contract:
    return contract("mailchimp_campaigns", **({"time_zone": "Europe/Berlin", "currency": "EUR"} | yaml))


def posts(**yaml: Any) -> Contract:
    return contract("meta_business_posts", **({"time_zone": "America/Los_Angeles"} | yaml))


CAMPAIGNS = (
    'Title,Subject,List,"Send Date","Send Weekday","Total Recipients","Successful Deliveries","Soft Bounces",'
    '"Hard Bounces","Total Bounces","Unique Opens","Open Rate","Total Opens","Unique Clicks","Click Rate",'
    '"Total Clicks",Unsubscribes,"Abuse Complaints","Unique Id","Total Orders","Total Revenue","Analytics ROI",'
    "Pages/Visit\n"
    '"Spring, part 1","New lamps",Friends,"Mar 29, 2026 09:30 pm",Sunday,"1,110",1108,1,1,2,300,27.08%,570,70,6.32%,71,'
    "7,0,c0ffee01,3,1234.50,n/a,n/a\n"
    'Test,Hi,Friends,"Mar 30, 2026 12:05 am",Monday,0,0,0,0,0,0,0.00%,0,0,0.00%,0,0,0,c0ffee02,n/a,n/a,n/a,n/a\n'
)


def test_mailchimp_campaigns(tmp_path: Path) -> None:
    file = read(write(tmp_path, CAMPAIGNS), mailchimp(account_id="us1"))
    rows = {row["campaign_id"]: row for row in file.only}
    assert rows["c0ffee01"] == {
        "campaign_id": "c0ffee01",
        "day": date(2026, 3, 29),
        "sent_at": datetime(2026, 3, 29, 19, 30),  # half past nine in the evening, in summer time
        "list_id": None,
        "list_name": "Friends",
        "title": "Spring, part 1",
        "subject": "New lamps",
        "recipients": 1110,
        "delivered": 1108,
        "bounces_hard": 1,
        "bounces_soft": 1,
        "opens_total": 570,
        "opens_unique": 300,
        "clicks_total": 71,
        "clicks_unique": 70,
        "unsubscribes": 7,
        "complaints": 0,
        "orders": 3,
        "revenue": Decimal("1234.5000"),
        "currency": "EUR",
        "account_id": "us1",
    }
    assert round(100 * 300 / 1108, 2) == 27.08  # the file's own open rate: unique opens by deliveries
    unknown = rows["c0ffee02"]
    assert (unknown["orders"], unknown["revenue"], unknown["recipients"]) == (None, None, 0)
    assert unknown["sent_at"] == datetime(2026, 3, 29, 22, 5)  # five past midnight
    assert file.prepared.unknown_columns == ()


def test_campaigns_that_a_spreadsheet_saved_again(tmp_path: Path) -> None:
    content = CAMPAIGNS.replace('"Mar 29, 2026 09:30 pm"', "3/29/2026 21:30")
    content = content.replace('"Mar 30, 2026 12:05 am"', "3/30/2026 0:05")
    found = {row["sent_at"] for row in read(write(tmp_path, content), mailchimp()).only}
    assert found == {datetime(2026, 3, 29, 19, 30), datetime(2026, 3, 29, 22, 5)}
    unclear = content.replace("3/29/2026", "3/9/2026").replace("3/30/2026", "3/10/2026")
    refused = refusal(write(tmp_path, unclear), mailchimp())
    assert (refused.line, refused.column) == (2, "Send Date")
    declared = mailchimp(options={"date_style": "%d/%m/%Y"})
    assert {row["day"] for row in read(write(tmp_path, unclear), declared).only} == {
        date(2026, 9, 3),
        date(2026, 10, 3),
    }


def test_deliveries_follow_from_bounces_where_they_are_absent(tmp_path: Path) -> None:
    content = CAMPAIGNS.replace('"Successful Deliveries"', '"Times Forwarded"')
    rows = {row["campaign_id"]: row for row in read(write(tmp_path, content), mailchimp()).only}
    assert rows["c0ffee01"]["delivered"] == 1108
    content = content.replace('"Total Bounces"', '"Forwarded Opens"')
    rows = {row["campaign_id"]: row for row in read(write(tmp_path, content), mailchimp()).only}
    assert rows["c0ffee01"]["delivered"] == 1108
    content = content.replace('"Hard Bounces"', '"Folder Id"')
    rows = {row["campaign_id"]: row for row in read(write(tmp_path, content), mailchimp()).only}
    assert rows["c0ffee01"]["delivered"] is None


def test_revenue_without_a_currency_is_refused(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, CAMPAIGNS), mailchimp(currency=None)).column == "Total Revenue"
    free = CAMPAIGNS.replace("1234.50", "0")
    assert {row["currency"] for row in read(write(tmp_path, free), mailchimp(currency=None)).only} == {None}


def test_a_campaign_twice_and_a_missing_zone(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, CAMPAIGNS.replace("c0ffee02", "c0ffee01")), mailchimp())
    assert (refused.line, refused.column) == (2, "Unique Id")
    with pytest.raises(ConfigurationError, match="time_zone: needed"):
        mailchimp(time_zone=None)


def test_the_report_of_one_campaign_is_refused(tmp_path: Path) -> None:
    content = '"Delivery Date/Time:","Mon, Apr 26, 2021 12:25"\n\n"Overall Stats"\n"Total Recipients:","1000"\n'
    assert "'Unique Id', 'Send Date'" in refusal(write(tmp_path, content), mailchimp()).expected


FACEBOOK = (
    "\ufeffPost ID,Page ID,Page name,Title,Description,Duration (sec),Publish time,Caption type,Permalink,Is crosspost,"
    "Is share,Post type,Languages,Views,Reach,Reactions,Comments,Shares,Total clicks,Seconds viewed,"
    "Average Seconds viewed\n"
    '122158000000000001,61550001,Lamps,New,"Write to ada@example.com",45,09/27/2026 23:30,,https://e.com/1,0,0,Reel,,'
    '"1,250",900,40,5,3,60,5040.5,4.0\n'
    "122158000000000002,61550001,Lamps,Photo,,,09/28/2026 10:00,,https://e.com/2,0,0,Photo,,200,,1,0,0,2,,\n"
)
INSTAGRAM = (
    "Post ID,Account ID,Account username,Account name,Description,Duration (sec),Publish time,Permalink,Post type,"
    "Data comment,Date,Views,Reach,Likes,Shares,Follows,Comments,Saves\n"
    '17890001,17840001,lamps,Lamps,"Test, one",32,09/15/2026 18:00,https://i.com/x/,IG reel,,Lifetime,'
    '"15,000",9800,410,120,14,20,55\n'
)


def test_facebook_posts(tmp_path: Path) -> None:
    file = read(write(tmp_path, FACEBOOK), posts())
    rows = {row["post_id"]: row for row in file.only}
    assert rows["122158000000000001"] == {
        "post_id": "122158000000000001",
        "platform": "facebook",
        "profile_id": "61550001",
        "day": date(2026, 9, 27),
        "published_at": datetime(2026, 9, 28, 6, 30),
        "post_type": "Reel",
        "permalink": "https://e.com/1",
        "impressions": None,
        "views": 1250,
        "reach": 900,
        "reactions": 40,
        "comments": 5,
        "shares": 3,
        "saves": None,
        "clicks": 60,
        "follows": None,
        "video_views": None,
        "watch_seconds": 5040.5,
        "duration_seconds": 45.0,
        "account_id": "61550001",
    }
    photo = rows["122158000000000002"]
    assert (photo["reach"], photo["watch_seconds"], photo["duration_seconds"]) == (None, None, None)
    assert file.prepared.unknown_columns == ()
    assert "ada@" not in str(file.only)


def test_instagram_posts_in_any_order_of_columns(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, INSTAGRAM), posts()).only
    assert (row["platform"], row["profile_id"], row["account_id"]) == ("instagram", "17840001", "17840001")
    assert (row["views"], row["reach"], row["reactions"]) == (15000, 9800, 410)
    assert (row["shares"], row["follows"], row["comments"], row["saves"]) == (120, 14, 20, 55)
    header, cells = INSTAGRAM.replace('"Test, one"', "one").replace('"15,000"', "15000").splitlines()
    mirrored = "".join(",".join(reversed(line.split(","))) + "\n" for line in (header, cells))
    assert read(write(tmp_path, mirrored), posts()).only == [row]


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (FACEBOOK.replace("122158000000000002", "1.22158E+17"), 3, "Post ID"),
        (FACEBOOK.replace("61550001", "6.155E+7"), 2, "Page ID"),
        (FACEBOOK.replace("122158000000000002", "122158000000000001"), 2, "Post ID"),
        (INSTAGRAM.replace("Lifetime", "09/16/2026"), 2, "Date"),
        (INSTAGRAM.replace("09/15/2026 18:00", "15/09/2026 18:00"), 2, "Publish time"),
        (INSTAGRAM.replace('"15,000"', '"15.000"'), 2, "Views"),
        (FACEBOOK.replace("Page ID", "Page"), 1, "Page ID or Account ID"),
        (FACEBOOK.replace("Views", "Seen"), 1, "Views or Impressions"),
    ],
)
def test_posts_that_cannot_be_read(tmp_path: Path, content: str, line: int, column: str) -> None:
    refused = refusal(write(tmp_path, content), posts())
    assert (refused.line, refused.column) == (line, column)


def test_posts_need_the_zone_of_their_account() -> None:
    with pytest.raises(ConfigurationError, match="time_zone: needed"):
        posts(time_zone=None)


def test_klaviyo_is_a_mapping(tmp_path: Path) -> None:
    """No export of Klaviyo is attested, so its source declares the columns that it has."""
    mapped = contract(
        "csv",
        currency="USD",
        time_zone="America/New_York",
        thousands_separator=",",
        subject="email_campaigns",
        columns={
            "campaign_id": {"header": "Campaign ID"},
            "title": {"header": "Campaign Name"},
            "day": {"header": "Send Time", "type": "timestamp"},
            "sent_at": {"header": "Send Time"},
            "recipients": {"header": "Total Recipients"},
            "opens_unique": {"header": "Unique Opens"},
            "clicks_unique": {"header": "Unique Clicks"},
            "revenue": {"header": "Revenue"},
        },
    )
    header = "Campaign ID,Campaign Name,Send Time,Total Recipients,Unique Opens,Open Rate,Unique Clicks,Revenue\n"
    path = write(tmp_path, header + '01ABC,Spring,2026-03-29 21:30:00,"1,110",300,27.0%,70,"1,234.50"\n')
    file = read(path, mapped)
    (row,) = file.only
    assert (row["day"], row["sent_at"]) == (date(2026, 3, 29), datetime(2026, 3, 30, 1, 30))
    assert (row["recipients"], row["delivered"], row["opens_unique"]) == (1110, None, 300)
    assert (row["revenue"], row["currency"]) == (Decimal("1234.5000"), "USD")
    assert file.prepared.unknown_columns == ("Open Rate",)
