import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor, page_of
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, days_between, survive_fault_schedules
from tests.unit.sources.read_files import contract

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 9)
PAGE = 17


def action(kind: str, value: str, **windows: str) -> dict[str, str]:
    return {"action_type": kind, "value": value} | {f"{name[1:]}": number for name, number in windows.items()}


def figures(day: date, campaign: int) -> dict[str, Any]:
    """Return a row; campaign 1 has the same purchases under three names, campaign 2 has none at all."""
    row: dict[str, Any] = {
        "account_currency": "USD",
        "account_name": "Example Dealer",
        "campaign_id": f"2385440460000000{campaign}",
        "campaign_name": f"Campaign {campaign}",
        "clicks": "9",
        "date_start": str(day),
        "date_stop": str(day),
        "impressions": "185",
        "inline_link_clicks": "8",
        "reach": "150",
        "spend": f"{campaign}4.35",
    }
    if campaign == 1:
        row["actions"] = [
            action("link_click", "8", _7d_click="8", _1d_click="8"),
            action("purchase", "3", _7d_click="2", _1d_view="1", _1d_click="2"),
            action("omni_purchase", "3", _7d_click="2", _1d_view="1", _1d_click="2"),
            action("offsite_conversion.fb_pixel_purchase", "3", _7d_click="2", _1d_view="1"),
            action("lead", "1", _1d_view="1"),
            action("offsite_conversion.fb_pixel_lead", "1", _1d_view="1"),
        ]
        row["action_values"] = [
            action("purchase", "90.5", _7d_click="60.25", _1d_view="30.25"),
            action("omni_purchase", "90.5", _7d_click="60.25", _1d_view="30.25"),
        ]
    return row


def insights(question: Question) -> Reply:
    assert (question.method, question.path) == ("GET", "/v26.0/act_798000000000000/insights")
    assert question.headers["authorization"] == "Bearer meta-secret"
    assert "access_token" not in question.query
    assert (question.query["level"], question.query["time_increment"], question.query["limit"]) == (
        "campaign", "1", "500",
    )  # fmt: skip
    assert {"spend", "actions", "action_values", "account_currency"} <= set(question.query["fields"].split(","))
    assert json.loads(question.query["action_attribution_windows"]) == ["7d_click", "1d_view"]
    asked = json.loads(question.query["time_range"])
    first, last = date.fromisoformat(asked["since"]), date.fromisoformat(asked["until"])
    assert (last - first).days < 30
    rows = [figures(day, campaign) for day in days_between(first, last) for campaign in (1, 2)]
    number = int(question.query.get("after", "page-0").removeprefix("page-"))
    paging: dict[str, Any] = {"cursors": {"before": f"page-{number - 1}", "after": f"page-{number + 1}"}}
    if (number + 1) * PAGE < len(rows):
        paging["next"] = f"https://graph.facebook.com/v26.0/insights?access_token=meta-secret&after=page-{number + 1}"
    return Reply({"data": page_of(rows, number, PAGE), "paging": paging})


def vendor() -> Vendor:
    return insights


API = PulledApi(
    "meta_ads_api",
    vendor,
    {"access_token": "meta-secret"},
    {"account_id": "798000000000000", "time_zone": "America/Los_Angeles"},
    FIRST,
    LAST,
)


def error(
    code: int, message: str = "later", status: int = 400, headers: dict[str, Any] | None = None, **other: Any
) -> Reply:
    body = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"} | other
    return Reply({"error": body}, status, {name: json.dumps(value) for name, value in (headers or {}).items()})


def once(reply: Reply) -> Vendor:
    replies = [reply]
    return lambda question: replies.pop() if replies else insights(question)


