"""Configurations that are suggested from samples; what is sure must read the sample, what is not must be said."""

import gzip
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from openpyxl import Workbook

from kpi_pipeline.config.source import Source
from kpi_pipeline.config.validation import validate
from kpi_pipeline.config.yaml_reader import read_yaml
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.suggestions.new_source import refuse_taken_name, suggest_from_answers, write_source
from kpi_pipeline.sources.suggestions.suggestion import suggest
from kpi_pipeline.sources.suggestions.suggestion_draft import Suggestion, written
from kpi_pipeline.sources.suggestions.value_styles import day_styles, number_styles
from tests.unit.sources.read_files import ReadFile, read, write

REFUNDS = (
    "Beleg-Nr.;Bestellnummer;Datum;Betrag (EUR);Grund;Lager\n"
    "1;A-1;31.10.2026;1.234,50;kaputt;x\n"
    "2;A-2;01.11.2026;12,00;;y\n"
)


def suggested(path: Path, scratch: Path) -> Suggestion:
    return suggest(path, path.name, scratch / "scratch")


def read_as_suggested(suggestion: Suggestion, path: Path) -> ReadFile:
    document = read_yaml(suggestion.yaml.encode(), Path("shop.yaml"))
    assert document.problems == ()
    source = validate(Source, document, ())
    assert isinstance(source, Source), source
    return read(path, build_contract("shop", source))


def test_a_known_system_is_found_by_reading_the_sample(tmp_path: Path) -> None:
    text = (
        "Campaign report\n1 September 2026 - 2 September 2026\n"
        "Day,Campaign ID,Campaign,Currency code,Impressions,Clicks,Cost\n"
        "2026-09-01,7,Spring,EUR,100,5,1.50\n2026-09-02,7,Spring,EUR,200,6,2.50\n"
    )
    path = write(tmp_path, text, "campaign_report_2026-09-03T06-00-00.csv")
    suggestion = suggested(path, tmp_path)
    assert (suggestion.system, suggestion.unsure) == ("google_ads", ())
    assert 'exported_at: "(\\\\d{4}-\\\\d{2}-\\\\d{2}T' in suggestion.yaml
    assert sum(read_as_suggested(suggestion, path).column("cost")) == Decimal("4")


def test_a_currency_that_the_file_does_not_say_is_left_open(tmp_path: Path) -> None:
    text = "Day,Campaign ID,Campaign,Impressions,Clicks,Cost\n2026-09-01,7,Spring,100,5,1.50\n"
    suggestion = suggested(write(tmp_path, text), tmp_path)
    assert suggestion.system == "google_ads"
    assert "currency: the file does not say its currency" in suggestion.unsure
    assert "# unsure: currency: EUR" in suggestion.yaml


def test_an_export_of_a_known_system_that_is_refused_is_still_recognised(tmp_path: Path) -> None:
    text = "Campaign report\n\nCampaign ID,Campaign,Currency code,Impressions,Clicks,Cost\n7,Spring,EUR,100,5,1.50\n"
    suggestion = suggested(write(tmp_path, text), tmp_path)
    assert suggestion.system == "google_ads"
    assert "the sample is refused: export.csv, line 3, column 'Day'" in suggestion.unsure[0]


def test_any_other_file_gets_a_mapping_that_reads_it(tmp_path: Path) -> None:
    path = write(tmp_path, REFUNDS, "gutschriften_20261102.csv")
    suggestion = suggested(path, tmp_path)
    assert suggestion.unsure == ()
    assert "not used: Lager" in suggestion.detected
    rows = read_as_suggested(suggestion, path).rows["refunds"]
    assert [(row["refund_id"], row["day"], row["amount"], row["currency"], row["reason"]) for row in rows] == [
        ("1", date(2026, 10, 31), Decimal("1234.5"), "EUR", "kaputt"),
        ("2", date(2026, 11, 1), Decimal("12"), "EUR", None),
    ]


def test_what_can_be_read_in_two_ways_is_never_decided(tmp_path: Path) -> None:
    text = REFUNDS.replace("31.10.2026", "01/10/2026").replace("01.11.2026", "02/11/2026")
    text = text.replace("1.234,50", "1.234").replace("12,00", "5.678")
    suggestion = suggested(write(tmp_path, text), tmp_path)
    dates, numbers = sorted(suggestion.unsure)
    assert dates.startswith("day.style: 01/10/2026 can be read")
    assert numbers.startswith("decimal_separator: 1.234 may be a whole number or one with decimals")
    assert '# unsure: day.style: "%d/%m/%Y" or "%m/%d/%Y"' in suggestion.yaml
    assert "\ndecimal_separator" not in suggestion.yaml


