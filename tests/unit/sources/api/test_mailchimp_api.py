from base64 import b64encode
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.systems import mailchimp_api
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules

KEY = "0123456789abcdef-us6"


def report(number: int, sent: str = "2026-10-05T07:30:00+00:00", **other: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"id": f"c{number:03}", "campaign_title": f"News {number}", "subject_line": "Hello"}
    known |= {"list_id": "l1", "list_name": "All", "emails_sent": 1000, "abuse_reports": 1, "unsubscribed": 4}
    known |= {"send_time": sent, "bounces": {"hard_bounces": 5, "soft_bounces": 7, "syntax_errors": 2}}
    known |= {"opens": {"opens_total": 700, "unique_opens": 400, "open_rate": 0.41, "last_open": ""}}
    known |= {"clicks": {"clicks_total": 90, "unique_clicks": 80, "unique_subscriber_clicks": 60, "click_rate": 0.08}}
    shop = {"total_orders": number, "total_spent": 0, "total_revenue": 10.5 * number, "currency_code": "EUR"}
    return known | {"ecommerce": shop} | other


REPORTS = [report(number) for number in range(1, 25)]
REPORTS.append(report(25, "2026-10-31T23:30:00+00:00", subject_line="Ask help@example.com", ecommerce={}))


def vendor(reports: list[dict[str, Any]] = REPORTS, size: int = 10) -> Vendor:
    def answer(question: Question) -> Reply:
        assert (question.method, question.path) == ("GET", "/3.0/reports")
        kind, _, pair = question.headers["authorization"].partition(" ")
        assert (kind, pair) == ("Basic", b64encode(f"kpi:{KEY}".encode()).decode())
        asked = question.query["fields"].split(",")
        assert {"total_items", "reports.opens.unique_opens", "reports.ecommerce.total_revenue"} <= set(asked)
        assert question.query["count"] == "1000"
        start = int(question.query["offset"])
        since = datetime.fromisoformat(question.query["since_send_time"])
        found = [entry for entry in reports if datetime.fromisoformat(entry["send_time"]) >= since]
        return Reply({"reports": found[start : start + size], "total_items": len(found)})

    return answer


YAML = {"account_id": "u1", "time_zone": "Europe/Berlin"}
API = PulledApi("mailchimp_api", vendor, {"api_key": KEY}, YAML, date(2026, 9, 1), date(2026, 11, 19))