def test_every_campaign_and_day_becomes_a_row(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert len(found.only) == 40 * 2
    assert sum(found.column("cost")) == 40 * (Decimal("14.35") + Decimal("24.35"))
    row = next(row for row in found.only if row["day"] == FIRST and row["campaign_name"] == "Campaign 1")
    assert (row["campaign_id"], row["account_id"], row["currency"], row["time_zone"], row["attribution"]) == (
        "23854404600000001", "798000000000000", "USD", "America/Los_Angeles", "7d_click + 1d_view",
    )  # fmt: skip
    assert (row["impressions"], row["clicks"], row["link_clicks"], row["reach"]) == (185, 9, 8, 150)
    assert found.prepared.stated_range == (FIRST, LAST)


def test_purchases_that_stand_under_several_names_are_counted_once(tmp_path: Path) -> None:
    rows = API.rows(tmp_path).only
    bought = next(row for row in rows if row["campaign_name"] == "Campaign 1")
    assert (bought["purchases"], bought["conversions"], bought["leads"]) == (3.0, 3.0, 1.0)
    assert (bought["purchase_value"], bought["conversion_value"]) == (Decimal("90.5"), Decimal("90.5"))
    nothing = next(row for row in rows if row["campaign_name"] == "Campaign 2")
    assert (nothing["purchases"], nothing["purchase_value"], nothing["leads"]) == (0.0, Decimal(0), 0.0)


def test_the_source_says_which_actions_and_windows_count(tmp_path: Path) -> None:
    def other(question: Question) -> Reply:
        assert json.loads(question.query["action_attribution_windows"]) == ["1d_click"]
        return Reply({"data": [figures(FIRST, 1)] if str(FIRST) in question.query["time_range"] else []})

    options = {"purchases": ("no_such_action", "purchase"), "leads": "lead", "attribution_windows": "1d_click"}
    api = replace(API, yaml={**API.yaml, "options": options})
    (row,) = api.rows(tmp_path, vendor=other).only
    assert (row["purchases"], row["leads"], row["purchase_value"], row["attribution"]) == (2.0, 0.0, 0, "1d_click")


def test_ads_are_asked_for_where_the_source_says_so(tmp_path: Path) -> None:
    def ads(question: Question) -> Reply:
        assert {"adset_id", "adset_name", "ad_id", "ad_name"} <= set(question.query["fields"].split(","))
        deeper = {"adset_id": "7", "adset_name": "Set", "ad_id": "9", "ad_name": "Ad"}
        return Reply({"data": [figures(FIRST, 1) | deeper] if str(FIRST) in question.query["time_range"] else []})

    api = replace(API, yaml={"account_id": "act_798000000000000", "options": {"level": "ad"}})
    (row,) = api.rows(tmp_path, vendor=ads).only
    assert (row["ad_group_id"], row["ad_group_name"], row["ad_id"], row["ad_name"]) == ("7", "Set", "9", "Ad")


def test_an_answer_that_ignores_the_windows_is_refused(tmp_path: Path) -> None:
    row = figures(LAST, 2) | {"actions": [action("purchase", "3")]}
    refused = replace(API, first_day=LAST).refusal(tmp_path, lambda _: Reply({"data": [row]}))
    assert refused.found == "an answer of an unknown shape"


@pytest.mark.parametrize("change", [{"date_stop": "2026-10-02"}, {"actions": [action("purchase", "1", _1d_view="x")]}])
def test_a_row_of_another_shape_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    refused = API.refusal(tmp_path, once(Reply({"data": [figures(FIRST, 1) | change]})))
    assert refused.found == "an answer of an unknown shape"


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (error(4), 1.0),
        (error(80000, "too many calls"), 1.0),
        (error(9999, is_transient=True), 1.0),
        (error(100, error_subcode=99), 1.0),
        (error(1, status=500), 1.0),
        (
            error(
                17,
                headers={
                    "x-business-use-case-usage": {
                        "1": [{"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 2}]
                    }
                },
            ),
            120.0,
        ),
    ],
)
def test_throttling_is_waited_for(tmp_path: Path, reply: Reply, wait: float) -> None:
    waiting = FakeTime()
    with ApiServer(once(reply)) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [wait]


@pytest.mark.parametrize(
    ("code", "advice"), [(190, "make a new one"), (10, "ads_read"), (200, "ads_read"), (100, "pull.version")]
)
def test_other_errors_are_final_and_show_no_token(tmp_path: Path, code: int, advice: str) -> None:
    asked = []

    def refuse(question: Question) -> Reply:
        asked.append(question)
        return error(code, "Error validating access token meta-secret")

    refused = API.refusal(tmp_path, refuse)
    assert refused.found.startswith(f"code {code}: Error validating access token *** (GET 127.0.0.1/v26.0/act_")
    assert advice in refused.advice
    assert len(asked) == 1


def test_too_much_data_is_asked_in_halves(tmp_path: Path) -> None:
    asked = []

    def frugal(question: Question) -> Reply:
        days = json.loads(question.query["time_range"])
        length = (date.fromisoformat(days["until"]) - date.fromisoformat(days["since"])).days + 1
        asked.append(length)
        if length > 10:
            return error(1, "Please reduce the amount of data you're asking for, then retry your request", 500)
        return insights(question)

    found = API.rows(tmp_path, vendor=frugal)
    assert len(found.only) == 80
    assert asked == [30, 15, 8, 7, 15, 8, 7, 10, 10]  # ten days have two pages
    refused = API.refusal(tmp_path, lambda _: error(1, "Please reduce the amount of data you're asking for"))
    assert refused.found.endswith("for the single day 2026-10-01")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-fb-ads-insights-throttle": {"app_id_util_pct": 40, "acc_id_util_pct": 80.5}},
        {"X-Ad-Account-Usage": {"acc_id_util_pct": 80.5}},
        {"x-Fb-Ads-Insights-Reach-Throttle": {"app_id_util_pct": "80.5"}},
        {"x-business-use-case-usage": {"12": [{"type": "ads_insights", "call_count": 1, "total_cputime": 81}]}},
    ],
)
def test_a_quota_that_fills_slows_the_pull_down(tmp_path: Path, headers: dict[str, Any]) -> None:
    waiting = FakeTime()
    told = {name: json.dumps(value) for name, value in headers.items()}
    with ApiServer(lambda question: Reply(insights(question).body, headers=told)) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
        assert waiting.waits == [30.0] * (len(server.questions) - 1)


