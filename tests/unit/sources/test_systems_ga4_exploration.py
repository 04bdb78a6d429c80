from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.sources.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

RULE = "# ----------------------------------------"
PREAMBLE = f"{RULE}\n# Shop\n# Channels-Free form 1\n# 20260101-20260103\n{RULE}\n\n"
HEADER = "Date,Session default channel group,Device category,Country,Sessions,Engaged sessions,Event count\n"
ROWS = "20260101,Direct,desktop,Germany,10,6,31\n20260102,(not set),mobile,Austria,5,2,9\n"


def traffic(**yaml: Any) -> Contract:
    return contract("ga4_exploration", account_id="properties/1", **yaml)


def test_an_exploration_with_its_grand_total(tmp_path: Path) -> None:
    total = ",,,,16,8,40,Grand total\n"  # 16 sessions: an estimate, and one session may stand in two rows
    file = read(write(tmp_path, PREAMBLE + HEADER + total + ROWS), traffic())
    assert [
        (row["day"], row["channel"], row["device"], row["country"], row["sessions"], row["engaged_sessions"])
        for row in file.only
    ] == [
        (date(2026, 1, 1), "Direct", "desktop", "Germany", 10, 6),
        (date(2026, 1, 2), "(not set)", "mobile", "Austria", 5, 2),
    ]
    assert set(file.column("account_id")) == {"properties/1"}
    assert file.prepared.stated_range == (date(2026, 1, 1), date(2026, 1, 3))
    assert file.prepared.control_totals == {"events": 40}


def test_a_file_that_shows_only_the_first_rows_is_refused(tmp_path: Path) -> None:
    content = PREAMBLE + HEADER + ",,,,15,8,400,Grand total\n" + ROWS
    refused = refusal(write(tmp_path, content), traffic())
    assert (refused.column, refused.found) == ("events", "2 rows that add up to 40")


def test_a_file_saved_by_a_spreadsheet_with_hours(tmp_path: Path) -> None:
    content = (
        f"{RULE},,,\nSession primary channel group (Default channel group),Date + hour (YYYYMMDDHH),Users,Sessions\n"
        "Direct,2024041623,237,300\nOrganic Social,2024041700,208,267"
    )
    file = read(write(tmp_path, content.replace("\n", "\r\n")), traffic())
    assert file.column("day") == [date(2024, 4, 16), date(2024, 4, 17)]
    assert file.prepared.unknown_columns == ()
    assert not file.prepared.is_end_verifiable


def test_days_counted_from_the_start_date(tmp_path: Path) -> None:
    content = "# Start date: 20230424\n# End date: 20230521\nNth day,Sessions\n0000,7\n0027,9\n"
    assert read(write(tmp_path, content), traffic()).column("day") == [date(2023, 4, 24), date(2023, 5, 21)]


def test_rows_without_a_day_are_refused_with_an_instruction(tmp_path: Path) -> None:
    content = PREAMBLE + "Country,Sessions\nGermany,7\n"
    refused = refusal(write(tmp_path, content), traffic())
    assert refused.found == "no such column: the rows are totals of 2026-01-01 to 2026-01-03"
    assert "dimension Date" in refused.advice
    one_day = content.replace("20260101-20260103", "20260101-20260101")
    assert read(write(tmp_path, one_day), traffic()).column("day") == [date(2026, 1, 1)]


@pytest.mark.parametrize("day", ["(other)", "2026-01-02", "20260132"])
def test_a_day_that_is_none_is_refused(tmp_path: Path, day: str) -> None:
    refused = refusal(write(tmp_path, PREAMBLE + HEADER + ROWS.replace("20260102", day)), traffic())
    assert (refused.line, refused.column, refused.found) == (9, "Date", repr(day))


def test_several_tables_in_one_file_are_refused(tmp_path: Path) -> None:
    second = f"\n{RULE}\n# Another table\nCountry,New users\nGermany,7\n"
    refused = refusal(write(tmp_path, PREAMBLE + HEADER + ROWS + second), traffic())
    assert (refused.line, refused.expected) == (11, "7 cells, as in the header")
