from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.api.access_token import Grant
from kpi_pipeline.sources.layouts.statement_answers import months
from kpi_pipeline.sources.systems import quickbooks_api
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, Vendor
from tests.unit.sources.api.instants import FakeTime
from tests.unit.sources.api.pulled import PulledApi, survive_fault_schedules

FIRST, LAST = date(2026, 9, 20), date(2026, 11, 19)
Entry = dict[str, Any]
Amounts = list[Decimal | None]


def cells(name: str, amounts: Amounts, identifier: str | None = None) -> list[Entry]:
    total = sum(amount or 0 for amount in amounts)
    texts = ["" if amount is None else f"{amount:.2f}" for amount in (*amounts, Decimal(total))]
    return [{"value": name} | ({"id": identifier} if identifier else {}), *({"value": text} for text in texts)]


def added(rows: list[Amounts], width: int) -> Amounts:
    return [sum((row[column] or Decimal(0) for row in rows), Decimal(0)) for column in range(width)]


class Books:
    """The accounts of a company, which answer for the months that they are asked for."""

    def __init__(self, monthly: str = "100.00") -> None:
        self.monthly = Decimal(monthly)

    def account(self, name: str, identifier: str | None, amounts: Amounts) -> tuple[Entry, Amounts]:
        return {"ColData": cells(name, amounts, identifier), "type": "Data"}, amounts

    def group(self, name: str, own: Amounts, rows: list[tuple[Entry, Amounts]], **other: Any) -> tuple[Entry, Amounts]:
        sums = added([own, *(amounts for _, amounts in rows)], len(own))
        entry: Entry = {"Header": {"ColData": cells(name, own, other.pop("id", None))}}
        entry |= {"Rows": {"Row": [row for row, _ in rows]}} if rows else {}
        return entry | {"Summary": {"ColData": cells(f"Total {name}", sums)}, "type": "Section"} | other, sums

    def computed(self, name: str, group: str, amounts: Amounts) -> Entry:
        return {"Summary": {"ColData": cells(name, amounts)}, "type": "Section", "group": group}

    def report(self, first: date, last: date, basis: str) -> Entry:
        asked = list(months(first, last))
        width, one = len(asked), self.monthly
        nothing: Amounts = [None] * width
        each: Amounts = [one + index for index in range(width)]
        lamps, own = self.account("Lamps", "4", each), self.account("Returns", "5", [Decimal("-10.50")] * width)
        income, revenue = self.group("Income", nothing, [lamps, own], group="Income")
        goods, cogs = self.group(
            "Cost of Goods Sold", nothing, [self.account("Goods", "80", [Decimal(30)] * width)], group="COGS"
        )
        fuel = self.account("Fuel", "56", [Decimal(5), *nothing[1:]])
        car = self.group("Automobile", [Decimal(2)] * width, [fuel], id="55")
        expenses, opex = self.group(
            "Expenses", nothing, [self.account("Advertising", "7", [Decimal(20)] * width), car], group="Expenses"
        )
        other, other_expense = self.group(
            "Other Expenses", nothing, [self.account("Interest", None, [Decimal(1)] * width)], group="OtherExpenses"
        )
        gross = added([revenue, [-(amount or 0) for amount in cogs]], width)
        operating = added([gross, [-(amount or 0) for amount in opex]], width)
        net_other: Amounts = [-(amount or 0) for amount in other_expense]
        rows = [
            income,
            goods,
            self.computed("Gross Profit", "GrossProfit", gross),
            expenses,
            self.computed("Net Operating Income", "NetOperatingIncome", operating),
            other,
            self.computed("Net Other Income", "NetOtherIncome", net_other),
            self.computed("Net Income", "NetIncome", added([operating, net_other], width)),
        ]
        return {"Header": self.head(first, last, basis), "Columns": self.columns(asked), "Rows": {"Row": rows}}

    def head(self, first: date, last: date, basis: str) -> Entry:
        head = {"ReportName": "ProfitAndLoss", "ReportBasis": basis, "StartPeriod": str(first), "EndPeriod": str(last)}
        options = [{"Name": "AccountingStandard", "Value": "GAAP"}, {"Name": "NoReportData", "Value": "false"}]
        return head | {"SummarizeColumnsBy": "Month", "Currency": "USD", "Option": options}

    def columns(self, asked: list[tuple[date, date]]) -> Entry:
        named = [{"ColTitle": "", "ColType": "Account", "MetaData": [{"Name": "ColKey", "Value": "account"}]}]
        for first, last in asked:
            dates = [{"Name": "StartDate", "Value": str(first)}, {"Name": "EndDate", "Value": str(last)}]
            named.append({"ColTitle": f"{first:%b %Y}", "ColType": "Money", "MetaData": dates})
        total = [{"Name": "ColKey", "Value": "total"}]
        return {"Column": [*named, {"ColTitle": "Total", "ColType": "Money", "MetaData": total}]}


