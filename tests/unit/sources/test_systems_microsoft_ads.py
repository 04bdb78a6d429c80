from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

PREAMBLE = (
    '"Report Name: Campaigns"\n'
    '"Report Time: 9/1/2026,9/3/2026"\n'
    '"Time Zone: Amsterdam, Berlin"\n'
    '"Last Completed Available Day: 9/2/2026 11:59:59 PM (CET)"\n'
    '"Report Aggregation: Daily"\n'
    '"Report Filter: "\n'
    '"Potential Incomplete Data: true"\n'
    '"Rows: 2"\n'
    "\n"
)
TABLE = (
    '"TimePeriod","AccountId","CampaignId","CampaignName","DeviceType","CurrencyCode","Impressions","Clicks","Ctr",'
    '"Spend","Conversions","ConversionsQualified","Revenue"\n'
    '"2026-09-01","150","111","Tents","Computer","EUR","1,000","50","5.00%","25.50","2","","80.00"\n'
    '"2026-09-03","150","111","Tents","Smartphone","EUR","0","0","--","0","--","1.50","--"\n'
)
FOOTER = '"©2026 Microsoft Corporation. All rights reserved. "\n'


def microsoft(**yaml: Any) -> Contract:
    return contract("microsoft_ads", account_id="150", **yaml)


@pytest.mark.parametrize(
    "content",
    [
        PREAMBLE + TABLE + FOOTER,
        "\ufeff" + PREAMBLE + TABLE + FOOTER,
        "".join(line.replace(": ", ':","', 1) for line in PREAMBLE.splitlines(keepends=True)) + TABLE + FOOTER,
        (PREAMBLE + TABLE + "\n" + FOOTER.replace("©", "@").rstrip()).replace("\n", "\r\n"),
    ],
    ids=["one cell", "byte order mark", "two cells", "line breaks of Windows"],
)
def test_a_report_with_preamble_and_footer(tmp_path: Path, content: str) -> None:
    file = read(write(tmp_path, content), microsoft())
    assert [
        (row["day"], row["device"], row["impressions"], row["clicks"], row["cost"], row["conversions"])
        for row in file.only
    ] == [
        (date(2026, 9, 1), "desktop", 1000, 50, Decimal("25.50"), 2.0),
        (date(2026, 9, 3), "mobile", 0, 0, Decimal(0), 1.5),
    ]
    assert file.column("conversion_value") == [Decimal("80.00"), None]
    assert set(file.column("currency")) == {"EUR"}
    assert file.prepared.stated_range == (date(2026, 9, 1), date(2026, 9, 3))
    assert file.prepared.is_end_verifiable
    assert file.prepared.unknown_columns == ()
    assert [(note.kind, note.found) for note in file.prepared.notes] == [
        ("incomplete_days", "Potential Incomplete Data: true"),
        ("incomplete_days", "Last Completed Available Day: 9/2/2026 11:59:59 PM (CET)"),
    ]


def test_a_report_of_complete_days_has_no_notes(tmp_path: Path) -> None:
    preamble = PREAMBLE.replace("true", "false").replace("Day: 9/2", "Day: 9/3")
    assert read(write(tmp_path, preamble + TABLE + FOOTER), microsoft()).prepared.notes == ()


def test_a_file_of_the_api_has_nothing_around_its_table(tmp_path: Path) -> None:
    file = read(write(tmp_path, TABLE), microsoft())
    assert len(file.only) == 2
    assert not file.prepared.is_end_verifiable
    assert file.prepared.notes == ()


@pytest.mark.parametrize("hour", ["2026-09-03T23:00:00+00:00", "2026-09-03|23"])
def test_hours_count_for_their_day_as_written(tmp_path: Path, hour: str) -> None:
    content = TABLE.replace("2026-09-01", hour.replace("23", "01")).replace('"2026-09-03"', f'"{hour}"')
    assert read(write(tmp_path, content), microsoft(time_zone="Asia/Tokyo")).column("day") == [date(2026, 9, 3)] * 2


def test_the_names_of_the_user_interface(tmp_path: Path) -> None:
    content = (
        "Date,Account name,Account number,Campaign,Ad group,Impressions,Clicks,CTR,Avg. CPC,Spend,Conversions,Revenue\n"
        "2026-09-13,Camping,X0001,Tents,Domes,100,5,5.00%,0.40,2.00,1,9.00\n"
    )
    file = read(write(tmp_path, content), microsoft(currency="EUR"))
    (row,) = file.only
    assert (row["campaign_id"], row["ad_group_name"], row["account_name"]) == ("name:Tents", "Domes", "Camping")
    assert row["account_id"] == "150"
    assert [note.kind for note in file.prepared.notes] == ["name_as_id"]
    assert file.prepared.unknown_columns == ()


def test_a_summary_without_days_is_refused(tmp_path: Path) -> None:
    content = PREAMBLE + TABLE.replace('"TimePeriod",', "").replace('"2026-09-01",', "").replace('"2026-09-03",', "")
    path = write(tmp_path, content + FOOTER)
    refused = refusal(path, microsoft())
    assert (refused.column, refused.found) == (
        "TimePeriod",
        "no such column: the rows are totals of 2026-09-01 to 2026-09-03",
    )
    assert "Day" in refused.advice
    assert read(path, microsoft(undated_rows="period_end")).column("day") == [date(2026, 9, 3)] * 2


def test_a_cut_row_is_refused_and_a_cut_footer_does_no_harm(tmp_path: Path) -> None:
    whole = (PREAMBLE + TABLE + FOOTER).encode()
    for length in range(len(whole) - len(FOOTER.encode()) - 60, len(whole), 3):
        path = write(tmp_path, whole[:length])
        try:
            file = read(path, microsoft())
        except Exception:
            continue
        assert len(file.only) == 2 or not file.prepared.is_end_verifiable
        assert len(file.only) in (1, 2)


def test_shared_samples(shared_data: Path, tmp_path: Path) -> None:
    samples = shared_data.parent / "formats" / "microsoft_ads"
    (row,) = read(samples / "api_campaign_performance_hourly.csv", microsoft()).only
    assert (row["day"], row["campaign_id"], row["impressions"]) == (date(2023, 11, 11), "531016227", 1)
    copy = write(tmp_path, (samples / "fixture_report_with_preamble_and_footer.csv").read_bytes())
    refused = refusal(copy, microsoft(currency="USD"))
    assert (refused.column, refused.found) == ("TimePeriod", "no such column, and no date range above the header")
