from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import Contract
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


def test_users_stay_in_the_columns_for_users(tmp_path: Path) -> None:
    content = PREAMBLE + (
        "Date,Session source,Session medium,Sessions,Total users,Active users,New users,Add to carts,Checkouts,"
        "Ecommerce purchases,Purchase revenue,Total revenue\n"
        "20260101,google,organic,10,8,7,3,4,2,1,12.5,12.5\n"
    )
    file = read(write(tmp_path, content), traffic(currency="EUR", time_zone="Europe/Berlin"))
    (row,) = file.only
    assert (row["sessions"], row["users"], row["active_users"], row["new_users"]) == (10, 8, 7, 3)
    assert (row["add_to_carts"], row["checkouts"], row["purchases"]) == (4, 2, 1)
    assert (row["revenue"], row["currency"], row["time_zone"]) == (Decimal("12.5"), "EUR", "Europe/Berlin")
    assert (row["source_name"], row["medium"]) == ("google", "organic")
    assert file.prepared.unknown_columns == ()
    assert refusal(write(tmp_path, content), traffic()).column == "Purchase revenue"  # in which currency?


@pytest.mark.parametrize("dimension", ["Page path + query string", "Page title and screen class", "Item name"])
def test_sessions_by_page_would_count_several_times(tmp_path: Path, dimension: str) -> None:
    path = write(tmp_path, PREAMBLE + f"Date,{dimension},Sessions\n20260101,/a,7\n20260101,/b,7\n")
    refused = refusal(path, traffic())
    assert (refused.line, refused.column, refused.found) == (8, dimension, "'/a'")


def test_events_by_day_and_name(tmp_path: Path) -> None:
    content = PREAMBLE + (
        "Date,Event name,Event count,Total users,Key events\n,,24,9,2,Grand total\n"
        "20260101,page_view,15,6,0\n20260102,generate_lead,9,5,2\n"
    )
    file = read(write(tmp_path, content), traffic(options={"subject": "web_events_daily"}))
    assert [
        (row["day"].day, row["event_name"], row["events"], row["users"], row["key_events"]) for row in file.only
    ] == [
        (1, "page_view", 15, 6, 0.0),
        (2, "generate_lead", 9, 5, 2.0),
    ]
    assert file.prepared.control_totals == {"events": 24}


def test_users_by_day(tmp_path: Path) -> None:
    content = (
        PREAMBLE + "Date,Total users,Active users,New users\n,11,10,4,Grand total\n20260101,6,5,2\n20260102,8,7,2\n"
    )
    wanted = traffic(options={"subject": "web_users_daily"})
    file = read(write(tmp_path, content), wanted)
    assert {row["day"].day: (row["users"], row["users_1_day"], row["new_users"]) for row in file.only} == {
        1: (6, 5, 2),
        2: (8, 7, 2),
    }
    assert file.prepared.control_totals == {}  # users of days do not add up to those of the period
    by_country = content.replace("Date,", "Date,Country,").replace("\n,", "\n,,").replace("202601", "202601")
    by_country = by_country.replace("20260101,", "20260101,Iran,").replace("20260102,", "20260102,Italy,")
    assert "one row per day" in refusal(write(tmp_path, by_country), wanted).expected


def test_a_subject_that_explorations_do_not_have_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"options\.subject: 'orders' is none of web_sessions_daily"):
        traffic(options={"subject": "orders"})


def test_shared_explorations_without_days_are_refused(shared_data: Path) -> None:
    folder = shared_data.parent / "formats" / "ga4"
    for name, found in (
        ("ui_exploration_free_form.csv", "totals of 2024-11-22 to 2026-01-20"),
        ("ui_exploration_user_explorer.csv", "totals of 2023-05-15 to 2023-05-21"),
    ):
        refused = refusal(folder / name, traffic())
        assert refused.column == "Date"
        assert refused.found.endswith(found)
    undated = traffic(undated_rows="period_end")
    assert refusal(folder / "ui_exploration_free_form.csv", undated).column == "Page path + query string"
    file = read(folder / "ui_exploration_user_explorer.csv", undated)
    # As its grand total says.
    assert (sum(file.column("sessions")), sum(file.column("events"))) == (5, 48)


def test_several_tables_in_one_file_are_refused(tmp_path: Path) -> None:
    second = f"\n{RULE}\n# Another table\nCountry,New users\nGermany,7\n"
    refused = refusal(write(tmp_path, PREAMBLE + HEADER + ROWS + second), traffic())
    assert (refused.line, refused.expected) == (11, "7 cells, as in the header")