@pytest.mark.parametrize("days", [("13/10/2026", "02/11/2026"), ("10/13/2026", "11/02/2026")])
def test_one_day_after_the_twelfth_decides(tmp_path: Path, days: tuple[str, str]) -> None:
    path = write(tmp_path, REFUNDS.replace("31.10.2026", days[0]).replace("01.11.2026", days[1]))
    suggestion = suggested(path, tmp_path)
    assert suggestion.unsure == ()
    assert read_as_suggested(suggestion, path).column("day") == [date(2026, 10, 13), date(2026, 11, 2)]


def test_units_and_calendars_of_persian_files(tmp_path: Path) -> None:
    text = "شماره مرجوعی,شماره سفارش,تاریخ,مبلغ (تومان)\n۱,۱۰,۱۴۰۵/۰۶/۳۱,۱۲۰٬۰۰۰\n۲,۱۱,1405/07/01,۳۰٬۰۰۰\n"
    path = write(tmp_path, text)
    suggestion = suggested(path, tmp_path)
    assert suggestion.unsure == ()
    rows = read_as_suggested(suggestion, path).rows["refunds"]
    assert [(row["day"], row["amount"], row["currency"]) for row in rows] == [
        (date(2026, 9, 22), Decimal("1200000"), "IRR"),  # 31 Shahrivar and 1 Mehr 1405
        (date(2026, 9, 23), Decimal("300000"), "IRR"),
    ]


def test_identities_become_hashes_and_what_sounds_personal_is_not_taken(tmp_path: Path) -> None:
    text = (
        "Order ID,Created at,Email,Phone,Status,Total,Currency\n"
        "1,2026-11-01T10:00:00Z,ada@example.com,+49 170 1234567,paid,10.00,EUR\n"
    )
    path = write(tmp_path, text)
    suggestion = suggested(path, tmp_path)
    assert suggestion.unsure == ()
    assert "customer_key: {header: Email, personal: true}" in suggestion.yaml
    assert "not used: Phone" in suggestion.detected
    (row,) = read_as_suggested(suggestion, path).rows["orders"]
    assert (row["day"], row["created_at"]) == (date(2026, 11, 1), datetime(2026, 11, 1, 10))
    assert "@" not in row["customer_key"]


def test_values_that_the_subject_does_not_know_are_left_open(tmp_path: Path) -> None:
    text = "Order ID,Created at,Customer ID,Status,Total,Currency\n1,2026-11-01 10:00:00,7,Bezahlt,10.00,EUR\n"
    suggestion = suggested(write(tmp_path, text), tmp_path)
    assert sorted(entry.partition(":")[0] for entry in suggestion.unsure) == ["created_at.time_zone", "status.values"]
    assert "# unsure: status.values: {Bezahlt: paid}" in suggestion.yaml


def test_missing_and_similar_columns_are_left_open(tmp_path: Path) -> None:
    text = "Refund ID,Date,Amounts,Reason,Quantity,Currency\n1,2026-11-01,10.00,broken,1,EUR\n"
    suggestion = suggested(write(tmp_path, text), tmp_path)
    assert "amount: 'Amounts' is only similar to the name" in suggestion.unsure
    assert "order_id: refunds needs it, and no column is called like that" in suggestion.unsure
    assert "\n    # unsure: order_id: {header: ...}" in suggestion.yaml


def test_a_table_of_nothing_that_is_known_says_so(tmp_path: Path) -> None:
    suggestion = suggested(write(tmp_path, "apples,pears\n1,2\n"), tmp_path)
    assert suggestion.unsure == ("subject: no subject has columns called like these: apples, pears",)


def test_other_formats(tmp_path: Path) -> None:
    record = {"refund_id": "1", "order_id": "A", "day": "2026-11-01", "amount": "2.50", "currency": "EUR"}
    lines = write(tmp_path, json.dumps(record) + "\n", "a.jsonl")
    table = tmp_path / "b.parquet"
    duckdb.execute(f"copy (select * from read_json('{lines}')) to '{table}' (format parquet)")
    workbook = Workbook()
    workbook.active.append(list(record))
    workbook.active.append(list(record.values()))
    workbook.save(tmp_path / "c.xlsx")
    tabs = write(tmp_path, "\t".join(record) + "\n" + "\t".join(record.values()) + "\n", "d.tsv")
    packed = tmp_path / "e.csv.gz"
    packed.write_bytes(gzip.compress((",".join(record) + "\n" + ",".join(record.values()) + "\n").encode()))
    for path, system in (
        (lines, "jsonl"),
        (table, "parquet"),
        (tmp_path / "c.xlsx", "xlsx"),
        (tabs, "csv"),
        (packed, "csv"),
    ):
        suggestion = suggested(path, tmp_path)
        assert (suggestion.system, suggestion.unsure) == (system, ())
        assert read_as_suggested(suggestion, path).column("amount") == [Decimal("2.5")]


