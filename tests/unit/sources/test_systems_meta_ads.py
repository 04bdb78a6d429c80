from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.sources.contract import Contract
from tests.unit.sources.read_files import contract, read, refusal, write

HEADER = (
    '"Reporting starts","Reporting ends",Day,"Campaign name","Campaign ID","Attribution setting",Results,'
    'Impressions,"Clicks (all)","Link clicks","Amount spent (GBP)",Purchases,"Purchases conversion value"\n'
)
SUMMARY = '2026-09-01,2026-09-02,,,,,,"22,000",350,310,99.50,3,120.00\n'
ROWS = (
    '2026-09-01,2026-09-01,2026-09-01,"Spring, new",120211,7-day click,310,"12,000",200,310,49.50,3,120.00\n'
    "2026-09-02,2026-09-02,2026-09-02,Spring,120211,1-day click,9,10000,150,,50.00,,\n"
)


def meta(**yaml: Any) -> Contract:
    return contract("meta_ads", account_id="act", **yaml)


@pytest.mark.parametrize(
    "content", [HEADER + ROWS + SUMMARY, HEADER + SUMMARY + ROWS, "\ufeff" + HEADER + SUMMARY + ROWS]
)
def test_the_summary_row_is_a_control_total_wherever_it_stands(tmp_path: Path, content: str) -> None:
    file = read(write(tmp_path, content), meta())
    assert [(row["day"].day, row["impressions"], row["clicks"], row["cost"]) for row in file.only] == [
        (1, 12000, 200, Decimal("49.50")),
        (2, 10000, 150, Decimal("50.00")),
    ]
    assert file.column("link_clicks") == [310, 0]  # zeros are left out
    assert file.column("conversions") == [3.0, 0.0]  # purchases, never the results
    assert file.column("attribution") == ["7-day click", "1-day click"]
    assert set(file.column("currency")) == {"GBP"}
    assert set(file.column("account_id")) == {"act"}
    assert file.prepared.control_totals == {
        "impressions": 22000,
        "clicks": 350,
        "link_clicks": 310,
        "cost": Decimal("99.50"),
    }
    assert file.prepared.is_end_verifiable


def test_a_summary_that_does_not_add_up_is_refused(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, HEADER + ROWS + SUMMARY.replace("99.50", "199.50")), meta())
    assert (refused.column, refused.found) == ("cost", "2 rows that add up to 99.5")


def test_a_row_without_names_between_the_others_is_refused(tmp_path: Path) -> None:
    first, second = ROWS.splitlines(keepends=True)
    assert refusal(write(tmp_path, HEADER + first + SUMMARY + second), meta()).line == 3


def test_an_export_without_data_has_no_rows(tmp_path: Path) -> None:
    file = read(write(tmp_path, HEADER + '"No data available."\n'), meta())
    assert file.only == []
    assert file.prepared.is_end_verifiable


def test_amounts_in_two_currencies_are_refused(tmp_path: Path) -> None:
    two = HEADER.replace('Purchases,"P', '"Purchases","P').replace('"Clicks (all)"', '"Amount spent (EUR)"')
    assert refusal(write(tmp_path, two + ROWS), meta()).found == "the column 2 times"


def test_without_days_first_and_last_day_must_be_the_same(tmp_path: Path) -> None:
    no_day = HEADER.replace("Day,", "")
    rows = ROWS.replace("2026-09-01,2026-09-01,2026-09-01", "2026-09-01,2026-09-01")
    rows = rows.replace("2026-09-02,2026-09-02,2026-09-02", "2026-09-02,2026-09-02")
    path = write(tmp_path, no_day + rows)
    assert read(path, meta()).column("day") == [date(2026, 9, 1), date(2026, 9, 2)]
    path = write(tmp_path, no_day + rows.replace("2026-09-02,2026-09-02", "2026-09-01,2026-09-30"))
    refused = refusal(path, meta())
    assert (refused.line, refused.column) == (3, "Reporting starts")
    assert "Breakdown > By time > Day" in refused.advice
    assert read(path, meta(undated_rows="period_end")).column("day") == [date(2026, 9, 1), date(2026, 9, 30)]


def test_a_japanese_export(tmp_path: Path) -> None:
    content = (
        'レポート開始日,レポート終了日,キャンペーン名,結果,"消化金額 (JPY)",インプレッション数,アトリビューション設定\n'
        '2026-07-01,2026-07-01,"Example",100,"1,250",10000,クリックから7日間\n'
    )
    file = read(write(tmp_path, content), meta())
    (row,) = file.only
    assert (row["cost"], row["currency"], row["campaign_id"]) == (Decimal(1250), "JPY", "name:Example")
    assert row["clicks"] is None  # no such column: unknown, not zero
    assert file.prepared.unknown_columns == ("結果",)