def test_a_quota_that_is_nearly_gone_stops_the_pull(tmp_path: Path) -> None:
    told = {"x-fb-ads-insights-throttle": '{"app_id_util_pct": 96, "acc_id_util_pct": 10}'}
    refused = API.refusal(tmp_path, lambda question: Reply(insights(question).body, headers=told))
    assert refused.found == "that 96 % of Meta's quota is used up"
    # Where nothing is left to ask, the answer is complete.
    short = replace(API, first_day=LAST)
    assert len(short.rows(tmp_path, vendor=lambda question: Reply(insights(question).body, headers=told)).only) == 2


def test_a_header_that_is_no_json_is_passed_over(tmp_path: Path) -> None:
    told = {"x-fb-ads-insights-throttle": "not json", "x-ad-account-usage": "[]"}
    assert len(API.rows(tmp_path, vendor=lambda question: Reply(insights(question).body, headers=told)).only) == 80


def test_the_token_in_the_link_to_the_next_page_is_neither_followed_nor_kept(tmp_path: Path) -> None:
    with ApiServer(insights) as server:
        API.pull(server.url, tmp_path / "stored.pull")
        assert not any("token" in question.target for question in server.questions)
    stored = (tmp_path / "stored.pull").read_text()
    assert "access_token=***" in stored
    assert "meta-secret" not in stored


def test_a_cursor_that_comes_back_is_refused(tmp_path: Path) -> None:
    def circle(question: Question) -> Reply:
        number = len(question.query.get("after", ""))
        row = figures(date(2026, 10, 1 + number), 1)
        return Reply({"data": [row], "paging": {"cursors": {"after": "x" * (1 + number % 2)}, "next": "https://..."}})

    assert API.refusal(tmp_path, circle).found == "the same page cursor a second time"


def test_a_page_that_comes_twice_is_refused(tmp_path: Path) -> None:
    def standing(question: Question) -> Reply:
        return Reply({"data": [figures(FIRST, 1)], "paging": {"cursors": {"after": "same"}, "next": "https://..."}})

    assert API.refusal(tmp_path, standing).found == "the same page a second time"


def test_endless_pages_are_refused(tmp_path: Path) -> None:
    def endless(question: Question) -> Reply:
        number = int(question.query.get("after", "0")) + 1
        row = figures(FIRST, 1) | {"campaign_id": str(number)}
        return Reply({"data": [row], "paging": {"cursors": {"after": str(number)}, "next": "https://..."}})

    assert API.refusal(tmp_path, endless).found == "more than 200 pages"


def test_rows_that_move_to_the_next_page_are_refused(tmp_path: Path) -> None:
    def moving(question: Question) -> Reply:
        answer = insights(question)
        if question.query.get("after") == "page-1":
            answer.body["data"].insert(0, figures(FIRST, 1))
        return answer

    assert API.refusal(tmp_path, moving).found == "the row of 2026-10-01 and campaign 23854404600000001 on two pages"


def test_corrected_figures_come_with_the_next_pull(tmp_path: Path) -> None:
    short = replace(API, first_day=LAST)
    assert sum(short.rows(tmp_path).column("cost")) == Decimal("38.70")
    corrected = Reply({"data": [figures(LAST, 1) | {"spend": "15.00"}]})
    assert short.rows(tmp_path, vendor=lambda _: corrected).column("cost") == [Decimal(15)]


def test_an_answer_without_rows_brings_nothing_and_counts_as_suspicious(tmp_path: Path) -> None:
    assert API.rows(tmp_path, vendor=lambda _: Reply({"data": []})).only == []
    assert contract("meta_ads_api", account_id="1").refuse_no_rows


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ({}, "account_id: is missing"),
        ({"account_id": "1", "options": {"level": "account"}}, "options.level: unknown 'account'"),
        (
            {"account_id": "1", "options": {"attribution_windows": ("1d_click", "7d_click")}},
            "several windows of clicks",
        ),
    ],
)
def test_settings_are_checked(yaml: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        contract("meta_ads_api", **yaml)


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
