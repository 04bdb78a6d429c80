import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.systems import linkedin_ads_api
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.granted import SECRETS, GrantedApi
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import days_between, survive_fault_schedules
from tests.unit.sources.read_files import contract

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 9)
TARGET = re.compile(
    r"/rest/adAnalytics\?q=analytics&pivot=CAMPAIGN&timeGranularity=DAILY"
    r"&dateRange=\(start:\(year:(\d+),month:(\d+),day:(\d+)\),end:\(year:(\d+),month:(\d+),day:(\d+)\)\)"
    r"&accounts=List\(urn%3Ali%3AsponsoredAccount%3A512345678\)"
    r"&fields=dateRange,pivotValues,impressions,clicks,costInLocalCurrency,externalWebsiteConversions,"
    r"conversionValueInLocalCurrency,oneClickLeads"
)


def figures(day: date, campaign: int) -> dict[str, Any]:
    written = {"year": day.year, "month": day.month, "day": day.day}
    return {
        "dateRange": {"start": written, "end": written},
        "pivotValues": [f"urn:li:sponsoredCampaign:{campaign}"],
        "impressions": 1000,
        "clicks": 12,
        "costInLocalCurrency": f"{campaign}.123456",
        "externalWebsiteConversions": 2,
        "conversionValueInLocalCurrency": "40.5",
        "oneClickLeads": 1,
    }


def asked_days(question: Question) -> list[date]:
    found = TARGET.fullmatch(question.target)
    assert found, question.target
    numbers = [int(number) for number in found.groups()]
    return days_between(date(*numbers[:3]), date(*numbers[3:]))


def analytics(question: Question) -> Reply:
    assert question.method == "GET"
    assert question.headers["linkedin-version"] == "202607"
    assert question.headers["x-restli-protocol-version"] == "2.0.0"
    days = asked_days(question)
    assert len(days) <= 30
    elements = [figures(day, campaign) for day in days for campaign in (7, 8)]
    return Reply({"elements": elements, "paging": {"start": 0, "count": 10, "links": []}})


def vendor() -> Vendor:
    def answer(question: Question) -> Reply:
        assert question.headers["authorization"] == "Bearer linkedin-canary"
        return analytics(question)

    return answer


API = GrantedApi(
    "linkedin_ads_api",
    vendor,
    {"access_token": "linkedin-canary"},
    {"account_id": "512345678", "currency": "EUR"},
    FIRST,
    LAST,
)


def test_every_campaign_and_day_becomes_a_row(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert len(found.only) == 40 * 2
    assert sum(found.column("cost")) == 40 * (Decimal("7.1235") + Decimal("8.1235"))
    row = next(row for row in found.only if row["day"] == LAST and row["campaign_id"] == "7")
    assert (row["ad_group_id"], row["account_id"], row["currency"], row["time_zone"], row["campaign_name"]) == (
        "7", "512345678", "EUR", "UTC", "",
    )  # fmt: skip
    assert (row["impressions"], row["clicks"], row["conversions"], row["conversion_value"], row["leads"]) == (
        1000, 12, 2.0, Decimal("40.5"), 1.0,
    )  # fmt: skip
    assert found.prepared.stated_range == (FIRST, LAST)


def test_what_the_answer_does_not_say_is_unknown_and_not_zero(tmp_path: Path) -> None:
    row = figures(LAST, 7)
    for name in ("clicks", "oneClickLeads", "conversionValueInLocalCurrency"):
        del row[name]
    (found,) = replace(API, first_day=LAST).rows(tmp_path, vendor=lambda _: Reply({"elements": [row]})).only
    assert (found["clicks"], found["leads"], found["conversion_value"]) == (None, None, None)


def test_an_answer_of_the_largest_size_is_asked_for_in_halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linkedin_ads_api, "_MOST_ELEMENTS", 16)
    lengths = []

    def note(question: Question) -> Reply:
        lengths.append(len(asked_days(question)))
        return analytics(question)

    assert len(API.rows(tmp_path, vendor=note).only) == 80
    assert lengths == [30, 15, 8, 4, 4, 7, 15, 8, 4, 4, 7, 10, 5, 5]


def test_a_single_day_of_the_largest_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linkedin_ads_api, "_MOST_ELEMENTS", 2)
    refused = API.refusal(tmp_path, analytics)
    assert refused.found == "2 rows, as many as LinkedIn sends at most for the single day 2026-10-01"


def test_an_answer_that_goes_on_elsewhere_is_not_taken_for_complete(tmp_path: Path) -> None:
    def paged(question: Question) -> Reply:
        links = [{"rel": "next", "href": "/rest/adAnalytics?start=10", "type": "application/json"}]
        return Reply({"elements": [figures(FIRST, 7)], "paging": {"start": 0, "count": 10, "links": links}})

    assert API.refusal(tmp_path, paged).found.startswith("an answer that goes on in another page")


