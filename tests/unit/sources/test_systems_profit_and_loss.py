from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.contracts.field import NumberStyle
from kpi_pipeline.sources.layouts.statement_amounts import read_amount
from kpi_pipeline.sources.layouts.statement_periods import named_period
from tests.unit.sources.read_files import contract, read, refusal, write

QUICKBOOKS = """\
Profit and Loss,
Nordlicht Lamps Inc,
"October 1-November 20, 2026"

Distribution account,Oct 2026,Nov 2026,Total
Income,
40000 Sales,,,
40010 Lamps,"$1,200.00",800.00,"2,000.00"
40020 Returns,(100.00),-$50.00,-150.00
Total for 40000 Sales,"1,100.00",750.00,"1,850.00"
Total for Income,"$1,100.00",$750.00,"$1,850.00"
Cost of Goods Sold,
50000 Goods,400.00,250.00,650.00
Total for Cost of Goods Sold,$400.00,$250.00,$650.00
Gross Profit,$700.00,$500.00,"$1,200.00"
Expenses,
60000 Marketing,10.00,,10.00
60010 Advertising,90.00,60.00,150.00
Total for 60000 Marketing,100.00,60.00,160.00
Office,20.00,30.00,50.00
Total for Expenses,$120.00,$90.00,$210.00
Net Operating Income,$580.00,$410.00,$990.00
Other Income,
Other Expenses,
Interest,5.00,,5.00
Total for Other Expenses,$5.00,,$5.00
Net Other Income,-$5.00,0.00,-$5.00
Net Income,$575.00,$410.00,$985.00

"Accrual Basis Friday, November 20, 2026 02:15 PM GMT+00:00"
"""
XERO = """\
Profit and Loss
Nordlicht Ltd
For the month ended 31 August 2026

Account,Aug 2026,Jul 2026

Trading Income
Sales (200),100.00,80.00
Total Trading Income,100.00,80.00

Cost of Sales
Goods (310),30.00,20.00
Total Cost of Sales,30.00,20.00

Gross Profit,70.00,60.00

Operating Expenses
Rent (Sydney),40.00,40.00
Rent (469),25.00,25.00
Total Operating Expenses,65.00,65.00

Net Profit,5.00,(5.00)
"""


def quickbooks(**yaml: Any) -> Contract:
    return contract("quickbooks_profit_and_loss", **{"account_id": "books", "currency": "USD", **yaml})


def xero(**yaml: Any) -> Contract:
    return contract("xero_profit_and_loss", **{"account_id": "books", "currency": "AUD", **yaml})


def entries(path: Path, contract: Contract) -> dict[tuple[str, date], Decimal]:
    return {(row["account_code"], row["period_end"]): row["amount"] for row in read(path, contract).only}


def test_accounts_by_month_without_any_total(tmp_path: Path) -> None:
    october, november = date(2026, 10, 31), date(2026, 11, 20)  # the report was made on 20 November
    assert entries(write(tmp_path, QUICKBOOKS), quickbooks()) == {
        ("40010", october): Decimal(1200),
        ("40010", november): Decimal(800),
        ("40020", october): Decimal(-100),
        ("40020", november): Decimal(-50),
        ("50000", october): Decimal(400),
        ("50000", november): Decimal(250),
        ("60000", october): Decimal(10),  # booked on the group itself
        ("60010", october): Decimal(90),
        ("60010", november): Decimal(60),
        ("name:Office", october): Decimal(20),
        ("name:Office", november): Decimal(30),
        ("name:Interest", october): Decimal(5),
    }


def test_what_a_row_says_beside_its_amount(tmp_path: Path) -> None:
    options = {"acquisition_accounts": ["none like it", "marketing:.*advertis"], "service_accounts": ["interest"]}
    file = read(write(tmp_path, QUICKBOOKS), quickbooks(options=options))
    rows = {(row["account_name"], row["period_start"]): row for row in file.only}
    row = rows["Lamps", date(2026, 11, 1)]
    assert (row["day"], row["period_end"]) == (date(2026, 11, 1), date(2026, 11, 20))
    assert (row["section"], row["currency"], row["basis"], row["purpose"]) == ("revenue", "USD", "accrual", "")
    purposes = {name: row["purpose"] for (name, _start), row in rows.items() if row["purpose"]}
    assert purposes == {"Advertising": "acquisition", "Interest": "service"}
    sections = {name: row["section"] for (name, _start), row in rows.items()}
    assert (sections["Goods"], sections["Office"], sections["Interest"]) == ("cogs", "opex", "other_expense")
    assert file.prepared.stated_range == (date(2026, 10, 1), date(2026, 11, 20))
    assert file.prepared.is_end_verifiable
    # 1850 + 650 + 210 + 5, as the totals of the sections state
    assert file.prepared.control_totals == {"amount": Decimal(2715)}


