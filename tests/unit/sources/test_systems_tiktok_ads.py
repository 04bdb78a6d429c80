from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

HEADER = (
    "Campaign name,Campaign ID,Date,Cost,Impressions,Clicks (destination),CTR (destination),CPC (destination),"
    "Conversions,Currency\n"
)
ROWS = (
    "Spring,1790000000000000001,2026-10-01,12.50,1000,40,4.00%,0.31,2,USD\n"
    "Total looks,1790000000000000002,2026-10-02,0.00,10,0,-,-,-,USD\n"
)
TOTAL = ",-,,12.50,1010,40,,,2,\n"


def tiktok(**yaml: Any) -> Contract:
    return contract("tiktok_ads", account_id="7001", **yaml)


@pytest.mark.parametrize("label", ["Total", "Total of 2 results", "Total of 1 result"])
def test_the_last_row_is_a_control_total(tmp_path: Path, label: str) -> None:
    file = read(write(tmp_path, HEADER + ROWS + label + TOTAL), tiktok())
    assert [(row["day"], row["campaign_id"], row["clicks"], row["link_clicks"]) for row in file.only] == [
        (date(2026, 10, 1), "1790000000000000001", 40, 40),
        (date(2026, 10, 2), "1790000000000000002", 0, 0),
    ]
    assert file.column("conversions") == [2.0, None]
    assert file.prepared.control_totals == {
        "impressions": 1010,
        "clicks": 40,
        "cost": Decimal("12.50"),
        "conversions": 2.0,
    }
    assert file.prepared.is_end_verifiable
    assert file.prepared.unknown_columns == ()


def test_rows_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, HEADER + ROWS + "Total" + TOTAL.replace("1010", "2010")), tiktok())
    assert (refused.column, refused.found) == ("impressions", "2 rows that add up to 1010")


def test_without_days_the_export_is_refused(tmp_path: Path) -> None:
    content = (
        "Campaign name,Primary status,Cost,Impressions,Clicks (destination)\nSpring,Active,1.00,9,1\nTotal,,1.00,9,1\n"
    )
    refused = refusal(write(tmp_path, content), tiktok(currency="USD"))
    assert (refused.column, refused.expected) == ("Date", "one row per day")


def test_a_rounded_identifier_is_refused(tmp_path: Path) -> None:
    content = HEADER + ROWS.replace("1790000000000000001", "1.79E+18") + "Total" + TOTAL
    assert refusal(write(tmp_path, content), tiktok()).found == "'1.79E+18'"


def test_the_shared_sample(shared_data: Path) -> None:
    path = shared_data.parent / "formats" / "tiktok_ads" / "fixture_ui_export.csv"
    file = read(path, tiktok(currency="USD"))
    (row,) = file.only
    assert (row["day"], row["cost"], row["campaign_id"]) == (date(2026, 10, 1), Decimal("12.50"), "name:EXAMPLE_TT")
    assert refusal(path, tiktok()).column == "currency"
