"""Google Ads: the same report in other languages, and with its title and totals in other places."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.sources.files.refused_file import RefusedFile
from tests.unit.sources.read_files import read, refusal, write
from tests.unit.sources.test_systems_google_ads import BY_DAY, ads


def test_a_french_report_has_french_numbers_and_dates(tmp_path: Path) -> None:
    content = (
        'Rapport sur les campagnes\n"1 sept. 2026 - 3 sept. 2026"\n'
        "Jour;Campagne;Code de la devise;Coût;Impr.;Clics;Conversions\n"
        "2026-09-01;Toitures;CAD;12,34;1\u202f234;7;1,00\n"
        "2026-09-02;Toitures;CAD;1\u202f020,50;10\u202f500;88;2,50\n"
        "Total : compte;--;CAD;1\u202f032,84;11\u202f734;95;3,50\n"
    )
    file = read(write(tmp_path, content), ads())
    assert file.column("cost") == [Decimal("12.34"), Decimal("1020.50")]
    assert file.prepared.control_totals["impressions"] == 11734
    assert file.prepared.stated_range == (date(2026, 9, 1), date(2026, 9, 3))
    with_points = write(tmp_path, content.replace("12,34", "12.34"))
    assert refusal(with_points, ads()).column == "Coût"


def test_a_german_report_has_german_numbers_and_dates(tmp_path: Path) -> None:
    content = (
        'Kampagnenbericht\n"1. September 2026 - 2. September 2026"\n'
        "Tag,Kampagne,Währungscode,Kosten,Impr.,Klicks,Conversions\n"
        '2026-09-01,Dach,USD,"1.234,56","12.345",120,"3,00"\n'
        '2026-09-02,Dach,USD,"99,90",900,9,"0,50"\n'
        'Gesamt: Konto,--,USD,"1.334,46","13.245",129,"3,50"\n'
    )
    file = read(write(tmp_path, content), ads())
    assert file.column("cost") == [Decimal("1234.56"), Decimal("99.90")]
    assert file.column("impressions") == [12345, 900]
    assert file.prepared.control_totals["conversions"] == 3.5
    assert file.prepared.stated_range == (date(2026, 9, 1), date(2026, 9, 2))
    assert refusal(write(tmp_path, content.replace('"99,90"', "99.90")), ads()).column == "Kosten"


def rows_of(content: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """Return title and range, the header, the rows and the totals of a report."""
    lines = content.splitlines(keepends=True)
    return lines[:2], lines[2:3], lines[3:6], lines[6:]


@pytest.mark.parametrize("padding", ["", ",,,,,,,,,,"])
@pytest.mark.parametrize("last_break", ["", "\n", "\r\n"])
def test_title_and_range_may_stand_below_the_rows_and_totals_above(
    tmp_path: Path, padding: str, last_break: str
) -> None:
    preamble, header, rows, totals = rows_of(BY_DAY)
    footer = "\n".join(line.strip() + padding for line in preamble) + last_break
    content = "".join(header + totals + rows) + footer
    if last_break == "\r\n":
        content = content.replace("\r\n", "\n").replace("\n", "\r\n")
    file = read(write(tmp_path, content), ads())
    usual = read(write(tmp_path, BY_DAY), ads())
    assert (file.rows, file.prepared.control_totals) == (usual.rows, usual.prepared.control_totals)
    assert file.prepared.stated_range == usual.prepared.stated_range
    assert file.prepared.is_end_verifiable


def test_a_row_that_is_cut_is_no_footer(tmp_path: Path) -> None:
    preamble, header, rows, _totals = rows_of(BY_DAY)
    content = "".join([*preamble, *header, *rows]) + "2026-09-03"
    assert refusal(write(tmp_path, content), ads()).found == "no line break after the last row"
    assert refusal(write(tmp_path, content + "\n"), ads()).line == 7


def test_a_cut_footer_is_no_row(tmp_path: Path) -> None:
    preamble, header, rows, totals = rows_of(BY_DAY)
    whole = "".join(header + totals + rows) + "".join(preamble).rstrip()
    for length in range(len(whole) - 60, len(whole), 4):
        path = write(tmp_path, whole[:length])
        try:
            file = read(path, ads())
        except (RefusedFile, duckdb.Error):
            continue
        assert len(file.only) == 3


def test_a_preamble_that_a_spreadsheet_padded(tmp_path: Path) -> None:
    content = BY_DAY.replace("Campaign report\n", "Ad group performance,,,,,,,,,,\n").replace(
        '2026"\n', '2026",,,,,,,,,\n'
    )
    assert read(write(tmp_path, content), ads()).rows == read(write(tmp_path, BY_DAY), ads()).rows