def vendor_of(change: Callable[[Entry], None] = lambda _report: None, books: Books | None = None) -> Vendor:
    def answer(question: Question) -> Reply:
        assert (question.method, question.path) == ("GET", "/v3/company/9130350/reports/ProfitAndLoss")
        assert question.headers["authorization"] == "Bearer qbo-access"
        assert (question.query["summarize_column_by"], question.query["minorversion"]) == ("Month", "75")
        first, last = (date.fromisoformat(question.query[key]) for key in ("start_date", "end_date"))
        report = (books or Books()).report(first, last, question.query["accounting_method"])
        change(report)
        return Reply(report)

    return answer


YAML = {"account_id": "9130350", "currency": "USD", "restates_days": 60}
API = PulledApi("quickbooks_api", vendor_of, {"access_token": "qbo-access"}, YAML, FIRST, LAST)


def test_every_account_and_month_becomes_an_entry(tmp_path: Path) -> None:
    found = API.rows(tmp_path)
    rows = {(row["account_name"], row["period_start"].month): row for row in found.only}
    assert len(rows) == 3 * 6 + 1  # fuel in September only
    lamps = rows["Lamps", 10]
    assert (lamps["period_start"], lamps["period_end"], lamps["day"], lamps["amount"]) == (
        date(2026, 10, 1), date(2026, 10, 31), date(2026, 10, 1), Decimal("101.00"),
    )  # fmt: skip
    assert (lamps["account_code"], lamps["section"], lamps["currency"], lamps["basis"], lamps["account_id"]) == (
        "4", "revenue", "USD", "accrual", "9130350",
    )  # fmt: skip
    assert rows["Returns", 9]["amount"] == Decimal("-10.50")
    assert {row["section"] for name, row in rows.items() if name[0] in ("Goods",)} == {"cogs"}
    assert rows["Interest", 11]["section"] == "other_expense"
    assert rows["Interest", 11]["account_code"] == "name:Interest"


def test_an_account_with_accounts_in_it_has_amounts_of_its_own(tmp_path: Path) -> None:
    rows = {(row["account_name"], row["period_start"].month): row for row in API.rows(tmp_path).only}
    assert (rows["Automobile", 9]["amount"], rows["Fuel", 9]["amount"]) == (2, 5)
    assert (rows["Automobile", 9]["account_code"], rows["Fuel", 9]["account_code"]) == ("55", "56")
    costs = sum(row["amount"] for key, row in rows.items() if row["section"] == "opex" and key[1] == 9)
    assert costs == 27  # 20 + 2 + 5


def test_months_are_asked_for_and_replaced_as_a_whole(tmp_path: Path) -> None:
    with ApiServer(vendor_of()) as server:
        found = API.rows_from(server, tmp_path)
        (question,) = server.questions
    assert (question.query["start_date"], question.query["end_date"]) == ("2026-09-01", "2026-11-19")
    assert found.prepared.stated_range == (date(2026, 9, 1), LAST)
    assert {row["period_end"] for row in found.only} == {date(2026, 9, 30), date(2026, 10, 31), LAST}


def test_the_stated_totals_are_control_totals(tmp_path: Path) -> None:
    # 100 + 101 + 102 - 3 * 10.50 sold; 3 * 30 for goods; 3 * 22 + 5 of expenses; 3 * 1 of interest
    assert API.rows(tmp_path).prepared.control_totals == {"amount": Decimal("435.50")}


def test_long_histories_are_asked_for_twelve_months_at_a_time(tmp_path: Path) -> None:
    long = replace(API, first_day=date(2025, 3, 15))
    with ApiServer(vendor_of()) as server:
        found = long.rows_from(server, tmp_path)
        asked = [(question.query["start_date"], question.query["end_date"]) for question in server.questions]
    assert asked == [("2025-03-01", "2026-02-28"), ("2026-03-01", "2026-11-19")]
    assert sum(row["account_name"] == "Lamps" for row in found.only) == 12 + 9


