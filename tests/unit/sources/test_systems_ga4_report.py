import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.rewriting import FileToRewrite
from kpi_pipeline.sources.layouts.ga4_tables import read_tables
from tests.unit.sources.read_files import contract, read, refusal, write

RULE = "# ----------------------------------------\n"
PREAMBLE = f"{RULE}# Report CSV Export\n# Account: Shop\n# Property: Shop - GA4\n{RULE}#  \n"
DATES = "# Start date: 20260401\n# End date: 20260403\n"
OVERVIEW = (
    f"{PREAMBLE}{DATES}Nth day,Users\n0000,3\n0001,0\n0002,5\n\n"
    f"{DATES}Nth day,New users\n0000,2\n0001,0\n0002,1\n\n"
    f"{DATES}Nth day,Average engagement time\n0000,20.5\n0001,0\n0002,9\n\n"
    f"{DATES}Nth day,Total revenue\n\n\n"
    f"# Where do your sessions come from?\n{DATES}Session default channel group,Sessions\nDirect,3\nReferral,2\n\n"
    f"#  \n{DATES}Country,Users\nIran,4\n\n"
    f"# How are active users trending?\n{DATES}Nth day,30 days,7 days,1 day\n0000,9,5,3\n0001,9,5,0\n0002,9,7,5\n\n"
    "# How well do you retain your users?\n# Start date: 20260315\n# End date: 20260328\n"
    "Date,Week 0,Week 1\nMar 15 - Mar 21,0,0\nMar 22 - Mar 28,0,-1\n\n"
    f"#  \n{DATES}Event name,Event count\npage_view,15\nscroll,14\n\n"
    f"# What are your top conversions?\n{DATES}Event name,Conversions\n\n"
)
DAYS = [date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 3)]


def report(subject: str, *tables: str, **yaml: Any) -> Contract:
    options: dict[str, Any] = {"subject": subject, **({"table": tables} if tables else {})}
    return contract("ga4_report", account_id="properties/1", options=options, **yaml)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_tables_of_users_by_day_are_joined(tmp_path: Path, ending: str) -> None:
    file = read(write(tmp_path, OVERVIEW.replace("\n", ending)), report("web_users_daily"))
    assert [
        (row["day"], row["users_1_day"], row["users_7_days"], row["users_28_days"], row["new_users"], row["users"])
        for row in sorted(file.only, key=lambda row: row["day"])
    ] == [(DAYS[0], 3, 5, None, 2, None), (DAYS[1], 0, 5, None, 0, None), (DAYS[2], 5, 7, None, 1, None)]
    assert set(file.column("account_id")) == {"properties/1"}
    assert file.prepared.stated_range == (DAYS[0], DAYS[2])
    assert file.prepared.is_end_verifiable  # other tables follow
    assert file.prepared.unknown_columns == ()


@pytest.mark.parametrize("table", ["Nth day,New users", "nth day, new users"])
def test_a_table_is_named_by_its_columns(tmp_path: Path, table: str) -> None:
    file = read(write(tmp_path, OVERVIEW), report("web_users_daily", table))
    assert {row["day"]: (row["new_users"], row["users_1_day"]) for row in file.only} == {
        DAYS[0]: (2, None),
        DAYS[1]: (0, None),
        DAYS[2]: (1, None),
    }


def test_a_table_is_named_by_its_title(tmp_path: Path) -> None:
    file = read(write(tmp_path, OVERVIEW), report("web_users_daily", "How are active users trending?"))
    assert {row["day"]: row["users_7_days"] for row in file.only} == {DAYS[0]: 5, DAYS[1]: 5, DAYS[2]: 7}
    assert set(file.column("new_users")) == {None}


