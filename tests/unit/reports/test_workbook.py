import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from kpi_pipeline.reports.model import report_model
from kpi_pipeline.reports.workbook import render_workbook
from tests.unit.reports.full_snapshot import HOSTILE, full_snapshot

WEEK = date(2026, 11, 9)


def opened(content: bytes, *, values: bool = False) -> Workbook:
    return load_workbook(io.BytesIO(content), data_only=values)


def test_numbers_are_numbers_and_comparisons_are_formulas_over_the_history(new_snapshot: Callable[..., Any]) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion", values=[4.0, 5.0, 5.5])
    content = render_workbook(report_model(maker.write(), "executive", WEEK, "en").as_json())
    scorecard, history = opened(content).worksheets
    assert [scorecard.cell(6, column).value for column in (3, 4, 5, 6, 7)] == [
        *("='History'!$B$4", "='History'!$B$3", "=C6-D6", "=C6/D6-1", 7)
    ]
    assert [history.cell(row, 2).value for row in (2, 3, 4)] == [4, 5, 5.5]
    kept = opened(content, values=True).worksheets[0]
    assert [kept.cell(6, column).value for column in (3, 4, 5)] == [5.5, 5, 0.5]
    assert kept.cell(6, 6).value == pytest.approx(0.1)
    assert kept.cell(6, 8).value == pytest.approx((5.5 - 5.0) / (7.0 - 5.0))


def test_missing_values_are_empty_cells_and_compared_with_nothing(new_snapshot: Callable[..., Any]) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion", values=[5.0, None, 5.5])
    scorecard, history = opened(
        render_workbook(report_model(maker.write(), "executive", WEEK, "en").as_json())
    ).worksheets
    assert scorecard["D6"].value is None
    assert scorecard["E6"].value is None
    assert history["B3"].value is None


@pytest.mark.parametrize(("language", "is_right_to_left"), [("en", False), ("fa", True)])
def test_sheets_turn_with_the_language_and_write_its_digits(
    new_snapshot: Callable[..., Any], language: str, is_right_to_left: bool
) -> None:
    maker = new_snapshot()
    maker.add_kpi("conversion")
    book = opened(render_workbook(report_model(maker.write(), "executive", WEEK, language).as_json()))
    assert all(bool(sheet.sheet_view.rightToLeft) == is_right_to_left for sheet in book.worksheets)
    assert ("[$-3000429]" in book.worksheets[0]["C6"].number_format) == is_right_to_left


@pytest.mark.parametrize("audience", ["executive", "internal"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "'"])
def test_what_comes_from_outside_is_never_a_formula(
    new_snapshot: Callable[..., Any], audience: str, start: str
) -> None:
    snapshot = full_snapshot(new_snapshot(audience), f'{start}HYPERLINK("http://x","y")' + HOSTILE)
    book = opened(render_workbook(report_model(snapshot, audience, WEEK, "en").as_json()))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    formulas = {cell.coordinate: cell.value for cell in cells if cell.data_type == "f"}
    assert formulas.keys() == {"C6", "D6", "E6", "F6", "H6"}
    assert not [value for value in formulas.values() if "HYPERLINK" in value]
    assert [cell for cell in cells if "HYPERLINK" in str(cell.value)]
    assert not [cell for cell in cells if cell.hyperlink]


def test_the_team_has_its_tables_and_executives_have_not(new_snapshot: Callable[..., Any]) -> None:
    internal = report_model(full_snapshot(new_snapshot("internal")), "internal", WEEK, "en")
    titles = opened(render_workbook(internal.as_json())).sheetnames
    assert {"Unusual values", "Metrics", "Files in quarantine"} <= set(titles)
    executive = report_model(full_snapshot(new_snapshot("executive")), "executive", WEEK, "en")
    assert len(opened(render_workbook(executive.as_json())).sheetnames) == 2
