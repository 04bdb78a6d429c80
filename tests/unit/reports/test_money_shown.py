"""Amounts that are kept in rial and shown in toman: a tenth of them, in every form of a report."""

import io
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from kpi_pipeline.reports.document import Report
from kpi_pipeline.reports.html import render_html
from kpi_pipeline.reports.mail import render_mail
from kpi_pipeline.reports.markdown import render_markdown
from kpi_pipeline.reports.model import report_model
from kpi_pipeline.reports.pages import render_pages
from kpi_pipeline.reports.workbook import render_workbook

WEEK = date(2026, 11, 9)


@pytest.fixture
def report_of(new_snapshot: Callable[..., Any]) -> Callable[..., Report]:
    def make(language: str = "en", audience: str = "executive", money: str = "toman") -> Report:
        maker = new_snapshot(audience, reporting_currency="IRR", money_shown_in=money)
        maker.add_kpi(
            "revenue",
            values=[800_000_000.0, 923_456_780.0],
            unit="currency",
            decimals=0,
            baseline=700_000_000.0,
            target=1_200_000_000.0,
            path_value=1_000_000_000.0,
        )
        maker.add_kpi("visits", values=[40.0, 50.0], unit="count", decimals=0, baseline=30.0, target=60.0)
        if audience == "internal":
            maker.rows["catalogue"][0] |= {"formula": "revenue_net"}
            effort = {"kpi_id": "revenue", "week_start": WEEK, "efficiency_metric": "revenue_net", "per": "visits"}
            maker.add("efficiency", **effort, result_per_effort=18_469_135.6)
            maker.add_value("revenue", 12_345.0, dimension="channel", member="Email")
        return report_model(maker.write(), audience, WEEK, language)

    return make


def test_every_text_is_a_tenth_of_the_rial(report_of: Callable[..., Report]) -> None:
    report = report_of()
    revenue, visits = report.objectives[0].kpis
    assert revenue.value.text == "92.35m toman"
    assert revenue.target.text == "70.00m toman → 120.00m toman"
    assert revenue.progress.note == "plan today: 100.00m toman"
    # A change in per cent does not depend on the unit: 923,456,780 / 800,000,000.
    assert revenue.change.text == "+15.4%"
    assert visits.value.text == "50"
    assert report.facts[-1] == "Amounts in toman, each IRR 10"
    assert json.loads(report.as_json())["money"] == "toman"
    assert report.charts.line is not None
    assert (report.charts.line.unit, report.charts.line.last_label) == ("\u2068toman\u2069", "92.35m toman")
    assert {tick.label for tick in report.charts.line.value_ticks} >= {"80.00m toman", "100.00m toman"}


def test_persian(report_of: Callable[..., Report]) -> None:
    report = report_of("fa")
    assert report.objectives[0].kpis[0].value.text == "۹۲٫۳۵ میلیون تومان"
    assert report.facts[-1] == "مبلغ‌ها به تومان؛ هر تومان برابر ۱۰ ریال"


def test_without_a_unit_amounts_are_rial_and_nothing_is_said_of_units(report_of: Callable[..., Report]) -> None:
    report = report_of(money="IRR")
    assert report.objectives[0].kpis[0].value.text == "IRR 923.46m"
    assert len(report.facts) == 3


def test_the_workbook_holds_numbers_in_toman_and_says_so(report_of: Callable[..., Report]) -> None:
    book = load_workbook(io.BytesIO(render_workbook(report_of().as_json())), data_only=True)
    scorecard, history = book.worksheets
    assert [scorecard.cell(6, column).value for column in (1, 3, 4, 5, 7)] == [
        *("Revenue (toman)", 92_345_678, 80_000_000, 12_345_678, 120_000_000)
    ]
    # 22,345,678 of 50,000,000 are done.
    assert scorecard["H6"].value == pytest.approx(0.44691356)
    assert [scorecard.cell(7, column).value for column in (1, 3, 7)] == ["Visits", 50, 60]
    assert [history.cell(row, 2).value for row in (1, 2, 3)] == ["Revenue (toman)", 80_000_000, 92_345_678]


def test_every_form_says_the_same(report_of: Callable[..., Report]) -> None:
    report = report_of()
    frozen = report.as_json()
    pages = PdfReader(io.BytesIO(render_pages(frozen))).pages
    for form in (
        render_html(report),
        render_markdown(frozen),
        render_mail(frozen).html,
        " ".join(" ".join(page.extract_text() for page in pages).split()),
    ):
        assert "92.35m toman" in form
        assert "Amounts in toman, each IRR 10" in form
        assert "923" not in form


def test_breakdowns_and_what_an_effort_brings_are_in_toman_too(report_of: Callable[..., Report]) -> None:
    internal = report_of(audience="internal").internal
    assert internal is not None
    assert internal.breakdowns[0].lines[0].cells[0].text == "1,235 toman"
    facts = {fact.label: fact.lines for fact in internal.kpis[0].facts}
    assert facts["Per unit of effort"] == ("1,846,913.56 – \u2068revenue_net\u2069 per \u2068Visits\u2069",)