def test_events_without_days_are_refused_unless_they_may_stand_on_the_last_day(tmp_path: Path) -> None:
    path = write(tmp_path, OVERVIEW)
    refused = refusal(path, report("web_events_daily"))
    assert refused.found == "no such column: the rows are totals of 2026-04-01 to 2026-04-03"
    assert "exploration with the dimension Date" in refused.advice
    file = read(path, report("web_events_daily", undated_rows="period_end"))
    assert [(row["day"], row["event_name"], row["events"]) for row in file.only] == [
        (DAYS[2], "page_view", 15),
        (DAYS[2], "scroll", 14),
    ]
    assert [note.kind for note in file.prepared.notes] == ["undated_rows"]
    one_day = OVERVIEW.replace("20260403", "20260401").replace("0002,", "0000,").replace("0001,", "0000,")
    assert read(write(tmp_path, one_day), report("web_events_daily")).column("day") == [DAYS[0]] * 2


def test_sessions_by_channel_of_one_day(tmp_path: Path) -> None:
    content = f"{PREAMBLE}# All Users\n# Start date: 20260401\n# End date: 20260401\n\nSession default channel group,"
    content += "Sessions,Engaged sessions,Total users,New users\nDirect,3,2,3,1\nReferral,2,2,2,0"
    file = read(write(tmp_path, content), report("web_sessions_daily"))
    assert [(row["day"], row["channel"], row["sessions"], row["users"], row["new_users"]) for row in file.only] == [
        (DAYS[0], "Direct", 3, 3, 1),
        (DAYS[0], "Referral", 2, 2, 0),
    ]
    assert not file.prepared.is_end_verifiable


def test_a_table_that_a_spreadsheet_saved(tmp_path: Path) -> None:
    content = "# ---,,,\n# Start date: 20260401,,,\n# End date: 20260402,,,\nNth day,Sessions,,\n0000,7,,\n0001,9,,\n"
    assert read(write(tmp_path, content), report("web_sessions_daily")).column("sessions") == [7, 9]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("web_users_daily", "Users by city"), "no table 'Users by city'"),
        (("web_users_daily", "Nth day,Users", "Country,Users"), "2 tables that cannot be joined by day"),
        (("web_events_daily", "Nth day,New users", "Nth day,30 days,7 days,1 day"), None),
    ],
)
def test_a_table_that_cannot_be_chosen_is_refused(tmp_path: Path, options: tuple[str, ...], found: str | None) -> None:
    refused = refusal(write(tmp_path, OVERVIEW), report(*options))
    if found is None:
        assert refused.column == "Event name"
    else:
        assert refused.found.startswith(found + "; there are 'Nth day,Users', ")
        assert "options: {table: ...}" in refused.advice


def test_without_a_choice_the_tables_are_listed(tmp_path: Path) -> None:
    content = OVERVIEW.replace("Country,Users", "Country,Sessions")
    refused = refusal(write(tmp_path, content), report("web_sessions_daily"))
    assert refused.found.startswith("2 tables that fit; there are 'Nth day,Users'")


def test_users_of_several_rows_are_never_added_up(tmp_path: Path) -> None:
    content = f"{PREAMBLE}{DATES}Nth day,Country,Users\n0000,Iran,3\n0000,Italy,2\n"
    refused = refusal(write(tmp_path, content), report("web_users_daily"))
    assert "users of several rows must never be added up" in refused.expected
    assert refused.line == 10
    with pytest.raises(ConfigurationError, match="undated_rows"):
        report("web_users_daily", undated_rows="period_end")


def test_a_row_that_is_cut_is_refused(tmp_path: Path) -> None:
    content = f"{PREAMBLE}{DATES}Nth day,30 days,7 days,1 day\n0000,9,5,3\n0001,9\n"
    refused = refusal(write(tmp_path, content), report("web_users_daily"))
    assert (refused.line, refused.found) == (11, "2 cells")


def test_a_day_counts_from_the_start_of_its_own_table(tmp_path: Path) -> None:
    content = f"{PREAMBLE}{DATES}Country,Users\nIran,3\n\n"
    content += "# Start date: 20260501\n# End date: 20260502\nNth day,Sessions\n0001,9\n"
    file = read(write(tmp_path, content), report("web_sessions_daily"))
    assert (file.column("day"), file.prepared.stated_range) == (
        [date(2026, 5, 2)],
        (date(2026, 5, 1), date(2026, 5, 2)),
    )


