from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import EngineError
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.diagnosis import diagnose
from kpi_pipeline.sources.files.refused_file import RefusedFile
from tests.unit.sources.read_files import contract, refusal, write

HEADER = "Campaign report\nDay,Campaign,Campaign ID,Currency code,Cost,Impr.,Clicks\n"
GOOD = '2026-09-01,Spring,11,CAD,12.34,"1,234",7\n'


def ads() -> Contract:
    return contract("google_ads")


@pytest.mark.parametrize(
    ("old", "new", "column", "found", "expected"),
    [
        (",7\n", ",7.5\n", "Clicks", "'7.5'", "a whole number"),
        ("12.34", "1e3", "Cost", "'1e3'", "a number with at most 4 decimals and no exponent"),
        ("12.34", '"12,34"', "Cost", "'12,34'", "a number with at most 4 decimals and no exponent"),
        ("12.34", "1.23456", "Cost", "'1.23456'", "a number with at most 4 decimals and no exponent"),
        ("2026-09-01", "01/09/2026", "Day", "'01/09/2026'", "a date written YYYY-MM-DD"),
        ("2026-09-01", "2026-09-31", "Day", "'2026-09-31'", "a date written YYYY-MM-DD"),
        (
            "2026-09-01",
            "2126-09-01",
            "Day",
            "'2126-09-01'",
            "a value for ad_performance.day, days between 1990 and 2040",
        ),
        ("2026-09-01", "", "Day", "nothing", "a value for ad_performance.day, days between 1990 and 2040"),
        ("12.34", " --", "Cost", "nothing", "a value for ad_performance.cost, days between 1990 and 2040"),
        (",11,", ",1.22158E+17,", "Campaign ID", "'1.22158E+17'", "a whole identifier, not a rounded number"),
        (",7\n", "\n", "Impr.", "6 cells", "7 cells, as in the header"),
        (",7\n", ",7,8\n", "Clicks", "8 cells", "7 cells, as in the header"),
        ("Spring", '"Spr"ing', "Campaign", "quotation marks that do not fit together", "cells quoted as in RFC 4180"),
        ("Spring", '"Spring', "Campaign", "quotation marks that do not fit together", "cells quoted as in RFC 4180"),
        ("\n", "\r\n", "Clicks", "a line that ends with '\\r\\n' after lines that end with", "the same line break"),
    ],
)
def test_the_line_and_the_column_of_a_bad_row_are_found(
    tmp_path: Path, old: str, new: str, column: str | None, found: str, expected: str
) -> None:
    refused = refusal(write(tmp_path, HEADER + GOOD + GOOD.replace(old, new) + GOOD), ads())
    assert (refused.file, refused.line, refused.column) == ("export.csv", 4, column)
    assert refused.found.startswith(found)
    assert refused.expected.startswith(expected)
    assert str(refused).startswith("export.csv, line 4")


def test_lines_are_physical_lines_of_the_file(tmp_path: Path) -> None:
    several_lines = GOOD.replace("Spring", '"Spr\ning\n"')
    refused = refusal(write(tmp_path, HEADER + several_lines + several_lines.replace("12.34", "x")), ads())
    assert (refused.line, refused.column) == (6, "Cost")


def test_lines_of_a_rewritten_file_are_those_of_the_original(tmp_path: Path) -> None:
    survey = contract(
        "surveymonkey_responses", time_zone="UTC", options={"survey_type": "nps", "score_column": "Likely?"}
    )
    header = "Respondent ID,Collector ID,Start Date,End Date,Likely?,Why?\n,,,,Response,Open-Ended Response\n"
    row = '%s,7,03/02/2026 09:00:00,%s,9,"two\nlines"\n'
    rows = row % (1, "03/13/2026 09:05:00") + row % (2, "03/13/2026 09:05:00") + row % (3, "yesterday")
    refused = refusal(write(tmp_path, header + rows), survey)
    assert (refused.line, refused.column, refused.found) == (7, "End Date", "'yesterday'")


def test_the_first_bad_row_is_shown_whatever_its_column(tmp_path: Path) -> None:
    rows = GOOD + GOOD.replace(",7\n", ",x\n") + GOOD.replace("2026-09-01", "y") + GOOD
    assert (refusal(write(tmp_path, HEADER + rows), ads())).line == 4


def test_bytes_that_are_not_utf8_are_found_behind_the_head(tmp_path: Path) -> None:
    rows = GOOD.encode() * 8000
    refused = refusal(write(tmp_path, HEADER.encode() + rows + GOOD.encode().replace(b"Spring", b"Spr\xffing")), ads())
    assert (refused.line, refused.column, refused.found) == (8003, "Campaign", "bytes that are not UTF-8")


def test_long_values_are_shortened(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, HEADER + GOOD.replace("12.34", "9" * 500)), ads())
    assert refused.found == repr("9" * 80 + "…")


def test_cells_of_a_row_that_cannot_be_separated_are_not_shown(tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        name: {"header": name} for name in ("refund_id", "order_id", "day", "amount", "currency")
    }
    columns["reason"] = {"header": "Email", "personal": True}
    rows = "1,2,2026-09-01,5,EUR,ada@example.com,ada@example.com\n"
    header = "refund_id,order_id,day,amount,currency,Email\n"
    assert "ada" not in str(
        refusal(write(tmp_path, header + rows), contract("csv", subject="refunds", columns=columns))
    )


def test_a_failure_that_the_file_does_not_explain_keeps_its_message(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + GOOD)
    refused = diagnose(path, path.name, ads(), EngineError("something broke at line 12 of the file"))
    assert (refused.line, refused.found) == (12, "'something broke at line 12 of the file'")


def test_a_refusal_stays_what_it_is(tmp_path: Path) -> None:
    refused = RefusedFile("a.csv", found="x", expected="y")
    assert diagnose(tmp_path / "a.csv", "a.csv", ads(), refused) is refused