def test_every_campaign_becomes_a_mailing(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert len(found.only) == 25
    assert sum(row["revenue"] or 0 for row in found.only) == Decimal("10.5") * 300  # 1 + … + 24
    row = next(row for row in found.only if row["campaign_id"] == "c002")
    assert (row["recipients"], row["delivered"], row["bounces_hard"], row["bounces_soft"]) == (1000, 986, 5, 7)
    assert (row["opens_total"], row["opens_unique"], row["clicks_total"], row["clicks_unique"]) == (700, 400, 90, 60)
    assert (row["unsubscribes"], row["complaints"], row["orders"], row["currency"]) == (4, 1, 2, "EUR")
    assert (row["list_id"], row["list_name"], row["title"]) == ("l1", "All", "News 2")
    assert (row["day"], row["sent_at"]) == (date(2026, 10, 5), datetime(2026, 10, 5, 7, 30))


def test_a_campaign_at_midnight_without_a_shop(tmp_path: Path) -> None:
    row = next(row for row in API.rows(tmp_path).only if row["campaign_id"] == "c025")
    assert row["day"] == date(2026, 11, 1)
    assert (row["orders"], row["revenue"]) == (None, None)
    assert row["subject"] == "Ask [e-mail]"


@pytest.mark.parametrize(
    ("starts_on", "first_day", "since"),
    [
        (date(2026, 1, 1), date(2026, 11, 17), "2026-08-20"),  # 90 days before the last one, and one for the zone
        (date(2026, 10, 1), date(2026, 11, 17), "2026-09-30"),
        (date(2026, 1, 1), date(2026, 1, 1), "2025-12-31"),
    ],
)
def test_campaigns_of_ninety_days_are_asked_for_again(
    starts_on: date, first_day: date, since: str, tmp_path: Path
) -> None:
    since_then = PulledApi(API.system, vendor, API.secrets, YAML, starts_on, API.last_day)
    with ApiServer(vendor()) as server:
        list(mailchimp_api.pull(replace(since_then.request(server.url, FakeTime()), first_day=first_day)))
    assert server.questions[0].query["since_send_time"] == f"{since}T00:00:00+00:00"


def test_an_account_that_has_sent_nothing(tmp_path: Path) -> None:
    assert API.rows(tmp_path, vendor([])).only == []


def test_a_campaign_that_is_sent_meanwhile_is_noticed(tmp_path: Path) -> None:
    asked: list[Question] = []

    def shifting(question: Question) -> Reply:
        asked.append(question)
        return vendor(REPORTS if len(asked) == 1 else [report(99), *REPORTS])(question)

    refused = API.refusal(tmp_path, shifting)
    assert refused.found == "26 campaigns, 10 of them from the number 11 on"
    assert refused.expected == "as many as the first page says"


def test_pages_that_end_too_early_are_noticed(tmp_path: Path) -> None:
    def ending(question: Question) -> Reply:
        reply = vendor()(question)
        return Reply(reply.body | {"reports": []}) if question.query["offset"] == "20" else reply

    assert API.refusal(tmp_path, ending).found == "25 campaigns, 0 of them from the number 21 on"


def test_a_page_that_comes_twice_is_refused(tmp_path: Path) -> None:
    standing = Reply({"reports": [report(1)], "total_items": 9})
    assert API.refusal(tmp_path, lambda question: standing).found == "the same page a second time"


def test_endless_pages_are_refused(tmp_path: Path) -> None:
    def endless(question: Question) -> Reply:
        return Reply({"reports": [report(int(question.query["offset"]))], "total_items": 100_000})

    assert API.refusal(tmp_path, endless).found == "more than 200 pages"


def test_a_campaign_that_comes_on_two_pages_counts_once(tmp_path: Path) -> None:
    twice = [*REPORTS[:10], REPORTS[9], *REPORTS[10:]]
    assert len(API.rows(tmp_path, vendor(twice)).only) == 25


def test_too_many_connections_are_tried_again(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        problem = {"type": "about:blank", "title": "Too Many Requests", "status": 429, "detail": "limit of 10"}
        return Reply(problem, 429) if len(asked) == 1 else vendor()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [1.0]


def test_retry_after_is_honoured(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        return Reply({}, 503, {"Retry-After": "40"}) if len(asked) == 1 else vendor()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [40.0]


def test_a_key_that_is_not_accepted_is_refused_and_not_shown(tmp_path: Path) -> None:
    pair = b64encode(f"kpi:{KEY}".encode()).decode()
    problem = {"type": "x", "title": "API Key Invalid", "status": 401, "detail": f"Your key {KEY} ({pair}) is wrong."}
    refused = API.refusal(tmp_path, lambda question: Reply(problem, 401))
    assert "API Key Invalid Your key *** (***) is wrong." in refused.found
    assert KEY not in str(refused)
    assert pair not in str(refused)


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    assert API.refusal(tmp_path, lambda question: Reply({"reports": []})).found == "an answer without 'total_items'"
    without = report(1)
    del without["opens"]
    assert API.refusal(tmp_path, vendor([without])).found == "an answer without 'opens'"


def test_the_key_names_the_address() -> None:
    request = API.request("", FakeTime())
    assert mailchimp_api.data_centre(request, KEY) == "https://us6.api.mailchimp.com"
    with pytest.raises(ConfigurationError, match="is missing, and the key does not end with"):
        mailchimp_api.data_centre(request, "0123456789abcdef")


def test_sales_of_unknown_currency_are_refused(tmp_path: Path) -> None:
    shop = {"total_orders": 1, "total_revenue": 12, "currency_code": None}
    with pytest.raises(Exception, match="an amount whose currency is known"):
        API.rows(tmp_path, vendor([report(1, ecommerce=shop)]))


def test_a_campaign_without_a_time_is_noted_and_left_out(tmp_path: Path) -> None:
    timeless = Reply({"reports": [report(1), report(2) | {"send_time": ""}], "total_items": 2})
    found = API.rows(tmp_path, lambda question: timeless)
    assert found.column("campaign_id") == ["c001"]
    assert [(note.kind, note.found) for note in found.prepared.notes] == [("campaign_without_time", "c002")]


def test_growing_figures_stand_after_the_next_pull(tmp_path: Path) -> None:
    grown = report(1, opens={"opens_total": 900, "unique_opens": 450})
    (row,) = API.rows(tmp_path, vendor([grown])).only
    assert (row["opens_total"], row["opens_unique"]) == (900, 450)


def test_the_time_zone_is_needed() -> None:
    source = API.source("https://us6.api.mailchimp.com").model_copy(update={"time_zone": None})
    with pytest.raises(ConfigurationError, match="time_zone: needed"):
        build_contract("shop", source)


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
