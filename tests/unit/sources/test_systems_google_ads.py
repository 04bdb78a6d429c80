from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.sources.contracts.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

BY_DAY = (
    "Campaign report\n"
    '"September 1, 2026 - September 3, 2026"\n'
    "Day,Campaign,Campaign ID,Device,Currency code,Cost,Impr.,Clicks,CTR,Conversions,Conv. value\n"
    '2026-09-01,Roofs & Gutters,12345678901,Computers,CAD,12.34,"1,234",7, --,1.00,"1,286.58"\n'
    '2026-09-02,Roofs & Gutters,12345678901,Mobile phones,CAD,"1,020.50","10,500",88,0.84%,2.50,0\n'
    "2026-09-03,Brand,22222222222,TV screens,CAD,0.00,0,0, --,0.00, --\n"
    'Total: Campaigns, --, --, --,CAD,"1,032.84","11,734",95,0.81%,3.50,"1,286.58"\n'
    'Total: Account,,,,CAD,"2,032.84","21,734",195,0.81%,3.50,"1,286.58"\n'
    "Total: Search,,,,CAD,0,0,0, --,0.00,0.00\n"
)
UNDATED = (
    "Campaign report\n"
    "1 September 2026 - 3 September 2026\n"
    "Campaign,Currency code,Cost,Impr.,Interactions\n"
    "Roofs,CAD,12.34,100,7\n"
    "Total: Campaigns,CAD,12.34,100,7\n"
)


def ads(**yaml: Any) -> Contract:
    return contract("google_ads", account_id="123-456-7890", **yaml)


def test_a_report_by_day(tmp_path: Path) -> None:
    file = read(write(tmp_path, BY_DAY), ads())
    assert [
        (row["day"].day, row["campaign_id"], row["device"], row["impressions"], row["clicks"], row["cost"])
        for row in file.only
    ] == [
        (1, "12345678901", "desktop", 1234, 7, Decimal("12.34")),
        (2, "12345678901", "mobile", 10500, 88, Decimal("1020.50")),
        (3, "22222222222", "tv", 0, 0, Decimal(0)),
    ]
    assert file.column("conversion_value") == [Decimal("1286.58"), Decimal(0), None]
    assert set(file.column("account_id")) == {"123-456-7890"}
    assert set(file.column("country")) == {""}
    assert file.prepared.stated_range == (date(2026, 9, 1), date(2026, 9, 3))
    assert file.prepared.control_totals["cost"] == Decimal("1032.84")
    assert file.prepared.is_end_verifiable
    assert file.prepared.unknown_columns == ()
    assert file.prepared.notes == ()


def test_the_account_stands_in_the_file_if_it_has_the_column(tmp_path: Path) -> None:
    content = BY_DAY.replace("Day,", "Customer ID,Day,").replace("2026-09-0", "987-654-3210,2026-09-0")
    content = content.replace("Total: Campaigns", "Total: Campaigns,").replace("Total: Account", "Total: Account,")
    content = content.replace("Total: Search", "Total: Search,")
    assert set(read(write(tmp_path, content), ads()).column("account_id")) == {"987-654-3210"}


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ('"11,734"', '"11,735"', "impressions"),
        ('"1,032.84"', '"1,032.88"', "cost"),
        ("2.50,0\n", "2.60,0\n", "conversions"),
        (
            '2026-09-01,Roofs & Gutters,12345678901,Computers,CAD,12.34,"1,234",7, --,1.00,"1,286.58"\n',
            "",
            "impressions",
        ),
    ],
)
def test_rows_that_do_not_add_up_to_the_total_are_refused(tmp_path: Path, old: str, new: str, column: str) -> None:
    refused = refusal(write(tmp_path, BY_DAY.replace(old, new)), ads())
    assert refused.expected.endswith("as the file's own total row says")
    assert refused.column == column


def test_the_platform_rounds_each_row(tmp_path: Path) -> None:
    content = BY_DAY.replace('CAD,"1,032.84"', 'CAD,"1,032.87"')
    assert len(read(write(tmp_path, content), ads()).only) == 3


