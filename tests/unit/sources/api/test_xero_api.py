from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.api.access_token import Grant
from kpi_pipeline.sources.systems import xero_api
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules
from tests.unit.sources.read_files import contract

FIRST, LAST = date(2026, 9, 20), date(2026, 11, 19)
TENANT = "45e4708e-d862-4111-ab3a-dd8cd03913e1"
YAML = {"account_id": TENANT, "currency": "GBP", "restates_days": 60}
Entry = dict[str, Any]


def account(name: str, amount: str, identifier: str = "") -> Entry:
    mark = [{"Value": identifier or f"id-{name.lower()}", "Id": "account"}]
    return {"RowType": "Row", "Cells": [{"Value": name, "Attributes": mark}, {"Value": amount, "Attributes": mark}]}


def section(title: str, total: str, *rows: Entry) -> Entry:
    name = title.replace("Less ", "").replace("Plus ", "").strip()
    summary = {"RowType": "SummaryRow", "Cells": [{"Value": f"Total {name}"}, {"Value": total}]}
    return {"RowType": "Section", "Title": title, "Rows": [*rows, summary]}


def computed(name: str, amount: str, **other: Any) -> Entry:
    row = {"RowType": "Row", "Cells": [{"Value": name}, {"Value": amount}]}
    return {"RowType": "Section", **other, "Rows": [row]}


def report(month: int, advertising: str = "40.00") -> Entry:
    """Return one month of a shop that sells for as many hundreds as the month's number."""
    sales, spent = Decimal(month) * 100, Decimal(advertising) + Decimal("15.25")
    gross = sales - 5 - 30
    rows = [
        {"RowType": "Header", "Cells": [{"Value": ""}, {"Value": f"30 {month} 26"}]},
        section(" Income", f"{sales - 5:.2f}", account("Sales", f"{sales:.2f}"), account("Refunds", "-5.00")),
        section("Less Cost of Sales", "30.00", account("Goods", "30.00")),
        computed("Gross Profit", f"{gross:.2f}", Title=""),
        section("Plus Other Income", "2.00", account("Currency Gains", "2.00", "FXGROUPID")),
        section(
            "Less Operating Expenses", f"{spent:.2f}", account("Advertising", advertising), account("Rent", "15.25")
        ),
        computed("NET PROFIT", f"{gross + 2 - spent:.2f}"),
    ]
    titles = ["Profit & Loss", "Lamps Ltd", "for the month"]
    head = {"ReportID": "ProfitAndLoss", "ReportName": "Profit and Loss", "ReportType": "ProfitAndLoss"}
    head |= {"ReportTitles": titles, "ReportDate": "20 November 2026", "UpdatedDateUTC": "/Date(1795132800000)/"}
    return {"Id": "1", "Status": "OK", "DateTimeUTC": "/Date(1795132800000)/", "Reports": [{**head, "Rows": rows}]}


def vendor_of(change: Callable[[Entry], None] = lambda _report: None, advertising: str = "40.00") -> Vendor:
    def answer(question: Question) -> Reply:
        assert (question.method, question.path) == ("GET", "/api.xro/2.0/Reports/ProfitAndLoss")
        assert question.headers["authorization"] == "Bearer xero-access"
        assert question.headers["xero-tenant-id"] == TENANT
        assert question.query["standardLayout"] == "true"
        first, last = (date.fromisoformat(question.query[key]) for key in ("fromDate", "toDate"))
        assert (first.day, first.month) == (1, last.month)
        body = report(first.month, advertising)
        change(body["Reports"][0])
        return Reply(body)

    return answer


API = PulledApi("xero_api", vendor_of, {"access_token": "xero-access"}, YAML, FIRST, LAST)