@pytest.mark.parametrize(
    "change",
    [
        {"pivotValues": ["urn:li:sponsoredCampaign:7", "urn:li:sponsoredCampaign:8"]},
        {"dateRange": {"start": {"year": 2026, "month": 11, "day": 8}, "end": {"year": 2026, "month": 11, "day": 9}}},
    ],
)
def test_a_row_of_another_shape_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    row = figures(LAST, 7) | change
    refused = replace(API, first_day=LAST).refusal(tmp_path, lambda _: Reply({"elements": [row]}))
    assert refused.found == "an answer of an unknown shape"


def test_a_row_of_something_else_than_a_campaign_is_refused(tmp_path: Path) -> None:
    row = figures(LAST, 7) | {"pivotValues": ["urn:li:sponsoredCreative:7"]}
    with (
        ApiServer(lambda _: Reply({"elements": [row]})) as server,
        pytest.raises(duckdb.Error, match="expected a campaign, written urn:li:sponsoredCampaign:123"),
    ):
        replace(API, first_day=LAST).rows_from(server, tmp_path)


def test_throttling_is_waited_for(tmp_path: Path) -> None:
    waiting, replies = FakeTime(), [Reply({"message": "slow down"}, 429), Reply({}, 429, {"Retry-After": "40"})]
    with ApiServer(lambda question: replies.pop(0) if replies else analytics(question)) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [1.0, 40.0]


def renewing(is_expired: bool) -> Vendor:
    """Answer only to renewed tokens; these have expired, too, where ``is_expired``."""

    def answer(question: Question) -> Reply:
        if question.path == "/token":
            assert question.body == {"grant_type": "refresh_token"} | SECRETS
            return Reply({"access_token": "renewed-canary", "expires_in": 86400})
        if question.headers["authorization"] != "Bearer renewed-canary" or is_expired:
            return Reply({"status": 401, "code": "EXPIRED_ACCESS_TOKEN", "message": "Expired access token"}, 401)
        return analytics(question)

    return answer


def test_an_expired_token_is_made_anew_once(tmp_path: Path) -> None:
    api = replace(API, secrets={**API.secrets, **SECRETS})
    assert len(api.rows(tmp_path, vendor=renewing(is_expired=False)).only) == 80
    refused = api.refusal(tmp_path, renewing(is_expired=True))
    assert refused.found.startswith("HTTP 401: EXPIRED_ACCESS_TOKEN 401 Expired access token")


def test_an_expired_token_without_a_grant_to_renew_it_is_refused(tmp_path: Path) -> None:
    asked = []

    def expired(question: Question) -> Reply:
        asked.append(question.path)
        return Reply({"message": f"Expired access token {question.headers['authorization']}"}, 401)

    refused = API.refusal(tmp_path, expired)
    assert refused.found.startswith("HTTP 401: Expired access token Bearer *** (GET 127.0.0.1/rest/adAnalytics)")
    assert len(asked) == 1


def test_a_version_that_was_turned_off_is_refused_with_advice(tmp_path: Path) -> None:
    refused = API.refusal(tmp_path, lambda _: Reply({"message": "Requested version 202607 is not active"}, 426))
    assert refused.found.startswith("HTTP 426: Requested version 202607 is not active")
    assert "pull.version" in refused.advice


def test_corrected_figures_come_with_the_next_pull(tmp_path: Path) -> None:
    short = replace(API, first_day=LAST)
    corrected = Reply({"elements": [figures(LAST, 7) | {"costInLocalCurrency": "9"}]})
    assert short.rows(tmp_path, vendor=lambda _: corrected).column("cost") == [Decimal(9)]


def test_an_empty_list_brings_nothing_and_counts_as_suspicious(tmp_path: Path) -> None:
    assert API.rows(tmp_path, vendor=lambda _: Reply({"elements": []})).only == []
    assert contract("linkedin_ads_api", account_id="1", currency="EUR").refuse_no_rows


def test_an_answer_without_a_list_is_refused(tmp_path: Path) -> None:
    assert API.refusal(tmp_path, lambda _: Reply({})).found == "an answer without 'elements'"


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ({"currency": "EUR"}, "account_id: is missing"),
        ({"account_id": "1"}, "currency: is missing"),
        ({"account_id": "1", "currency": "EUR", "options": {"pivot": "CREATIVE"}}, "options.pivot: unknown"),
    ],
)
def test_settings_are_checked(yaml: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        contract("linkedin_ads_api", **yaml)


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