def test_a_campaign_whose_name_looks_like_a_total_is_loaded(tmp_path: Path) -> None:
    content = UNDATED.replace("Roofs,", "Total body care,").replace("3 September", "1 September")
    (row,) = read(write(tmp_path, content), ads()).only
    assert row["campaign_name"] == "Total body care"


def test_a_total_between_the_rows_is_never_loaded(tmp_path: Path) -> None:
    rows = BY_DAY.splitlines(keepends=True)
    twice = read(write(tmp_path, "".join([*rows[:4], rows[6], *rows[4:]])), ads())
    assert twice.rows == read(write(tmp_path, BY_DAY), ads()).rows
    refused = refusal(write(tmp_path, "".join([*rows[:4], rows[6], *rows[4:6]])), ads())
    assert (refused.line, refused.column, refused.found) == (5, "Day", "'Total: Campaigns'")


def test_a_report_with_totals_only_has_no_rows(tmp_path: Path) -> None:
    rows = UNDATED.splitlines(keepends=True)
    content = "".join(rows[:3]) + "Total: Campaigns,CAD,0,0,0\n"
    file = read(write(tmp_path, content), ads(undated_rows="period_end"))
    assert file.only == []
    assert file.prepared.is_end_verifiable


def test_rows_without_a_day_are_refused_with_an_instruction(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, UNDATED), ads())
    assert refused.column == "Day"
    assert refused.found == "no such column: the rows are totals of 2026-09-01 to 2026-09-03"
    assert "segment Time > Day" in refused.advice


def test_rows_without_a_day_and_without_a_range_are_refused(tmp_path: Path) -> None:
    content = "".join(UNDATED.splitlines(keepends=True)[2:])
    assert refusal(write(tmp_path, content), ads(undated_rows="period_end")).found.startswith(
        "no such column, and no date"
    )


def test_rows_without_a_day_of_a_range_of_one_day_have_that_day(tmp_path: Path) -> None:
    file = read(write(tmp_path, UNDATED.replace("3 September", "1 September")), ads())
    assert file.column("day") == [date(2026, 9, 1)]
    assert [note.kind for note in file.prepared.notes] == ["name_as_id"]


def test_rows_without_a_day_can_be_accepted_as_of_the_last_day(tmp_path: Path) -> None:
    file = read(write(tmp_path, UNDATED), ads(undated_rows="period_end"))
    (row,) = file.only
    assert (row["day"], row["clicks"], row["interactions"]) == (date(2026, 9, 3), None, 7)
    assert row["campaign_id"] == "name:Roofs"
    # The file says nothing about the other days of its range.
    assert file.prepared.stated_range == (date(2026, 9, 3), date(2026, 9, 3))
    assert [note.kind for note in file.prepared.notes] == ["undated_rows", "name_as_id"]


def test_an_empty_day_is_never_filled_from_the_range(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, BY_DAY.replace("2026-09-03,Brand", ",Brand")), ads())
    assert (refused.line, refused.column, refused.found) == (6, "Day", "nothing")


def test_clicks_or_interactions_are_required(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, UNDATED.replace("Interactions", "Views")), ads(undated_rows="period_end"))
    assert refused.column == "Clicks or Interactions"


def test_the_currency_comes_from_the_file_else_from_the_source(tmp_path: Path) -> None:
    content = UNDATED.replace(",Currency code", "").replace(",CAD", "").replace("3 September", "1 September")
    assert read(write(tmp_path, content), ads(currency="EUR")).column("currency") == ["EUR"]
    assert refusal(write(tmp_path, content), ads()).column == "currency"


def test_the_excel_variant_is_utf16_with_tabs(tmp_path: Path) -> None:
    lines = BY_DAY.replace('"1,234"', '"1234"').replace('"', "").replace("1,0", "10").replace("1,2", "12")
    lines = lines.replace("10,500", "10500").replace("11,734", "11734").replace("2,032.84", "2032.84")
    lines = lines.replace("21,734", "21734").replace("September 1, 2026 - September 3, 2026", "1 Sep 2026 - 3 Sep 2026")
    content = b"\xff\xfe" + lines.replace(",", "\t").encode("utf-16-le")
    assert read(write(tmp_path, content), ads()).rows == read(write(tmp_path, BY_DAY), ads()).rows


