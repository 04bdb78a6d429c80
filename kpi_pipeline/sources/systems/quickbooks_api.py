"""QuickBooks Online: the profit and loss report from the API.

Here: the report with one column per month, and its rows that stand in each other. The months of the window are asked
for as a whole and replaced as a whole. The export of the same report belongs to ``quickbooks_profit_and_loss``; the
options are the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.access_token import Grant, use_access_token
from kpi_pipeline.sources.api.pages import Page
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, Judge, TryAgain, Verdict, retry_after, vendor_message
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.layouts.profit_and_loss import SECTIONS
from kpi_pipeline.sources.layouts.statement_answers import (
    GROSS_PROFIT,
    NET_INCOME,
    OPERATING_INCOME,
    OTHER_INCOME,
    Statement,
    Sums,
    declared_roles,
    months,
    rewrite_statements,
    statement_contract,
)

API = ApiFacts(
    version="v3",
    sunset=None,
    endpoint="https://quickbooks.api.intuit.com",
    secrets=(),
    asks_for="days",
    optional_secrets=("access_token", "client_id", "client_secret", "refresh_token"),
)
GRANT = Grant("https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer", "refresh_token")
_MINOR_VERSION = "75"
_MONTHS_PER_QUESTION = 12
_WAIT_WHEN_BUSY = 60.0
# The name of a section in the answer; its title is in the company's language.
_GROUPS = {
    "Income": "revenue",
    "COGS": "cogs",
    "Expenses": "opex",
    "OtherIncome": "other_income",
    "OtherExpenses": "other_expense",
}
_COMPUTED = {
    "GrossProfit": GROSS_PROFIT,
    "NetOperatingIncome": OPERATING_INCOME,
    "NetOtherIncome": OTHER_INCOME,
    "NetIncome": NET_INCOME,
}


def build(name: str, source: Source) -> Contract:
    """Make the contract of a company's answers."""
    return statement_contract(name, source)


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the report, twelve months at a time."""
    client = request.client(path=f"/{request.version}/company/{request.source.account_id}", judge=_judge(request))
    use_access_token(client, request, GRANT, lambda token: {"Authorization": f"Bearer {token}"})
    basis = request.option("basis", "accrual")
    asked = list(months(request.first_day, request.last_day))
    for position in range(0, len(asked), _MONTHS_PER_QUESTION):
        span = asked[position : position + _MONTHS_PER_QUESTION]
        first, last = str(span[0][0]), str(span[-1][1])
        question = {
            "start_date": first,
            "end_date": last,
            "summarize_column_by": "Month",
            "accounting_method": basis.title(),
            "minorversion": _MINOR_VERSION,
        }
        answer = client.get("/reports/ProfitAndLoss", question)
        yield Page({"first_day": first, "last_day": last, "basis": basis}, answer.content.decode())


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per account and month."""
    return rewrite_statements(file, _read)


def _read(file: FileToRewrite, page: Page) -> Statement:
    statement, roles = _statement(file, page), declared_roles(file.contract)
    for row in page.body["Rows"]["Row"]:
        label = row["Summary"]["ColData"][0]["value"]
        stated = _amounts(row["Summary"]["ColData"], statement)
        group = row.get("group", "")
        title = row["Header"]["ColData"][0]["value"] if "Header" in row else label
        section = roles.get(comparable(title), _GROUPS.get(group, ""))
        if section in SECTIONS:
            sums = _accounts(statement, section, (), _rows(row))
            statement.close(section, label, sums, stated)
        elif group in _COMPUTED:
            statement.compare_computed(label, _COMPUTED[group], stated)
        elif section != "computed":
            raise statement.refuse(
                f"the section {title!r} ({group or 'without a group'})",
                "a section such as Income or Expenses",
                "Say what it is: options: {sections: [Turnover = revenue]}, or computed.",
            )
    return statement


def _statement(file: FileToRewrite, page: Page) -> Statement:
    head, columns = page.body["Header"], page.body["Columns"]["Column"]
    wanted = tuple(months(*(date.fromisoformat(page.about[key]) for key in ("first_day", "last_day"))))
    statement = Statement(file.file_name, wanted, head["ReportBasis"].lower())
    found = []
    for column in columns[1:]:
        dates = {entry["Name"]: entry["Value"] for entry in column.get("MetaData", ())}
        if "StartDate" in dates:  # the last column is the sum of the others
            first, last = date.fromisoformat(dates["StartDate"]), date.fromisoformat(dates["EndDate"])
            found.append((first, min(last, wanted[-1][1])))
    if not found and len(columns) == 2:  # of a single month the sum may be all there is
        found.append((date.fromisoformat(head["StartPeriod"]), date.fromisoformat(head["EndPeriod"])))
    if tuple(found) != wanted:
        raise statement.refuse(
            f"columns of {', '.join(f'{first} to {last}' for first, last in found) or 'no dates'}",
            f"one column per month from {wanted[0][0]} to {wanted[-1][1]}",
        )
    if statement.basis != page.about["basis"]:
        raise statement.refuse(f"a report on {head['ReportBasis']} basis", f"{page.about['basis']}, as was asked for")
    if head["Currency"] != file.contract.currency:
        raise statement.refuse(f"a report in {head['Currency']}", f"{file.contract.currency}, as the source declares")
    return statement


def _accounts(statement: Statement, section: str, path: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> Sums:
    """Book accounts, those that stand in others too; an account that has others may have amounts of its own."""
    sums = statement.nothing
    for row in rows:
        cells = row["ColData"] if "ColData" in row else row["Header"]["ColData"]
        place = (*path, cells[0]["value"])
        own = statement.book(section, place, cells[0].get("id"), _amounts(cells, statement))
        if "ColData" not in row:
            own += _accounts(statement, section, place, _rows(row))
            summary = row["Summary"]["ColData"]
            statement.compare(summary[0]["value"], own, _amounts(summary, statement))
        sums += own
    return sums


def _rows(row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the rows that stand in another one; without any, the key is missing."""
    rows: Sequence[Mapping[str, Any]] = row["Rows"]["Row"] if "Rows" in row else ()
    return rows


def _amounts(cells: Sequence[Mapping[str, str]], statement: Statement) -> list[str]:
    """Return the amounts of the months; a column after them is their sum."""
    return [cell.get("value", "") for cell in cells[1 : len(statement.periods) + 1]]


def _judge(request: PullRequest) -> Judge:
    def judge(answer: Answer) -> Verdict:
        found = f"HTTP {answer.status}{vendor_message(answer)}"
        if answer.status == 429:
            return TryAgain(found, retry_after(answer.headers, request.now) or _WAIT_WHEN_BUSY)
        if answer.status in (401, 403):
            return GiveUp(found, "Connect the app to the company once more; account_id is the company's realm id.")
        return None

    return judge