def test_every_account_and_month_becomes_an_entry(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    rows = {(row["account_name"], row["period_start"].month): row for row in found.only}
    assert len(rows) == 3 * 6
    sales = rows["Sales", 10]
    assert (sales["period_start"], sales["period_end"], sales["day"], sales["amount"]) == (
        date(2026, 10, 1), date(2026, 10, 31), date(2026, 10, 1), 1000,
    )  # fmt: skip
    assert (sales["account_code"], sales["section"], sales["currency"], sales["basis"], sales["account_id"]) == (
        "id-sales", "revenue", "GBP", "accrual", TENANT,
    )  # fmt: skip
    assert {name: row["section"] for (name, month), row in rows.items() if month == 11} == {
        "Sales": "revenue",
        "Refunds": "revenue",
        "Goods": "cogs",
        "Currency Gains": "other_income",
        "Advertising": "opex",
        "Rent": "opex",
    }
    assert rows["Currency Gains", 11]["account_code"] == "FXGROUPID"
    assert rows["Sales", 11]["period_end"] == LAST


def test_months_are_asked_for_one_by_one_and_replaced_as_a_whole(tmp_path: Path) -> None:
    with ApiServer(vendor_of()) as server:
        found = API.rows_from(server, tmp_path)
        asked = [(question.query["fromDate"], question.query["toDate"]) for question in server.questions]
    assert asked == [("2026-09-01", "2026-09-30"), ("2026-10-01", "2026-10-31"), ("2026-11-01", "2026-11-19")]
    assert found.prepared.stated_range == (date(2026, 9, 1), LAST)


def test_the_stated_totals_are_control_totals(tmp_path: Path) -> None:
    # 900 + 1000 + 1100 - 3 * 5 sold; 3 * 30 for goods; 3 * 2 of other income; 3 * 55.25 of expenses
    assert API.rows(tmp_path).prepared.control_totals == {"amount": Decimal("3246.75")}


def test_purposes_and_cash_basis_are_options(tmp_path: Path) -> None:
    options = {"basis": "cash", "acquisition_accounts": "advertising"}
    with ApiServer(vendor_of()) as server:
        rows = replace(API, yaml=YAML | {"options": options}).rows_from(server, tmp_path).only
        assert {question.query["paymentsOnly"] for question in server.questions} == {"true"}
    assert {(row["account_name"], row["purpose"]) for row in rows if row["purpose"]} == {("Advertising", "acquisition")}
    assert {row["basis"] for row in rows} == {"cash"}


def test_a_corrected_month_is_read_as_it_stands_now(tmp_path: Path) -> None:
    rows = API.rows(tmp_path, vendor=vendor_of(advertising="60.00")).only
    assert {row["amount"] for row in rows if row["account_name"] == "Advertising"} == {60}


def test_a_section_of_another_title_is_declared(tmp_path: Path) -> None:
    def rename(body: Entry) -> None:
        body["Rows"][1]["Title"] = "Turnover"

    refused = API.refusal(tmp_path, vendor_of(rename))
    assert refused.found == "the section 'Turnover'"
    assert "options: {sections: [Turnover = revenue]}" in refused.advice
    declared = replace(API, yaml=YAML | {"options": {"sections": "Turnover = revenue"}})
    assert sum(row["section"] == "revenue" for row in declared.rows(tmp_path, vendor=vendor_of(rename)).only) == 6


def lose_an_account(body: Entry) -> None:
    del body["Rows"][1]["Rows"][0]


def lose_a_section(body: Entry) -> None:
    del body["Rows"][2]


def lose_a_total(body: Entry) -> None:
    body["Rows"][5]["Rows"].pop()


def add_a_period(body: Entry) -> None:
    body["Rows"][1]["Rows"][0]["Cells"].append({"Value": "1.00"})


def leave_an_account_outside(body: Entry) -> None:
    body["Rows"][3]["Rows"].append(account("Rounding", "0.01"))


def nest_a_section(body: Entry) -> None:
    body["Rows"][1]["Rows"].append({"RowType": "Section", "Cells": [{"Value": "More"}, {}]})


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lose_an_account, "'Total Income' of 895.00 in 2026-09"),
        (lose_a_section, "'Gross Profit' of 865.00 in 2026-09"),
        (lose_a_total, "the section 'Less Operating Expenses' without a total"),
        (add_a_period, "'Sales' with 2 amounts"),
        (leave_an_account_outside, "the account 'Rounding' outside of all sections"),
        (nest_a_section, "a Section 'More' in 'Income'"),
    ],
)
def test_a_report_that_does_not_add_up_is_refused(tmp_path: Path, change: Callable[[Entry], None], found: str) -> None:
    assert API.refusal(tmp_path, vendor_of(change)).found == found


def test_a_report_without_any_account_has_no_rows(tmp_path: Path) -> None:
    def empty(body: Entry) -> None:
        body["Rows"] = [body["Rows"][0], computed("Net Profit", "0.00", Title="")]

    assert API.rows(tmp_path, vendor=vendor_of(empty)).only == []


def test_the_limit_of_a_minute_passes_and_that_of_a_day_does_not(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        problem = {"X-Rate-Limit-Problem": "minute", "Retry-After": "23"}
        return Reply({}, 429, problem) if len(asked) == 1 else vendor_of()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [23.0]
    used_up = Reply({}, 429, {"X-Rate-Limit-Problem": "day", "Retry-After": "40000"})
    assert "no more questions today" in API.refusal(tmp_path, lambda _question: used_up).advice


def test_an_expired_token_is_refused_where_nothing_can_be_renewed(tmp_path: Path) -> None:
    body = {"Title": "Unauthorized", "Detail": "TokenExpired", "detail": "xero-access expired"}
    refused = API.refusal(tmp_path, lambda _question: Reply(body, 401))
    assert refused.found == "HTTP 401: *** expired (GET 127.0.0.1/api.xro/2.0/Reports/ProfitAndLoss)"
    assert "accounting.reports.read" in refused.advice


def test_a_client_gets_its_token_and_once_more_when_it_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []

    def vendor(question: Question) -> Reply:
        if question.path == "/connect/token":
            assert question.headers["authorization"] == "Basic YXBwOmFwcC1zZWNyZXQ="  # app:app-secret
            assert question.body == {"grant_type": "client_credentials", "scope": "accounting.reports.read"}
            given.append(f"given-{len(given)}")
            return Reply({"access_token": given[-1], "expires_in": 1800, "token_type": "Bearer"})
        if question.headers["authorization"] != "Bearer given-1":
            return Reply({"Title": "Unauthorized"}, 401)
        return vendor_of()(replace(question, headers={**question.headers, "authorization": "Bearer xero-access"}))

    with ApiServer(vendor) as server:
        grant = Grant(f"{server.url}/connect/token", "client_credentials", scope="accounting.reports.read")
        monkeypatch.setattr(xero_api, "GRANT", grant)
        found = replace(API, secrets={"client_id": "app", "client_secret": "app-secret"}).rows_from(server, tmp_path)
    assert len(found.only) == 18
    assert given == ["given-0", "given-1"]


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    assert API.refusal(tmp_path, lambda _question: Reply({})).found == "an answer without 'Reports'"
    assert API.refusal(tmp_path, lambda _question: Reply({"Reports": []})).found == "an answer of an unknown shape"


def test_the_currency_must_be_declared() -> None:
    with pytest.raises(ConfigurationError, match="currency: is missing"):
        contract("xero_api", account_id=TENANT)


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
