from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.files.refused_file import RefusedFile
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.hubspot_vendor import hubspot_object, search
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules
from tests.unit.sources.read_files import read

CHANGED = "hs_lastmodifieddate"
STAGES = [
    {"id": "qualifiedtobuy", "label": "Qualified", "metadata": {"isClosed": "false", "probability": "0.4"}},
    {"id": "998", "label": "Offer sent", "metadata": {"isClosed": "false", "probability": "0.6"}},
    {"id": "closedwon", "label": "Signed", "metadata": {"isClosed": "true", "probability": "1.0"}},
    {"id": "closedlost", "label": "Lost", "metadata": {"isClosed": "true", "probability": "0.0"}},
]
PIPELINES = {"results": [{"id": "default", "label": "Sales", "displayOrder": 0, "stages": STAGES}]}


def deal(identifier: int, changed: str = "2026-10-02T10:00:00.000Z", **properties: Any) -> dict[str, Any]:
    known = {"dealname": f"Deal {identifier}", "amount": "100", "dealstage": "qualifiedtobuy", "pipeline": "default"}
    known |= {"createdate": "2026-10-01T22:30:00.147Z", "hs_is_closed": "false", "hs_is_closed_won": "false"}
    return hubspot_object(identifier, CHANGED, changed, **known | properties)


WON = {"dealstage": "closedwon", "hs_is_closed": "true", "hs_is_closed_won": "true"}
DEALS = [
    *(deal(number, f"2026-10-02T10:00:{number:02}.000Z") for number in range(1, 21)),
    deal(
        21,
        "2026-10-03T10:00:00.500Z",
        **WON,
        amount="1234.5",
        deal_currency_code="USD",
        dealtype="existingbusiness",
        hubspot_owner_id="77",
        closedate="2026-10-03T22:15:00.000Z",
        hs_date_entered_998="2026-10-02T09:00:00.000Z",
        offer="Basic",
    ),
]


def vendor(deals: list[dict[str, Any]] = DEALS, size: int = 6) -> Vendor:
    def answer(question: Question) -> Reply:
        if question.path == "/crm/v3/pipelines/deals":
            assert question.headers["authorization"] == "Bearer hubspot-secret"
            return Reply(PIPELINES)
        assert question.path == "/crm/v3/objects/deals/search"
        assert {"dealname", "hs_is_closed_won", "hs_date_entered_998", "offer"} <= set(question.body["properties"])
        return search(question, deals, CHANGED, size)

    return answer


YAML = {
    "account_id": "8800",
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "options": {"proposal_stages": "Offer sent", "product_column": "offer"},
}
API = PulledApi(
    "hubspot_deals_api",
    vendor,
    {"access_token": "hubspot-secret"},
    YAML,
    date(2026, 10, 1),
    date(2026, 11, 19),
)


def test_every_deal_comes_once_over_several_pages(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert sorted(found.column("deal_id"), key=int) == [str(number) for number in range(1, 22)]
    assert sum(found.column("amount")) == 20 * 100 + Decimal("1234.5")
    assert {row["currency"] for row in found.only} == {"EUR", "USD"}


def test_a_won_deal(tmp_path: Path) -> None:
    (row,) = [row for row in API.rows(tmp_path).only if row["deal_id"] == "21"]
    assert (row["pipeline"], row["stage"], row["owner"], row["product"]) == ("Sales", "Signed", "77", "Basic")
    assert (row["is_closed"], row["is_won"], row["is_renewal"]) == (True, True, True)
    # 22:30 and 22:15 UTC are past midnight in Berlin.
    assert (row["day"], row["closed_day"]) == (date(2026, 10, 2), date(2026, 10, 4))
    assert row["closed_at"] == datetime(2026, 10, 3, 22, 15)
    assert row["proposal_sent_at"] == datetime(2026, 10, 2, 9)
    assert (row["amount"], row["currency"], row["account_id"]) == (Decimal("1234.5"), "USD", "8800")


def test_the_forecast_of_an_open_deal_is_not_a_close_date(tmp_path: Path) -> None:
    forecast = [deal(1, closedate="2026-12-01T00:00:00Z", amount=None)]
    (row,) = API.rows(tmp_path, vendor(forecast)).only
    assert (row["is_closed"], row["is_won"], row["closed_at"], row["closed_day"]) == (False, False, None, None)
    assert (row["amount"], row["is_renewal"], row["proposal_sent_at"]) == (None, None, None)


def test_a_stage_says_what_the_deal_does_not(tmp_path: Path) -> None:
    silent: dict[str, Any] = {"hs_is_closed": None, "hs_is_closed_won": None}
    deals = [deal(1, **silent), deal(2, **silent | {"dealstage": "closedwon"})]
    deals += [deal(3, **silent | {"dealstage": "closedlost"}), deal(4, dealstage="archived one", pipeline="gone")]
    rows = {row["deal_id"]: row for row in API.rows(tmp_path, vendor(deals)).only}
    assert [(rows[key]["is_closed"], rows[key]["is_won"]) for key in "123"] == [
        (False, False), (True, True), (True, False),
    ]  # fmt: skip
    assert (rows["4"]["stage"], rows["4"]["pipeline"]) == ("archived one", "gone")


def test_a_deal_that_nothing_says_whether_it_is_closed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="is_closed is empty"):
        API.rows(tmp_path, vendor([deal(1, dealstage="archived one", hs_is_closed=None)]))