def test_a_code_in_parentheses_and_a_place_in_parentheses(tmp_path: Path) -> None:
    file = read(write(tmp_path, XERO), xero(options={"basis": "cash"}))
    august = {row["account_code"]: row for row in file.only if row["period_end"] == date(2026, 8, 31)}
    assert {code: (row["account_name"], row["amount"]) for code, row in august.items()} == {
        "200": ("Sales", Decimal(100)),
        "310": ("Goods", Decimal(30)),
        "name:Rent (Sydney)": ("Rent (Sydney)", Decimal(40)),
        "469": ("Rent", Decimal(25)),
    }
    assert {row["basis"] for row in file.only} == {"cash"}
    assert file.prepared.stated_range == (date(2026, 7, 1), date(2026, 8, 31))


def test_a_workbook_whose_totals_were_never_computed(tmp_path: Path) -> None:
    sheet = Workbook()
    rows: list[list[object]] = [["Profit and Loss"], ["Org"], ["For the month ended 31 August 2026"], []]
    rows += [["Account", "Aug 2026"], ["Trading Income"], ["Sales (200)", 1100.5], ["Total Trading Income", 0]]
    rows += [["Net Profit", 0]]
    for row in rows:
        sheet.worksheets[0].append(row)
    sheet.save(tmp_path / "report.xlsx")
    file = read(tmp_path / "report.xlsx", xero())
    assert file.column("amount") == [Decimal("1100.5")]
    assert [note.kind for note in file.prepared.notes] == ["unverified_totals"]
    assert file.prepared.control_totals == {}


def test_accounts_of_one_name_in_two_groups_stay_apart(tmp_path: Path) -> None:
    report = (
        "Profit and Loss\nOrg\nFor the month ended 31 August 2026\n\nAccount,Aug 2026\nOperating Expenses\n"
        "Sales team\nTravel,1.00\nTotal Sales team,1.00\nSupport team\nTravel,2.00\nTotal Support team,2.00\n"
        "Travel,4.00\nTotal Operating Expenses,7.00\nNet Profit,-7.00\n"
    )
    assert {code: amount for (code, _end), amount in entries(write(tmp_path, report), xero()).items()} == {
        "name:Sales team:Travel": Decimal(1),
        "name:Support team:Travel": Decimal(2),
        "name:Travel": Decimal(4),
    }


def test_a_report_in_another_language(tmp_path: Path) -> None:
    report = (
        "GuV;\nOrg;\n\n;Okt 2026\n".replace("Okt", "Oct") + "Umsatzerlöse;\nLampen;1.250,50\n"
        "Summe Umsatzerlöse;1.250,50\nRohertrag;1.250,50\nNettogewinn;1.250,50\n"
    )
    german = xero(
        currency="EUR",
        decimal_separator=",",
        thousands_separator=".",
        options={"sections": ["Umsatzerlöse = revenue", "Summe = total", "Rohertrag = computed", "Nettogewinn = net"]},
    )
    assert entries(write(tmp_path, report), german) == {("name:Lampen", date(2026, 10, 31)): Decimal("1250.50")}


def test_a_sum_of_a_year_is_refused_unless_it_may_be_spread(tmp_path: Path) -> None:
    report = (
        'Profit and Loss,\nOrg,\n"January, 2025-December, 2025"\n\nDistribution account,Total\nIncome,\n'
        "Lamps,$10.00\nTotal for Income,$10.00\nNet Income,$10.00\n"
    )
    refused = refusal(write(tmp_path, report), quickbooks())
    assert (refused.column, refused.found) == ("Total", "sums of 2025-01-01 to 2025-12-31")
    file = read(write(tmp_path, report), quickbooks(undated_rows="period_end"))
    assert [(row["day"], row["period_start"], row["amount"]) for row in file.only] == [
        (date(2025, 1, 1), date(2025, 1, 1), Decimal(10))
    ]
    assert [note.kind for note in file.prepared.notes] == ["undated_rows"]


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "found"),
    [
        ("60010 Advertising,90.00", "60010 Advertising,80.00", 18, "Total", "'60010 Advertising' of 150.00"),
        (
            "60010 Advertising,90.00,60.00,150.00",
            "60010 Advertising,80.00,60.00,140.00",
            19,
            "Oct 2026",
            "'Total for 60000 Marketing' of 100.00",
        ),
        ("Office,20.00,30.00,50.00\n", "", 20, "Oct 2026", "'Total for Expenses' of 120.00"),
        ("Gross Profit,$700.00", "Gross Profit,$701.00", 15, "Total", "'Gross Profit' of 1,200.00"),
        ("Net Income,$575.00,$410.00,$985.00", "Net Income,$576.00,$410.00,$986.00", 28, "Oct 2026", None),
        ("Expenses,\n60000", "Overheads,\n60000", 16, None, "the row 'Overheads'"),
        ("Total for Cost of Goods Sold,$400.00,$250.00,$650.00\n", "", 14, None, "'Gross Profit'"),
        ("Office,20.00,30.00", "Office,20.00 EUR,30.00", 20, "Oct 2026", "'20.00 EUR'"),
        ("Office,20.00,30.00", "Office,€20.00,30.00", 20, "Oct 2026", "'€20.00'"),
        ("Office,20.00,30.00,50.00", "Office,20.00,30.00,50.00,7", 20, None, "5 cells"),
        ('"October 1-November 20, 2026"', "2026", 3, None, "'2026'"),
        ("Nov 2026,Total", "% of Income,Total", 5, "% of Income", "'% of Income'"),
        ("Nov 2026,Total", "Dec 2026,Total", 5, None, "a column up to 2026-10-31 and the next one from 2026-12-01"),
        ("Nov 2026,Total", "Oct 2026,Total", 5, None, "a column up to 2026-10-31 and the next one from 2026-10-01"),
    ],
)
def test_what_does_not_add_up_or_is_unknown_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, column: str | None, found: str | None
) -> None:
    assert QUICKBOOKS.count(old) == 1
    refused = refusal(write(tmp_path, QUICKBOOKS.replace(old, new)), quickbooks())
    assert (refused.line, refused.column) == (line, column)
    assert found is None or refused.found == found