def test_purposes_and_cash_basis_are_options(tmp_path: Path) -> None:
    options = {"basis": "cash", "acquisition_accounts": ["advertising"], "brand_accounts": ["^automobile:fuel$"]}
    rows = replace(API, yaml=YAML | {"options": options}).rows(tmp_path).only
    assert {(row["account_name"], row["purpose"]) for row in rows if row["purpose"]} == {
        ("Advertising", "acquisition"), ("Fuel", "brand"),
    }  # fmt: skip
    assert {row["basis"] for row in rows} == {"cash"}


def test_a_corrected_month_is_read_as_it_stands_now(tmp_path: Path) -> None:
    corrected = API.rows(tmp_path, vendor=vendor_of(books=Books("250.00"))).only
    assert (
        next(row["amount"] for row in corrected if row["account_name"] == "Lamps" and row["period_end"] == LAST) == 252
    )


def test_a_section_of_another_name_is_declared(tmp_path: Path) -> None:
    def rename(report: Entry) -> None:
        del report["Rows"]["Row"][0]["group"]
        report["Rows"]["Row"][0]["Header"]["ColData"][0]["value"] = "Turnover"

    refused = API.refusal(tmp_path, vendor_of(rename))
    assert refused.found == "the section 'Turnover' (without a group)"
    assert "options: {sections: [Turnover = revenue]}" in refused.advice
    declared = replace(API, yaml=YAML | {"options": {"sections": "Turnover = revenue"}})
    assert sum(row["section"] == "revenue" for row in declared.rows(tmp_path, vendor=vendor_of(rename)).only) == 6


def lose_an_account(report: Entry) -> None:
    report["Rows"]["Row"][0]["Rows"]["Row"].pop()


def lose_a_nested_account(report: Entry) -> None:
    report["Rows"]["Row"][3]["Rows"]["Row"][1]["Rows"]["Row"].pop()


def lose_a_section(report: Entry) -> None:
    del report["Rows"]["Row"][1]


def lose_a_month(report: Entry) -> None:
    del report["Columns"]["Column"][1]


def lose_a_cell(report: Entry) -> None:
    del report["Rows"]["Row"][0]["Rows"]["Row"][0]["ColData"][2:]


def spoil_an_amount(report: Entry) -> None:
    report["Rows"]["Row"][0]["Rows"]["Row"][0]["ColData"][1]["value"] = "many"


def answer_on_cash_basis(report: Entry) -> None:
    report["Header"]["ReportBasis"] = "Cash"


def answer_in_euro(report: Entry) -> None:
    report["Header"]["Currency"] = "EUR"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lose_an_account, "'Total Income' of 89.50 in 2026-09"),
        (lose_a_nested_account, "'Total Automobile' of 7.00 in 2026-09"),
        (lose_a_section, "'Gross Profit' of 59.50 in 2026-09"),
        (lose_a_month, "columns of 2026-10-01 to 2026-10-31, 2026-11-01 to 2026-11-19"),
        (lose_a_cell, "'Lamps' with 1 amounts"),
        (spoil_an_amount, "'Lamps' of many, 101.00, 102.00"),
        (answer_on_cash_basis, "a report on Cash basis"),
        (answer_in_euro, "a report in EUR"),
    ],
)
def test_a_report_that_does_not_add_up_is_refused(tmp_path: Path, change: Callable[[Entry], None], found: str) -> None:
    assert API.refusal(tmp_path, vendor_of(change)).found == found


def test_a_report_without_any_account_has_no_rows(tmp_path: Path) -> None:
    def empty(report: Entry) -> None:
        report["Header"]["Option"][1]["Value"] = "true"
        nothing = [{"value": "Total Income"}, *[{"value": ""}] * 4]
        report["Rows"]["Row"] = [
            {"Header": {"ColData": nothing}, "Summary": {"ColData": nothing}, "type": "Section", "group": "Income"},
            {"Summary": {"ColData": nothing}, "type": "Section", "group": "NetIncome"},
        ]

    assert API.rows(tmp_path, vendor=vendor_of(empty)).only == []


def test_a_single_month_may_have_no_column_but_its_sum(tmp_path: Path) -> None:
    def only_total(report: Entry) -> None:
        del report["Columns"]["Column"][1]

    short = replace(API, first_day=date(2026, 11, 2))
    rows = short.rows(tmp_path, vendor=vendor_of(only_total)).only
    assert {(row["period_start"], row["period_end"]) for row in rows} == {(date(2026, 11, 1), LAST)}


