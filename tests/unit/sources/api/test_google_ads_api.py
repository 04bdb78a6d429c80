import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.granted import SECRETS, GrantedApi, granting
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import days_between, survive_fault_schedules
from tests.unit.sources.read_files import contract

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 9)
CUSTOMER = {
    "resourceName": "customers/1234567890",
    "id": "1234567890",
    "descriptiveName": "Lamp shop",
    "currencyCode": "EUR",
    "timeZone": "Europe/Berlin",
}


def row(day: date, campaign: int, **metrics: Any) -> dict[str, Any]:
    return {
        "customer": CUSTOMER,
        "campaign": {"id": str(campaign), "name": f"Campaign {campaign}", "advertisingChannelType": "SEARCH"},
        "segments": {"date": str(day), "device": "MOBILE"},
        "metrics": metrics,
    }


def figures(day: date) -> list[dict[str, Any]]:
    """Return two rows: whole numbers as texts, zeros left out."""
    first = row(day, 101, impressions="5000", clicks="250", costMicros="12500000", conversions=3.25)
    first["metrics"] |= {"conversionsValue": 412.5, "videoTrueviewViews": "7"}
    return [first, row(day, 9007199254740993, impressions="90", clicks="7")]


def campaigns(question: Question) -> Reply:
    assert (question.method, question.path) == ("POST", "/v26/customers/1234567890/googleAds:searchStream")
    assert "developer-token" not in question.headers
    assert question.headers["login-customer-id"] == "9998887777"
    query = question.body["query"]
    assert "metrics.cost_micros" in query
    assert "customer.currency_code" in query
    assert "customer.time_zone" in query
    found = re.search(r"FROM campaign WHERE segments\.date BETWEEN '(.{10})' AND '(.{10})'$", query)
    assert found
    first, last = map(date.fromisoformat, found.groups())
    assert (last - first).days < 30
    rows = [row for day in days_between(first, last) for row in figures(day)]
    batches = [{"results": rows[at : at + 11], "requestId": f"request-{at}"} for at in range(0, len(rows), 11)]
    return Reply([*batches, {"requestId": "a batch without rows"}])


def vendor() -> Vendor:
    return granting(campaigns)


API = GrantedApi(
    "google_ads_api",
    vendor,
    SECRETS,
    {"account_id": "123-456-7890", "options": {"login_customer_id": "999-888-7777"}},
    FIRST,
    LAST,
)


def failure(kind: str, code: str, message: str = "", status: int = 400, **details: Any) -> Reply:
    """Return an error as searchStream sends it: in an array."""
    entry = {"errorCode": {kind: code}, "message": message, "details": details}
    error = {
        "code": status,
        "message": "Request contains an invalid argument.",
        "status": "INVALID_ARGUMENT",
        "details": [
            {"@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure", "errors": [entry]}
        ],
    }
    return Reply([{"error": error}], status)


def once(reply: Reply) -> Vendor:
    """Answer the API's first question with ``reply`` and all others as ever."""
    replies = [reply]
    return granting(lambda question: replies.pop() if replies else campaigns(question))


def test_every_campaign_day_and_device_becomes_a_row(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert len(found.only) == 40 * 2
    assert sum(found.column("cost")) == 40 * Decimal("12.5")
    assert sum(found.column("conversions")) == 40 * 3.25
    assert sum(found.column("conversion_value")) == 40 * Decimal("412.5")
    full = next(row for row in found.only if row["day"] == FIRST and row["campaign_id"] == "101")
    assert (full["impressions"], full["clicks"], full["video_views"], full["device"]) == (5000, 250, 7, "mobile")
    assert (full["account_id"], full["account_name"], full["currency"], full["time_zone"], full["campaign_type"]) == (
        "123-456-7890", "Lamp shop", "EUR", "Europe/Berlin", "SEARCH",
    )  # fmt: skip
    assert found.prepared.stated_range == (FIRST, LAST)


def test_what_the_answer_leaves_out_is_zero(tmp_path: Path) -> None:
    empty = next(row for row in API.rows(tmp_path).only if row["campaign_id"] == "9007199254740993")
    assert (empty["cost"], empty["conversions"], empty["conversion_value"], empty["video_views"]) == (0, 0, 0, 0)
    assert empty["ad_group_id"] == ""


def test_a_row_without_its_campaign_is_refused(tmp_path: Path) -> None:
    broken = row(FIRST, 1, impressions="1")
    del broken["campaign"]
    assert API.refusal(tmp_path, once(Reply([{"results": [broken]}]))).found == "an answer without 'campaign.id'"


def test_ad_groups_are_asked_for_where_the_source_says_so(tmp_path: Path) -> None:
    def ad_groups(question: Question) -> Reply:
        assert "ad_group.id, ad_group.name" in question.body["query"]
        assert " FROM ad_group WHERE " in question.body["query"]
        entry = row(FIRST, 101, impressions="10") | {"adGroup": {"id": "202", "name": "Shoes"}}
        return Reply([{"results": [entry]}] if str(FIRST) in question.body["query"] else [])

    api = replace(API, yaml={"account_id": "1234567890", "options": {"level": "ad_group"}})
    (found,) = api.rows(tmp_path, vendor=granting(ad_groups)).only
    assert (found["ad_group_id"], found["ad_group_name"], found["campaign_id"]) == ("202", "Shoes", "101")


def test_micros_and_long_amounts_are_rounded_and_exponents_written_out(tmp_path: Path) -> None:
    entry = row(FIRST, 1, impressions="1", costMicros="1234567", conversions=1e-05, conversionsValue=0.123456789)
    (found,) = API.rows(tmp_path, vendor=granting(lambda question: Reply([{"results": [entry]}] if str(FIRST)
        in question.body["query"] else []))).only  # fmt: skip
    assert (found["cost"], found["conversion_value"], found["conversions"]) == (
        Decimal("1.2346"), Decimal("0.1235"), 0.00001,
    )  # fmt: skip


def test_a_developer_token_is_sent_only_where_there_is_one(tmp_path: Path) -> None:
    sent = []

    def note(question: Question) -> Reply:
        sent.append(question.headers.get("developer-token"))
        return Reply([])

    for token in ("developer-canary", "  "):
        replace(API, secrets={**SECRETS, "developer_token": token}).rows(tmp_path, vendor=granting(note))
    assert sent == ["developer-canary", "developer-canary", None, None]


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (failure("quotaError", "RESOURCE_EXHAUSTED", status=429, quotaErrorDetails={"retryDelay": "37s"}), 37.0),
        (failure("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED", status=400), 1.0),
        (failure("internalError", "TRANSIENT_ERROR", status=200), 1.0),
        (Reply([{"results": []}, {"error": {"code": 13, "message": "the stream broke"}}]), 1.0),
    ],
)
def test_a_passing_error_is_asked_again_after_the_stated_time(tmp_path: Path, reply: Reply, wait: float) -> None:
    waiting = FakeTime()
    with ApiServer(once(reply)) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
        assert len(server.questions) == 4  # one for the token, two spans, one of them twice
    assert waiting.waits == [wait]