def test_an_amount_of_unknown_currency_is_refused(tmp_path: Path) -> None:
    without = PulledApi(API.system, vendor, API.secrets, YAML | {"currency": None}, API.first_day, API.last_day)
    with pytest.raises(Exception, match="an amount whose currency is known"):
        without.rows(tmp_path)


def test_only_changes_are_asked_for(tmp_path: Path) -> None:
    since = datetime(2026, 10, 3, tzinfo=UTC)
    changes = PulledApi(API.system, vendor, API.secrets, YAML, API.first_day, API.last_day, changed_since=since)
    with ApiServer(vendor()) as server:
        found = changes.rows_from(server, tmp_path)
    assert found.column("deal_id") == ["21"]
    assert server.questions[1].body["filterGroups"][0]["filters"][0]["value"] == "1790985600000"  # 2026-10-03 00:00


def test_more_deals_of_one_moment_than_a_page_holds(tmp_path: Path) -> None:
    same = [deal(number) for number in range(1, 15)] + [deal(15, "2026-10-05T00:00:00.000Z")]
    found = API.rows(tmp_path, vendor(same))
    assert len(found.only) == 15


def test_more_than_ten_thousand_deals_of_one_moment_are_refused(tmp_path: Path) -> None:
    def many(question: Question) -> Reply:
        if question.method == "GET":
            return Reply(PIPELINES)
        start = int(question.body.get("after", 0))
        results = [deal(start + 1), deal(start + 2)]
        return Reply({"total": 10_400, "results": results, "paging": {"next": {"after": str(start + 5_000)}}})

    assert API.refusal(tmp_path, many).found.startswith("more than 10000 deals that were changed in the same moment")


def test_more_results_than_a_search_shows(tmp_path: Path) -> None:
    deals = [deal(number, f"2026-10-02T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000Z")
             for number in range(10_050)]  # fmt: skip
    with ApiServer(vendor(deals, size=5_000)) as server:
        found = API.rows_from(server, tmp_path)
    assert len(found.only) == 10_050
    assert not any("after" in question.body for question in server.questions[1:])


def test_a_deal_that_changes_during_the_pull_is_neither_lost_nor_doubled(tmp_path: Path) -> None:
    deals = [deal(number, f"2026-10-02T10:00:{number:02}.000Z") for number in range(1, 21)]
    asked: list[Question] = []

    def moving(question: Question) -> Reply:
        asked.append(question)
        if len(asked) == 3:
            deals[0] = deal(1, "2026-10-02T11:00:00.000Z", amount="999")
        return vendor(deals)(question)

    found = API.rows(tmp_path, moving)
    assert len(found.only) == 20
    assert [row["amount"] for row in found.only if row["deal_id"] == "1"] == [Decimal(999)]


