"""Xero: the profit and loss report from the API.

Here: one question per month, since a report over several months counts them from its end. The months of the window are
replaced as a whole. The export of the same report belongs to ``xero_profit_and_loss``; the options are the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.access_token import Grant, use_access_token
from kpi_pipeline.sources.api.pages import Page
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, Verdict, vendor_message
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.layouts.profit_and_loss import SECTIONS
from kpi_pipeline.sources.layouts.statement_answers import (
    GROSS_PROFIT,
    NET_INCOME,
    Statement,
    declared_roles,
    months,
    rewrite_statements,
    statement_contract,
)

API = ApiFacts(
    version="2.0",
    sunset=None,
    endpoint="https://api.xero.com",
    secrets=(),
    asks_for="days",
    optional_secrets=("access_token", "client_id", "client_secret"),
)
GRANT = Grant("https://identity.xero.com/connect/token", "client_credentials", scope="accounting.reports.read")
_TITLES = {
    "income": "revenue",
    "revenue": "revenue",
    "trading income": "revenue",
    "cost of sales": "cogs",
    "cost of goods sold": "cogs",
    "operating expenses": "opex",
    "expenses": "opex",
    "other income": "other_income",
    "other expenses": "other_expense",
}
_COMPUTED = {"gross profit": GROSS_PROFIT, "net profit": NET_INCOME}


def build(name: str, source: Source) -> Contract:
    """Make the contract of an organisation's answers."""
    return statement_contract(name, source)


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the report of every month."""
    client = request.client(
        path=f"/api.xro/{request.version}", headers={"Xero-Tenant-Id": request.source.account_id}, judge=_judge
    )
    use_access_token(client, request, GRANT, lambda token: {"Authorization": f"Bearer {token}"})
    basis = request.option("basis", "accrual")
    for first, last in months(request.first_day, request.last_day):
        question = {
            "fromDate": str(first),
            "toDate": str(last),
            "standardLayout": "true",
            "paymentsOnly": str(basis == "cash").lower(),
        }
        answer = client.get("/Reports/ProfitAndLoss", question)
        yield Page({"first_day": str(first), "last_day": str(last), "basis": basis}, answer.content.decode())


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per account and month."""
    return rewrite_statements(file, _read)


def _read(file: FileToRewrite, page: Page) -> Statement:
    period = (date.fromisoformat(page.about["first_day"]), date.fromisoformat(page.about["last_day"]))
    statement, roles = Statement(file.file_name, (period,), page.about["basis"]), declared_roles(file.contract)
    (report,) = page.body["Reports"]
    for section in report["Rows"]:
        if section["RowType"] == "Header":
            continue
        # Computed rows stand in sections without a title.
        title = " ".join(section.get("Title", "").split())
        role = roles.get(comparable(title)) or _TITLES.get(_plain(title), "")
        if role in SECTIONS:
            _read_section(statement, role, title, section["Rows"])
        elif title and role != "computed":
            raise statement.refuse(
                f"the section {title!r}",
                "a section such as Income or Less Operating Expenses",
                "Say what it is: options: {sections: [Turnover = revenue]}, or computed.",
            )
        else:
            for row in section["Rows"]:
                _compare_computed(statement, row)
    return statement


def _read_section(statement: Statement, section: str, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    sums, is_closed = statement.nothing, False
    for row in rows:
        label, amounts = _cells(row)
        if row["RowType"] == "SummaryRow":
            statement.close(section, label, sums, amounts)
            is_closed = True
        elif row["RowType"] == "Row" and not is_closed:
            sums += statement.book(section, (label,), _account(row), amounts)
        else:
            raise statement.refuse(f"a {row['RowType']} {label!r} in {title!r}", "accounts and their total")
    if not is_closed:
        raise statement.refuse(f"the section {title!r} without a total", "accounts and their total")


def _compare_computed(statement: Statement, row: Mapping[str, Any]) -> None:
    label, amounts = _cells(row)
    if _account(row):
        raise statement.refuse(f"the account {label!r} outside of all sections", "accounts in sections")
    if formula := _COMPUTED.get(comparable(label)):
        statement.compare_computed(label, formula, amounts)


def _cells(row: Mapping[str, Any]) -> tuple[str, list[str]]:
    # An empty cell has no value.
    label, *amounts = (cell.get("Value", "") for cell in row["Cells"])
    return label, amounts


def _account(row: Mapping[str, Any]) -> str | None:
    marks = {mark["Id"]: mark["Value"] for mark in row["Cells"][0].get("Attributes") or ()}
    return marks.get("account")


def _plain(title: str) -> str:
    return comparable(title).removeprefix("less ").removeprefix("plus ")


def _judge(answer: Answer) -> Verdict:
    found = f"HTTP {answer.status}{vendor_message(answer)}"
    if answer.status == 429 and answer.headers.get("x-rate-limit-problem") == "day":
        return GiveUp(found, "Xero answers no more questions today; the next run tries again.")
    if answer.status in (401, 403):
        return GiveUp(found, "The app needs the scope accounting.reports.read; account_id is the tenant's id.")
    return None