def test_a_quota_that_is_gone_for_the_day_fails_the_pull(tmp_path: Path) -> None:
    gone = failure("quotaError", "RESOURCE_EXHAUSTED", status=429, quotaErrorDetails={"retryDelay": "8962s"})
    assert "wait 8962 seconds" in API.refusal(tmp_path, once(gone)).found


def test_a_manager_account_is_refused_with_advice(tmp_path: Path) -> None:
    message = "Metrics cannot be requested for a manager account."
    refused = API.refusal(tmp_path, once(failure("queryError", "REQUESTED_METRICS_FOR_MANAGER", message)))
    assert refused.found.startswith(f"queryError REQUESTED_METRICS_FOR_MANAGER: {message}")
    assert "options.login_customer_id" in refused.advice


def test_a_query_that_takes_too_much_is_asked_in_halves(tmp_path: Path) -> None:
    asked = []

    def frugal(question: Question) -> Reply:
        first, last = (date.fromisoformat(day) for day in re.findall(r"'(.{10})'", question.body["query"]))
        asked.append((last - first).days + 1)
        if asked[-1] > 8:
            return failure("quotaError", "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION", status=429)
        return campaigns(question)

    found = API.rows(tmp_path, vendor=granting(frugal))
    assert asked == [30, 15, 8, 7, 15, 8, 7, 10, 5, 5]
    assert len(found.only) == 80


def test_a_single_day_that_takes_too_much_is_refused(tmp_path: Path) -> None:
    refused = API.refusal(
        tmp_path,
        granting(lambda _: failure("quotaError", "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION", status=429)),
    )
    assert refused.found.endswith("for the single day 2026-10-01")
    assert "level: campaign" in refused.advice


def test_an_expired_token_is_made_anew_once(tmp_path: Path) -> None:
    assert len(API.rows(tmp_path, vendor=granting(campaigns, lambda number: number == 1)).only) == 80
    refused = API.refusal(tmp_path, granting(campaigns, lambda number: True))
    assert refused.found.startswith("HTTP 401: Expired access token ***")


def test_no_secret_stands_in_a_refusal(tmp_path: Path) -> None:
    told = " ".join(SECRETS.values())
    refused = API.refusal(tmp_path, granting(lambda _: failure("authenticationError", "NOT_ADS_USER", told, 401)))
    assert "canary" not in str(refused)
    assert "NOT_ADS_USER: *** *** ***" in refused.found


def test_a_grant_that_was_taken_back_is_refused(tmp_path: Path) -> None:
    body = {"error": "invalid_grant", "error_description": "Token has been expired or revoked: refresh-token-canary"}
    refused = API.refusal(tmp_path, lambda question: Reply(body, 400))
    assert refused.found.startswith(
        "HTTP 400: Token has been expired or revoked: *** invalid_grant (POST 127.0.0.1/token"
    )


def test_corrected_figures_come_with_the_next_pull(tmp_path: Path) -> None:
    corrected = granting(lambda _: Reply([{"results": [row(LAST, 101, impressions="5001", costMicros="13000000")]}]))
    api = replace(API, first_day=LAST)
    assert [row["cost"] for row in api.rows(tmp_path, vendor=corrected).only] == [Decimal(13)]
    assert [row["cost"] for row in api.rows(tmp_path).only] == [Decimal("12.5"), Decimal(0)]


@pytest.mark.parametrize("body", [[], [{"requestId": "1"}], [{"results": []}]])
def test_an_answer_without_rows_brings_nothing_and_counts_as_suspicious(tmp_path: Path, body: Any) -> None:
    assert API.rows(tmp_path, vendor=granting(lambda _: Reply(body))).only == []
    assert contract("google_ads_api", account_id="1").refuse_no_rows


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ({}, "account_id: is missing"),
        ({"account_id": "1", "options": {"level": "keyword"}}, "options.level: unknown 'keyword'"),
        ({"account_id": "1", "options": {"level": ("campaign", "ad_group")}}, "options.level: needs one of"),
        ({"account_id": "1", "options": {"speed": "fast"}}, "options.speed: unknown"),
    ],
)
def test_settings_are_checked(yaml: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        contract("google_ads_api", **yaml)


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
