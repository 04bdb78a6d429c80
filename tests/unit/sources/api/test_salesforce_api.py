import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor, page_of
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules

WON = {"StageName": "Signed", "IsClosed": True, "IsWon": True}


def opportunity(number: int, modified: str = "2026-10-05T10:11:12.000+0000", **other: Any) -> dict[str, Any]:
    known = {"Id": f"006A0000000000{number:04}", "Name": f"Deal {number}", "StageName": "Proposal", "Amount": 1500.5}
    known |= {"CurrencyIsoCode": "EUR", "CreatedDate": "2026-10-01T22:30:00.000+0000", "CloseDate": "2026-12-31"}
    known |= {"IsClosed": False, "IsWon": False, "Type": "New Business", "SystemModstamp": modified}
    return known | other


OPPORTUNITIES = [
    *(opportunity(number) for number in range(1, 24)),
    opportunity(24, **WON, CloseDate="2026-10-20", Amount=12500000.0, CurrencyIsoCode="USD", Type="Renewal 2026"),
    opportunity(25, StageName="No budget", IsClosed=True, CloseDate="2026-10-21", Amount=None, Type=None),
]


def errors(code: str, message: str, status: int) -> Reply:
    return Reply([{"errorCode": code, "message": message}], status)


def vendor(records: list[dict[str, Any]] = OPPORTUNITIES, has_currencies: bool = True) -> Vendor:
    given: list[str] = []

    def answer(question: Question) -> Reply:
        if question.path == "/services/oauth2/token":
            assert question.method == "POST"
            assert question.body == {
                "grant_type": "client_credentials", "client_id": "the-app", "client_secret": "sf-secret",
            }  # fmt: skip
            given.append(f"00D-token-{len(given)}")
            return Reply({"access_token": given[-1], "token_type": "Bearer", "instance_url": "https://x.example"})
        assert question.headers["authorization"] == f"Bearer {given[-1]}"
        if question.path == "/services/data/v62.0/query":
            selected = re.fullmatch(
                r"SELECT (.+) FROM Opportunity WHERE SystemModstamp >= (\S+) ORDER BY SystemModstamp",
                question.query["q"],
            )
            assert selected
            assert datetime.fromisoformat(selected[2])
            if "CurrencyIsoCode" in selected[1] and not has_currencies:
                return errors("INVALID_FIELD", "No such column 'CurrencyIsoCode' on entity 'Opportunity'.", 400)
            return page(0, selected[1].split(", "))
        start, _, names = question.path.removeprefix("/services/data/v62.0/query/01g-").partition("-")
        return page(int(start), names.split(","))

    def page(start: int, names: list[str]) -> Reply:
        rows = [{name: row[name] for name in names} for row in page_of(records, start // 10, 10)]
        rows = [{"attributes": {"type": "Opportunity", "url": "/x"}} | row for row in rows]
        following = f"/services/data/v62.0/query/01g-{start + 10}-{','.join(names)}"
        done = start + 10 >= len(records)
        more = {} if done else {"nextRecordsUrl": following}
        return Reply({"totalSize": len(records), "done": done, "records": rows} | more)

    return answer


SECRETS = {"client_id": "the-app", "client_secret": "sf-secret"}
YAML = {"time_zone": "Europe/Berlin", "account_id": "00D1"}
API = PulledApi("salesforce_api", vendor, SECRETS, YAML, date(2026, 10, 1), date(2026, 11, 19))


def test_every_opportunity_becomes_a_deal(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    assert len(found.only) == 25
    assert sum(row["amount"] or 0 for row in found.only) == 23 * Decimal("1500.5") + 12_500_000
    rows = {row["deal_id"][-2:]: row for row in found.only}
    opened, won, lost = rows["01"], rows["24"], rows["25"]
    assert (opened["day"], opened["created_at"]) == (date(2026, 10, 2), datetime(2026, 10, 1, 22, 30))
    assert (opened["is_closed"], opened["closed_at"], opened["closed_day"]) == (False, None, None)
    # A day without a time begins at midnight in Berlin, which is 22:00 UTC in summer.
    assert (won["closed_day"], won["closed_at"]) == (date(2026, 10, 20), datetime(2026, 10, 19, 22))
    assert (won["is_won"], won["amount"], won["currency"], won["is_renewal"]) == (True, 12_500_000, "USD", True)
    assert (opened["is_renewal"], lost["is_renewal"], lost["is_won"], lost["amount"]) == (False, None, False, None)
    assert won["updated_at"] == datetime(2026, 10, 5, 10, 11, 12)


def test_a_company_with_one_currency_does_not_have_the_field(tmp_path: Path) -> None:
    single = PulledApi(API.system, vendor, SECRETS, YAML | {"currency": "CHF"}, API.first_day, API.last_day)
    found = single.rows(tmp_path, vendor(has_currencies=False))
    assert len(found.only) == 25
    assert set(found.column("currency")) == {"CHF"}


def test_without_a_declared_currency_the_amounts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="an amount whose currency is known"):
        API.rows(tmp_path, vendor(has_currencies=False))


def test_only_changes_are_asked_for(tmp_path: Path) -> None:
    since = datetime(2026, 11, 18, 5, 50, 9, 123_456, tzinfo=UTC)
    changes = PulledApi(API.system, vendor, SECRETS, YAML, API.first_day, API.last_day, changed_since=since)
    with ApiServer(vendor()) as server:
        changes.rows_from(server, tmp_path)
    assert "WHERE SystemModstamp >= 2026-11-18T05:50:09Z ORDER" in server.questions[1].query["q"]


def test_an_expired_token_is_renewed_once(tmp_path: Path) -> None:
    found = API.rows(tmp_path, q2="expired token")
    assert len(found.only) == 25


def test_a_token_that_expires_again_is_refused(tmp_path: Path) -> None:
    refused = API.refusal(tmp_path, vendor(), {1: "expired token", 3: "expired token"})
    assert refused.found.startswith("HTTP 401: the token has expired")


def test_an_access_token_may_be_given(tmp_path: Path) -> None:
    secrets = {"access_token": "given-token"}
    given = PulledApi(API.system, vendor, secrets, YAML, API.first_day, API.last_day)

    def answer(question: Question) -> Reply:
        assert question.headers["authorization"] == "Bearer given-token"
        return Reply({"totalSize": 0, "done": True, "records": []})

    assert given.rows(tmp_path, answer).only == []


def test_the_requests_of_the_day_are_used_up(tmp_path: Path) -> None:
    asked = []

    def exhausted(question: Question) -> Reply:
        if question.method == "POST":
            return vendor()(question)
        asked.append(question)
        return errors("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded for sf-secret.", 403)

    refused = API.refusal(tmp_path, exhausted)
    assert refused.found.startswith("REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded for ***.")
    assert len(asked) == 1


def test_another_error_is_refused_with_what_salesforce_says(tmp_path: Path) -> None:
    def broken(question: Question) -> Reply:
        if question.method == "POST":
            return vendor()(question)
        return errors("INVALID_FIELD", "No such column 'IsWon' on entity 'Opportunity'.", 400)

    assert "No such column 'IsWon'" in API.refusal(tmp_path, broken).found


def test_a_busy_server_is_asked_again_when_it_says(tmp_path: Path) -> None:
    waiting, asked, answer = FakeTime(), [], vendor()

    def busy(question: Question) -> Reply:
        asked.append(question)
        return Reply([], 503, {"Retry-After": "12"}) if len(asked) == 2 else answer(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [12.0]


@pytest.mark.parametrize("total", [24, 26])
def test_a_number_that_does_not_fit_is_refused(total: int, tmp_path: Path) -> None:
    answer = vendor()

    def shifting(question: Question) -> Reply:
        reply = answer(question)
        if "totalSize" in reply.body:
            reply.body["totalSize"] = total
        return reply

    refused = API.refusal(tmp_path, shifting)
    assert (refused.found, refused.expected) == ("25 opportunities", f"{total}, as the first page says")


def test_a_link_to_another_server_is_refused(tmp_path: Path) -> None:
    answer = vendor()

    def leading_away(question: Question) -> Reply:
        reply = answer(question)
        if "nextRecordsUrl" in reply.body:
            reply.body["nextRecordsUrl"] = "https://elsewhere.example/query/1"
        return reply

    assert API.refusal(tmp_path, leading_away).found == "a link to elsewhere.example"


def test_a_page_that_comes_twice_is_refused(tmp_path: Path) -> None:
    def circling(question: Question) -> Reply:
        if question.method == "POST":
            return vendor()(question)
        more = {"nextRecordsUrl": "/services/data/v62.0/query/01g-1"}
        return Reply({"totalSize": 2, "done": False, "records": [opportunity(1)]} | more)

    assert API.refusal(tmp_path, circling).found == "the same page a second time"


def test_endless_pages_are_refused(tmp_path: Path) -> None:
    asked = []

    def endless(question: Question) -> Reply:
        if question.method == "POST":
            return vendor()(question)
        asked.append(question)
        more = {"nextRecordsUrl": f"/services/data/v62.0/query/01g-{len(asked)}"}
        return Reply({"totalSize": 2, "done": False, "records": [opportunity(len(asked))]} | more)

    assert API.refusal(tmp_path, endless).found == "more than 200 pages"


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    def other(question: Question) -> Reply:
        return vendor()(question) if question.method == "POST" else Reply({"records": []})

    assert API.refusal(tmp_path, other).found == "an answer without 'totalSize'"


def test_the_newest_state_stands(tmp_path: Path) -> None:
    twice = [opportunity(1, "2026-10-09T00:00:00.000+0000", **WON), opportunity(1)]
    (row,) = API.rows(tmp_path, vendor(twice)).only
    assert (row["stage"], row["is_won"]) == ("Signed", True)


def test_no_change_brings_no_rows(tmp_path: Path) -> None:
    assert API.rows(tmp_path, vendor([])).only == []


def test_the_address_is_needed() -> None:
    source = API.source("https://x.example")
    assert source.pull
    homeless = API.request("", FakeTime())
    with pytest.raises(ConfigurationError, match="another address for every customer"):
        homeless.client()
    with pytest.raises(ConfigurationError, match="time_zone: needed"):
        build_contract("shop", source.model_copy(update={"time_zone": None}))


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