@pytest.mark.parametrize(("policy", "waits"), [("TEN_SECONDLY_ROLLING", [10.0]), ("SECONDLY", [1.0])])
def test_too_many_requests_wait_as_long_as_the_policy(policy: str, waits: list[float], tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        limit = {"status": "error", "errorType": "RATE_LIMIT", "policyName": policy}
        return Reply(limit, 429) if len(asked) == 2 else vendor()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == waits


def test_retry_after_counts_more_than_the_policy(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        limit = {"status": "error", "policyName": "TEN_SECONDLY_ROLLING"}
        return Reply(limit, 429, {"Retry-After": "3"}) if len(asked) == 1 else vendor()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [3.0]


def test_the_daily_limit_gives_up_at_once(tmp_path: Path) -> None:
    asked = []

    def exhausted(question: Question) -> Reply:
        asked.append(question)
        return Reply({"status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY"}, 429)

    assert "daily limit" in API.refusal(tmp_path, exhausted).found
    assert len(asked) == 1


def test_a_token_that_is_not_accepted_is_refused_and_not_shown(tmp_path: Path) -> None:
    def expired(question: Question) -> Reply:
        return Reply({"status": "error", "message": "token hubspot-secret expired", "category": "X"}, 401)

    refused = API.refusal(tmp_path, expired)
    assert "HTTP 401: error token *** expired" in str(refused)
    assert "hubspot-secret" not in str(refused)


def test_no_change_brings_no_rows(tmp_path: Path) -> None:
    assert API.rows(tmp_path, vendor([])).only == []


def test_a_stage_that_the_account_does_not_have_is_refused(tmp_path: Path) -> None:
    yaml = YAML | {"options": {"proposal_stages": ["Offer", "998"], "product_column": "offer"}}
    other = PulledApi(API.system, vendor, API.secrets, yaml, API.first_day, API.last_day)
    refused = other.refusal(tmp_path, vendor())
    assert refused.found == "no stage 'Offer'"
    assert "Offer sent" in refused.expected


def test_answers_that_were_asked_for_with_other_options_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "stored.pull"
    with ApiServer(vendor()) as server:
        API.pull(server.url, target)
    yaml = YAML | {"options": {"proposal_stages": "Qualified", "product_column": "package"}}
    source = PulledApi(API.system, vendor, API.secrets, yaml, API.first_day, API.last_day).source("https://x.example")
    with pytest.raises(RefusedFile, match="did not ask for hs_date_entered_qualifiedtobuy, package"):
        read(target, build_contract("shop", source))


def test_a_page_that_comes_twice_is_refused(tmp_path: Path) -> None:
    def standing(question: Question) -> Reply:
        if question.method == "GET":
            return Reply(PIPELINES)
        return Reply({"total": 9, "results": [deal(1)], "paging": {"next": {"after": "1"}}})

    assert API.refusal(tmp_path, standing).found == "the same page a second time"


def test_a_cursor_that_comes_twice_is_refused(tmp_path: Path) -> None:
    asked: list[Question] = []

    def circling(question: Question) -> Reply:
        asked.append(question)
        if question.method == "GET":
            return Reply(PIPELINES)
        return Reply({"total": 9, "results": [deal(len(asked))], "paging": {"next": {"after": "1"}}})

    assert API.refusal(tmp_path, circling).found == "the same page cursor a second time"


def test_endless_pages_are_refused(tmp_path: Path) -> None:
    def endless(question: Question) -> Reply:
        if question.method == "GET":
            return Reply(PIPELINES)
        since = int(question.body["filterGroups"][0]["filters"][0]["value"]) // 1000
        moments = [datetime.fromtimestamp(second, UTC).isoformat() for second in (since, since + 1)]
        results = [deal(since + number, moment) for number, moment in enumerate(moments)]
        return Reply({"total": 9, "results": results, "paging": {"next": {"after": "2"}}})

    assert API.refusal(tmp_path, endless).found == "more than 200 pages"


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    def other(question: Question) -> Reply:
        return Reply(PIPELINES) if question.method == "GET" else Reply({"total": 0})

    assert API.refusal(tmp_path, other).found == "an answer without 'results'"


def test_a_changed_deal_comes_with_its_new_state(tmp_path: Path) -> None:
    before = API.rows(tmp_path, vendor([deal(1)])).only
    after = API.rows(tmp_path, vendor([deal(1, "2026-10-09T00:00:00Z", **WON)])).only
    assert [(row["stage"], row["is_won"]) for row in (*before, *after)] == [("Qualified", False), ("Signed", True)]


def test_the_time_zone_is_needed() -> None:
    source = API.source("https://api.hubapi.com").model_copy(update={"time_zone": None})
    with pytest.raises(ConfigurationError, match="time_zone: needed"):
        build_contract("shop", source)


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