def test_an_encoding_is_proposed_and_not_decided(tmp_path: Path) -> None:
    german = suggested(write(tmp_path, REFUNDS.replace("kaputt", "beschädigt").encode("cp1252")), tmp_path)
    assert "encoding: it is not UTF-8; cp1252 or cp1256 fit; so read: beschädigt" in german.unsure
    persian = REFUNDS.replace("kaputt", "خراب شده است").encode("cp1256")
    assert "cp1256" in suggested(write(tmp_path, persian), tmp_path).unsure[0].partition(" or ")[0]


@pytest.mark.parametrize("content", [b"", b"\x00\x81\x8d" * 50, b"just a sentence\n", b'{"a": 1}\nnot json\n'])
def test_a_sample_that_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(RefusedFile):
        suggested(write(tmp_path, content), tmp_path)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    suggested(write(tmp_path, REFUNDS.encode("utf-16")), tmp_path)
    assert not list((tmp_path / "scratch").glob("*"))


def test_a_source_is_written_once(tmp_path: Path) -> None:
    suggestion = suggest_from_answers("google_ads", currency="eur", time_zone="")
    path = write_source(tmp_path, "ads_de", suggestion)
    assert path.read_text(encoding="utf-8") == suggestion.yaml
    assert "currency: EUR" in suggestion.yaml
    with pytest.raises(ConfigurationError, match="found a source of this name"):
        write_source(tmp_path, "ads_de", suggestion)
    for name in ("Ads", "a", "../ads", "ads.yaml"):
        with pytest.raises(ConfigurationError, match="other characters"):
            refuse_taken_name(tmp_path, name)


def test_answers_leave_open_what_a_system_needs(tmp_path: Path) -> None:
    suggestion = suggest_from_answers("zendesk_tickets", currency="", time_zone="")
    assert suggestion.unsure == ("time_zone: zendesk_tickets needs the zone of the account",)
    assert suggest_from_answers("hubspot_deals", currency="", time_zone="UTC").unsure
    with pytest.raises(ConfigurationError, match="found 'EURO'"):
        suggest_from_answers("google_ads", currency="EURO", time_zone="")


@pytest.mark.parametrize(
    "value", ["yes", "no", "on", "12:30", "0123", "a: b", "# x", "", "null", "Wert", "مبلغ", "%d.%m.%Y"]
)
def test_values_are_written_so_that_they_are_read_as_they_are(value: str) -> None:
    document = read_yaml(f"key: {written(value)}\nmap: {written({'header': value})}\n".encode(), Path("a.yaml"))
    assert document.problems == ()
    assert document.value == {"key": value, "map": {"header": value}}


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (["2.50"], ["."]),
        (["1.234"], [".", ","]),
        (["1,234"], [".", ","]),
        (["1,234", "12.5"], ["."]),
        (["1.234", "12,5"], [","]),
        (["1,234.5"], ["."]),
        (["1 234,5"], [","]),
        (["5", "-7"], ["."]),
        (["۱۲۰٬۰۰۰", "۲٫۵"], ["."]),
        (["1.5", "1,5"], []),
        (["1e5"], []),
        ([], []),
    ],
)
def test_numbers_have_one_style_for_each_way_of_understanding_them(values: list[str], marks: list[str]) -> None:
    assert [style.decimal_separator for style in number_styles(values)] == marks


@pytest.mark.parametrize(
    ("values", "styles"),
    [
        (["2026-11-01"], ["iso"]),
        (["2026-02-30"], []),
        (["1405/09/01", "۱۴۰۵/۰۹/۰۲"], ["jalali"]),
        (["1405-09-01"], ["jalali"]),
        (["01/02/2026"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["01.02.2026"], ["%d.%m.%Y"]),
        (["1 Nov 2026"], ["%d %b %Y"]),
        (["20261101"], ["%Y%m%d"]),
        (["2026-11-01", "01.11.2026"], []),
        ([], []),
    ],
)
def test_days_have_every_style_that_fits_all_of_them(values: list[str], styles: list[str]) -> None:
    assert day_styles(values) == styles