def test_values_are_checked_with_their_line_in_the_report(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, OVERVIEW.replace("0001,9,5,0", "0001,9,5.5,0")), report("web_users_daily"))
    assert (refused.column, refused.found) == ("7 days", "'5.5'")


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, "# only\n# comments\n"), report("web_users_daily")).found == "no table"
    open_quote = f'# a,"b\n{DATES}Nth day,Users\n0000,"3"\n'
    assert refusal(write(tmp_path, open_quote), report("web_users_daily")).line == 1


@pytest.fixture
def samples(shared_data: Path, tmp_path: Path) -> Any:
    folders = (shared_data.parent / "formats" / "ga4", shared_data / "analytics" / "ga4_ui")

    def copy(name: str) -> Path:
        (found,) = (folder / name for folder in folders if (folder / name).exists())
        return write(tmp_path, found.read_bytes(), name)

    return copy


@pytest.mark.parametrize("name", ["multi_block_nth_day.csv", "ui_reports_snapshot_data-export.csv"])
def test_a_shared_overview(samples: Any, shared_data: Path, tmp_path: Path, name: str) -> None:
    expected = json.loads((shared_data / "expected.json").read_text(encoding="utf-8"))["ga4_multi_block_nth_day"]
    path = samples(name)
    found = read_tables(FileToRewrite(path, name, report("web_users_daily"), tmp_path / "target.csv"))
    assert [{"header": table.name, "rows": len(table.rows)} for table in found] == expected
    file = read(path, report("web_users_daily"))
    assert len(file.only) == 28
    assert (min(file.column("day")), max(file.column("day"))) == (date(2023, 4, 24), date(2023, 5, 21))
    assert (sum(file.column("users_1_day")), sum(file.column("new_users"))) == (1, 2)
    assert refusal(path, report("web_events_daily")).column == "Date"


def test_shared_events_by_name(samples: Any, shared_data: Path) -> None:
    expected = json.loads((shared_data / "expected.json").read_text(encoding="utf-8"))["ga4_events_by_name"]
    path = samples("events_by_name.csv")
    assert "totals of 2023-01-01 to 2023-12-31" in refusal(path, report("web_events_daily")).found
    file = read(path, report("web_events_daily", undated_rows="period_end"))
    assert (len(file.only), sum(file.column("events"))) == (expected["n"], expected["events"])
    assert set(file.column("day")) == {date(2023, 12, 31)}
    assert file.prepared.unknown_columns == ()


@pytest.mark.parametrize(
    ("name", "subject", "column"),
    [
        ("ui_events_event_name.csv", "web_events_daily", "Date"),
        ("ui_pages_and_screens.csv", "web_sessions_daily", "Sessions"),
    ],
)
def test_other_shared_reports_are_refused_for_the_right_reason(
    samples: Any, name: str, subject: str, column: str
) -> None:
    assert refusal(samples(name), report(subject)).column == column


def test_a_shared_report_of_2021_has_three_tables(samples: Any, tmp_path: Path) -> None:
    path = samples("ui_2021_demographics_blank_line_before_header.csv")
    wanted = report("web_users_daily")
    assert (refusal(path, wanted).line, refusal(path, wanted).found) == (15, "1 cells")  # rows left out: '...'
    whole = write(tmp_path, path.read_text().replace("...\n", ""), "whole.csv")
    found = read_tables(FileToRewrite(whole, whole.name, wanted, tmp_path / "target.csv"))
    assert [len(table.rows) for table in found] == [3, 2, 5]
    assert {table.stated_range for table in found} == {(date(2020, 10, 22), date(2021, 10, 22))}
    assert refusal(whole, report("web_sessions_daily")).column == "Sessions"
    assert refusal(whole, wanted).found.startswith("3 tables that fit")