def test_a_report_of_ads_with_bounds_and_placeholders(tmp_path: Path) -> None:
    content = (
        "Ad performance report\n27 January 2026 - 27 January 2026\n"
        "Day,Campaign,Campaign ID,Campaign type,Ad group,Ad group ID,Ad ID,Search impr. share,Currency code,Cost,"
        "Impr.,Clicks,CTR,Conv. value,Optimisation score,TrueView views\n"
        "2026-01-27,Boxes,11,Search,Fruit,21,31,< 10%,GBP,1.50,200,0, --, --,57.35, --\n"
        "2026-01-27,Boxes,11,Video,Fruit,21,32, --,GBP,2.50,300,4,1.33%,9.00, --,120\n"
        "Total: Ads, --, --, --, --, --, --,< 10%,GBP,4.00,500,4,0.80%,9.00, --,120\n"
    )
    file = read(write(tmp_path, content), ads(time_zone="Europe/London"))
    assert [(row["ad_id"], row["clicks"], row["conversion_value"], row["video_views"]) for row in file.only] == [
        ("31", 0, None, None),
        ("32", 4, Decimal("9.00"), 120),
    ]
    assert {(row["ad_group_id"], row["ad_group_name"], row["time_zone"]) for row in file.only} == {
        ("21", "Fruit", "Europe/London")
    }
    assert file.prepared.unknown_columns == ()


def test_a_segment_by_conversion_is_refused(tmp_path: Path) -> None:
    content = (
        "Day,Campaign,Conversion action,Currency code,Cost,Impr.,Clicks,Conversions\n"
        "2026-01-27,Boxes,Purchase,GBP,1.50,200,3,1.00\n"
        "2026-01-27,Boxes,Newsletter,GBP,1.50,200,3,2.00\n"
    )
    refused = refusal(write(tmp_path, content), ads())
    assert (refused.line, refused.column, refused.found) == (2, "Conversion action", "'Purchase'")
    assert "Remove the segment" in refused.advice


def test_a_report_of_locations_is_no_report_of_campaigns(tmp_path: Path) -> None:
    content = (
        'Matched locations report,,,\n"July 18, 2026 - August 16, 2026",,,\n'
        "Matched location,Clicks,Impr.,Cost\nSomewhere,100,1000,200.00\nTotal: Account,100,1000,200.00"
    )
    assert refusal(write(tmp_path, content), ads()).column == "Campaign"


def test_shared_samples(shared_data: Path) -> None:
    """The totals are those that the files' own total rows state."""
    samples = shared_data.parent / "formats" / "google_ads"
    by_day = read(samples / "fixture_campaigns_by_day_CAD.csv", ads())
    assert (sum(by_day.column("cost")), sum(by_day.column("impressions"))) == (Decimal("1035.94"), 11774)
    french = read(samples / "fixture_campaigns_by_day_FR_semicolon.csv", ads())
    assert (sum(french.column("cost")), sum(french.column("impressions"))) == (Decimal("1032.84"), 11734)
    assert french.prepared.stated_range == (date(2026, 9, 1), date(2026, 9, 2))
    assert refusal(samples / "fixture_matched_locations_both_layouts.csv", ads()).column == "Campaign"
    for name, total in (("enGB_GBP", Decimal("1164.09")), ("en_INR", Decimal("2565.92"))):
        path = samples / f"campaign_report_{name}_utf8.csv"
        assert refusal(path, ads()).column == "Day"
        undated = read(path, ads(undated_rows="period_end"))
        assert undated.prepared.control_totals["cost"] == total
        assert abs(sum(undated.column("cost")) - total) <= Decimal("0.02")
        assert undated.prepared.unknown_columns == ()


def test_every_cut_of_a_report_is_noticed(tmp_path: Path) -> None:
    """Cut at the end of a row before the totals it loads, but not as verified; anywhere else it is refused."""
    shop = ads()
    whole = BY_DAY.encode()
    for length in range(whole.index(b"2026-09-02"), len(whole) - 1, 7):
        path = write(tmp_path, whole[:length])
        try:
            file = read(path, shop)
        except Exception:
            continue
        assert whole[:length].endswith(b"\n") or file.prepared.is_end_verifiable
        assert len(file.only) == 3 or not file.prepared.is_end_verifiable