def test_a_busy_vendor_is_asked_again_after_a_minute(tmp_path: Path) -> None:
    waiting, asked = FakeTime(), []

    def busy(question: Question) -> Reply:
        asked.append(question)
        fault = {"Fault": {"Error": [{"Message": "ThrottleExceeded", "code": "003001"}], "type": "THROTTLED"}}
        if len(asked) == 1:
            return Reply(fault, 429)
        return Reply(fault, 429, {"Retry-After": "5"}) if len(asked) == 2 else vendor_of()(question)

    with ApiServer(busy) as server:
        API.pull(server.url, tmp_path / "stored.pull", waiting)
    assert waiting.waits == [60.0, 5.0]


def test_an_expired_token_is_refused_where_nothing_can_be_renewed(tmp_path: Path) -> None:
    fault = {"Fault": {"Error": [{"Message": "qbo-access", "code": "3200"}], "type": "AUTHENTICATION"}}
    refused = API.refusal(tmp_path, lambda _question: Reply(fault, 401))
    assert refused.found.startswith("HTTP 401: AUTHENTICATION 3200 (GET 127.0.0.1/v3/company/")
    assert "realm id" in refused.advice


@pytest.fixture
def refresh_token(tmp_path: Path) -> Path:
    path = tmp_path / "refresh_token"
    path.write_text("refresh-1\n")
    path.chmod(0o600)
    return path


def renewing(api: PulledApi, refresh_token: Path) -> PulledApi:
    secrets = {"client_id": "app", "client_secret": "app-secret", "refresh_token_file": str(refresh_token)}
    return replace(api, secrets=secrets)


def test_a_refresh_token_is_kept_when_the_vendor_replaces_it(
    tmp_path: Path, refresh_token: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []

    def vendor(question: Question) -> Reply:
        if question.path == "/oauth2/v1/tokens/bearer":
            assert question.headers["authorization"] == "Basic YXBwOmFwcC1zZWNyZXQ="  # app:app-secret
            assert question.body["grant_type"] == "refresh_token"
            used.append(question.body["refresh_token"])
            return Reply({"access_token": f"access-{len(used)}", "refresh_token": f"refresh-{len(used) + 1}"})
        if question.headers["authorization"] != "Bearer access-2":
            return Reply({"Fault": {"type": "AUTHENTICATION"}}, 401)
        return vendor_of()(replace(question, headers={**question.headers, "authorization": "Bearer qbo-access"}))

    with ApiServer(vendor) as server:
        monkeypatch.setattr(quickbooks_api, "GRANT", Grant(f"{server.url}/oauth2/v1/tokens/bearer", "refresh_token"))
        renewing(API, refresh_token).rows_from(server, tmp_path)
    assert used == ["refresh-1", "refresh-2"]
    assert refresh_token.read_text() == "refresh-3\n"
    assert refresh_token.stat().st_mode & 0o777 == 0o600


def test_a_refresh_token_that_is_no_longer_good_is_refused(
    tmp_path: Path, refresh_token: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ApiServer(lambda _question: Reply({"error": "invalid_grant"}, 400)) as server:
        monkeypatch.setattr(quickbooks_api, "GRANT", Grant(f"{server.url}/token", "refresh_token"))
        refused = renewing(API, refresh_token).refusal(tmp_path, server.vendor)
    assert refused.found == "HTTP 400: invalid_grant (POST 127.0.0.1/token)"
    assert refresh_token.read_text() == "refresh-1\n"


def test_a_refresh_token_that_cannot_be_kept_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"client_id": "app", "client_secret": "app-secret", "refresh_token": "refresh-1"}
    with ApiServer(vendor_of()) as server:
        monkeypatch.setattr(quickbooks_api, "GRANT", Grant(f"{server.url}/token", "refresh_token"))
        with pytest.raises(ConfigurationError, match="set KPI_SHOP_REFRESH_TOKEN_FILE"):
            replace(API, secrets=secrets).pull(server.url, tmp_path / "stored.pull")
        assert server.questions == []


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    assert API.refusal(tmp_path, lambda _question: Reply({})).found == "an answer without 'Header'"


def test_fault_schedules_change_nothing_or_fail_cleanly(tmp_path: Path) -> None:
    survive_fault_schedules(API, tmp_path)
