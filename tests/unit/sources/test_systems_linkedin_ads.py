from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

PREAMBLE = "Ad Performance Report\nDate range\t9/1/2026 - 9/13/2026\nDate generated\t9/14/2026\n\n\n"
HEADER = (
    "Start Date (in UTC)\tAccount Name\tCampaign Name\tCampaign Type\tCreative Name\tTotal Spent\tReach\tImpressions\t"
    "Clicks\tClicks to Landing Page\tTotal Social Actions\tLeads\tClick URL\n"
)
ROWS = (
    "9/1/2026\tGears\tB2B\tSponsored Update\tVideo A\t1,012.34\t800\t1,200\t30\t21\t4\t2\thttps://gears.example\n"
    "09/13/2026\tGears\tB2B\tSponsored Update\tVideo B\t7.5\t90\t100\t3\t1\t0\t-\thttps://gears.example\n"
)


def linkedin(**yaml: Any) -> Contract:
    return contract("linkedin_ads", account_id="508", **{"currency": "EUR", **yaml})


def test_a_performance_report_in_utf16_with_tabs(tmp_path: Path) -> None:
    content = b"\xff\xfe" + (PREAMBLE + HEADER + ROWS).encode("utf-16-le")
    file = read(write(tmp_path, content), linkedin())
    assert [(row["day"], row["ad_name"], row["cost"], row["clicks"], row["link_clicks"]) for row in file.only] == [
        (date(2026, 9, 1), "Video A", Decimal("1012.34"), 30, 21),
        (date(2026, 9, 13), "Video B", Decimal("7.50"), 3, 1),
    ]
    assert file.column("leads") == [2.0, None]
    assert file.column("reach") == [800, 90]
    assert set(file.column("time_zone")) == {"UTC"}
    assert set(file.column("currency")) == {"EUR"}
    assert file.prepared.unknown_columns == ()


def test_without_groups_campaigns_stand_for_campaigns_and_ad_groups(tmp_path: Path) -> None:
    file = read(write(tmp_path, HEADER + ROWS), linkedin())
    assert {(row["campaign_id"], row["ad_group_id"], row["ad_group_name"]) for row in file.only} == {
        ("name:B2B", "name:B2B", "B2B")
    }
    assert [note.kind for note in file.prepared.notes] == ["name_as_id", "no_campaign_group"]


def test_campaign_groups_are_campaigns(tmp_path: Path) -> None:
    content = (
        "Start Date (in UTC),Campaign Group ID,Campaign Group Name,Campaign ID,Campaign Name,Creative ID,Currency,"
        "Total Spent,Impressions,Clicks,Conversions\n9/13/2026,1,Autumn,2,B2B,3,USD,7.50,100,3,1\n"
    )
    file = read(write(tmp_path, content), linkedin())
    (row,) = file.only
    assert (row["campaign_id"], row["campaign_name"]) == ("1", "Autumn")
    assert (row["ad_group_id"], row["ad_group_name"], row["ad_id"]) == ("2", "B2B", "3")
    assert (row["currency"], row["conversions"]) == ("USD", 1.0)
    assert file.prepared.notes == ()


def test_the_day_is_month_first(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, HEADER + ROWS.replace("09/13/2026", "13/09/2026")), linkedin())
    assert (refused.line, refused.column, refused.found) == (3, "Start Date (in UTC)", "'13/09/2026'")


def test_the_export_of_conversions_is_refused(tmp_path: Path) -> None:
    content = (
        "Start Date (in UTC),Account Name,Campaign Name,Conversion Name,Conversion Type,Conversions\n"
        "9/1/2026,Gears,B2B,Download,Download,3\n"
    )
    assert refusal(write(tmp_path, content), linkedin()).column == "Total Spent"


def test_every_attested_column_is_known(shared_data: Path, tmp_path: Path) -> None:
    listed = (shared_data.parent / "formats" / "linkedin_ads" / "campaign_manager_columns.txt").read_text()
    (performance,) = (line for line in listed.splitlines() if line.startswith("performance: "))
    names = performance.removeprefix("performance: ").split(" | ")
    values = {"Start Date (in UTC)": "9/1/2026", "Total Spent": "1.00", "Impressions": "1", "Clicks": "0"}
    row = "\t".join(values.get(name, "") for name in names)
    file = read(
        write(tmp_path, "\t".join(names) + "\n" + row.replace("9/1/2026\t\t", "9/1/2026\t\tB2B") + "\n"), linkedin()
    )
    assert (len(file.only), file.prepared.unknown_columns) == (1, ())
