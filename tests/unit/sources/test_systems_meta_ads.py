from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.sources.contracts.contract import Contract
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
    assert row["conversions"] is None  # the results are never taken for purchases
    assert file.prepared.unknown_columns == ()


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "Jour;Nom de la campagne;Montant dépensé (USD);Impressions;Portée;Clics sur le lien;Achats sur le site web",
            "31/08/2026;Looma;1\u202f234,56;45\u202f012;40\u202f000;12;3",
        ),
        (
            "Jour;Nom de la campagne;Montant dépensé (USD);Impressions;Portée;Clics sur le lien;Achats sur le site web",
            "31/08/2026;Looma;1 234,56;45012;40000;12;3",
        ),
        (
            "Tag;Kampagnenname;Ausgegebener Betrag (USD);Impressionen;Reichweite;Link-Klicks;Website-Käufe",
            "2026-08-31;Looma;1.234,56;45.012;40.000;12;3",
        ),
        (
            'Día,"Nombre de la campaña","Importe gastado (USD)",Impresiones,Alcance,"Clics en el enlace",'
            '"Compras en el sitio web"',
            '2026-08-31,Looma,"1,234.56",45012,40000,12,3',
        ),
        (
            "Giorno;Nome della campagna;Importo speso (USD);Impressioni;Copertura;Clic sul link;Acquisti sul sito web",
            "31/08/2026;Looma;1.234,56;45.012;40.000;12;3",
        ),
        (
            'Dia,"Nome da campanha","Valor gasto (USD)",Impressões,Alcance,"Cliques no link","Compras no site"',
            "2026-08-31,Looma,1234.56,45012,40000,12,3",
        ),
        (
            'Day,"Campaign name","Amount spent (USD)",Impressions,Reach,"Link clicks","Website purchases"',
            '8/31/2026,Looma,"1,234.56","45,012",40000,12,3',
        ),
    ],
)
def test_the_same_row_in_seven_spellings(tmp_path: Path, header: str, row: str) -> None:
    file = read(write(tmp_path, f"{header}\n{row}\n"), meta())
    (found,) = file.only
    assert (found["day"], found["campaign_name"], found["currency"]) == (date(2026, 8, 31), "Looma", "USD")
    assert (found["cost"], found["impressions"], found["reach"]) == (Decimal("1234.56"), 45012, 40000)
    assert (found["link_clicks"], found["purchases"], found["conversions"]) == (12, 3.0, 3.0)
    assert file.prepared.unknown_columns == ()


def test_shared_samples(shared_data: Path) -> None:
    samples = shared_data.parent / "formats" / "meta_ads"
    file = read(samples / "fixture_ads_manager_ja_JPY.csv", meta(final_line_break=False))
    assert [(row["cost"], row["impressions"], row["reach"]) for row in file.only] == [
        (Decimal(1250), 10000, 9000),
        (Decimal(500), 4000, 3800),
    ]
    assert {(row["currency"], row["purchases"], row["link_clicks"]) for row in file.only} == {("JPY", None, None)}
    assert file.prepared.unknown_columns == ()
    english = samples / "fixture_ads_manager_en_JPY.csv"
    refused = refusal(english, meta(final_line_break=False))
    assert (refused.line, refused.column) == (2, "Reporting starts")
    (row,) = read(english, meta(final_line_break=False, undated_rows="period_end")).only
    assert (row["cost"], row["day"], row["link_clicks"]) == (Decimal(286369), date(2026, 7, 30), 24430)


def test_numbers_of_another_language_than_the_files_are_refused(tmp_path: Path) -> None:
    content = "Tag;Kampagnenname;Ausgegebener Betrag (EUR);Impressionen\n2026-08-31;Looma;1,234.56;45012\n"
    refused = refusal(write(tmp_path, content), meta())
    assert (refused.line, refused.column, refused.found) == (2, "Ausgegebener Betrag (EUR)", "'1,234.56'")
    with_declared_style = meta(decimal_separator=".", thousands_separator=",")
    assert read(write(tmp_path, content), with_declared_style).column("cost") == [Decimal("1234.56")]


def test_days_that_can_be_read_in_two_ways_are_refused_unless_declared(tmp_path: Path) -> None:
    path = write(tmp_path, 'Day,"Campaign name","Amount spent (USD)",Impressions\n03/04/2026,Looma,1.00,9\n')
    refused = refusal(path, meta())
    assert (refused.line, refused.column) == (2, "Day")
    assert "date_style" in refused.advice
    assert read(path, meta(options={"date_style": "%d/%m/%Y"})).column("day") == [date(2026, 4, 3)]


def test_each_metric_has_a_column_of_its_own(tmp_path: Path) -> None:
    header = (
        'Day,"Campaign name","Amount spent (EUR)",Impressions,Reach,Leads,Purchases,"Purchases conversion value",'
        '"3-second video plays","Video plays at 100%",ThruPlays,"Account timezone",Results,"Result indicator"\n'
    )
    content = (
        header + "2026-09-01,Spring,10.00,100,90,4,2,31.50,40,7,9,Europe/Rome,40,actions:video_view\n"
        "2026-09-02,Spring,10.00,100,,,,,,,,Europe/Rome,9,offsite_conversion.fb_pixel_purchase\n"
    )
    first, second = read(write(tmp_path, content), meta()).only
    assert (first["leads"], first["purchases"], first["purchase_value"]) == (4.0, 2.0, Decimal("31.50"))
    assert (first["reach"], first["video_views"], first["video_completions"]) == (90, 40, 7)
    assert (first["conversions"], first["conversion_value"]) == (2.0, Decimal("31.50"))
    assert first["time_zone"] == "Europe/Rome"
    assert (second["leads"], second["purchases"], second["video_views"]) == (0.0, 0.0, 0)  # zeros are left out
    assert second["reach"] is None  # unknown: reach is left out for other reasons, too