def test_a_report_that_was_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = QUICKBOOKS[: QUICKBOOKS.index(",$985.00")]
    for length in range(0, len(whole), 7):
        assert refusal(write(tmp_path, whole[:length]), quickbooks()).found


def test_something_below_the_net_income_is_refused(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, QUICKBOOKS + "Other Income,\n"), quickbooks())
    assert (refused.line, refused.found) == (31, "'Other Income'")


@pytest.mark.parametrize("report", ["", "Profit and Loss,\nOrg,\n", "Account,Budget\nSales,1\n"])
def test_another_report_is_refused(tmp_path: Path, report: str) -> None:
    assert refusal(write(tmp_path, report), quickbooks()).found


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ({"currency": None}, "currency: is missing"),
        ({"options": {"sections": "Turnover"}}, r"options\.sections: 'Turnover' is not of the form"),
        ({"options": {"acquisition_accounts": "("}}, r"options\.acquisition_accounts: '\(' is not a regular"),
        ({"options": {"basis": "tax"}}, r"options\.basis: unknown 'tax'"),
        ({"options": {"purpose": "x"}}, r"options\.purpose: unknown"),
    ],
)
def test_mistakes_in_the_configuration(yaml: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        quickbooks(**yaml)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Feb 2024", date(2024, 2, 1), date(2024, 2, 29)),
        ("January, 2025-December, 2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("January - March 2025", date(2025, 1, 1), date(2025, 3, 31)),
        ("November 1-20, 2026", date(2026, 11, 1), date(2026, 11, 20)),
        ("Nov 1 - Dec 20, 2026", date(2026, 11, 1), date(2026, 12, 20)),
        ("December 15, 2025 - January 3, 2026", date(2025, 12, 15), date(2026, 1, 3)),
        ("For the month ended 31 August 2026", date(2026, 8, 1), date(2026, 8, 31)),
        ("For the 3 months ended 28 February 2026", date(2025, 12, 1), date(2026, 2, 28)),
        ("For the year ended 30 June 2026", date(2025, 7, 1), date(2026, 6, 30)),
        ("1 August 2026 to 20 August 2026", date(2026, 8, 1), date(2026, 8, 20)),
    ],
)
def test_periods(text: str, first: date, last: date) -> None:
    assert named_period(text) == (first, last)


@pytest.mark.parametrize("text", ["", "Total", "Foo 2026", "Month 13, 2026", "February 1-30, 2026", "Dec - Jan 2026"])
def test_no_periods(text: str) -> None:
    assert named_period(text) is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("$2,000,000.00", Decimal(2_000_000)),
        ("(1.00)", Decimal(-1)),
        ("($1.00)", Decimal(-1)),
        ("-$1.00", Decimal(-1)),
        ("$-1.00", Decimal(-1)),
        (" 12 ", Decimal(12)),
        ("€1.00", None),
        ("1e3", None),
        ("1,00", None),
        ("--1", None),
        ("(-1)", None),
    ],
)
def test_amounts(cell: str, value: Decimal | None) -> None:
    amount = read_amount(cell, NumberStyle(".", ","), "USD")
    assert (amount.value if amount else None) == value


def test_the_attested_reports(shared_data: Path) -> None:
    folder = shared_data.parent / "formats" / "accounting"
    file = read(folder / "xero_pnl_export.csv", xero())
    assert {row["account_code"]: row["amount"] for row in file.only} == {
        "200": Decimal(100),
        "name:Rent (Sydney)": Decimal(40),
        "469": Decimal(60),
    }
    # The sample keeps one account of a group that adds up to eight times as much.
    refused = refusal(folder / "quickbooks_pnl_export.csv", quickbooks())
    assert (refused.line, refused.found) == (9, "'Total for 40000 Revenue' of 2,000,000.00")
    assert refused.expected.startswith("250,000.00")
