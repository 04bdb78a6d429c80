import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.cell import Cell

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files import spreadsheet
from kpi_pipeline.sources.files.reading import prepare_file
from tests.unit.sources.read_files import KEY, contract, read, refusal, write

HEADER = ("day", "refund_id", "order_id", "amount", "reason")
ROWS = ((date(2026, 11, 1), "R1", 1001, 10.5, "late"), (date(2026, 11, 2), "R2", 1002, 7, None))
SHEET = "xl/worksheets/sheet1.xml"


def refunds(system: str = "xlsx", **yaml: Any) -> Contract:
    columns: dict[str, Any] = {name: {"header": name} for name in HEADER}
    columns["reason"]["required"] = False
    return contract(system, **{"subject": "refunds", "currency": "EUR", "columns": columns, **yaml})


def workbook(*rows: Sequence[Any], sheets: dict[str, Sequence[Sequence[Any]]] | None = None) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for title, content in (sheets or {"Export": rows}).items():
        sheet = book.create_sheet(title)
        for row in content:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def changed(content: bytes, change: Callable[[str], str], part: str = SHEET) -> bytes:
    """Change the text of one part of a workbook."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()).encode() if name == part else text)
    return buffer.getvalue()


def saved(folder: Path, *rows: Sequence[Any]) -> Path:
    return write(folder, workbook(*rows), "export.xlsx")


@pytest.mark.parametrize("system", ["xlsx", "csv"])
def test_a_sheet_is_read_like_the_csv_of_the_same_table(tmp_path: Path, system: str) -> None:
    file = read(saved(tmp_path, HEADER, *ROWS), refunds(system), tmp_path / "scratch")
    assert [(row["day"], row["refund_id"], row["order_id"], row["amount"], row["reason"]) for row in file.only] == [
        (date(2026, 11, 1), "R1", "1001", Decimal("10.5"), "late"),
        (date(2026, 11, 2), "R2", "1002", Decimal(7), None),
    ]
    assert file.prepared.is_end_verifiable
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_known_system_reads_a_workbook_with_its_preamble_and_its_totals(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        ("Campaign report",),
        ("November 1, 2026 - November 2, 2026",),
        ("Day", "Campaign", "Campaign ID", "Currency code", "Cost", "Impr.", "Clicks"),
        (date(2026, 11, 1), "Spring", "11", "CAD", 12.34, 1234, 7),
        (date(2026, 11, 2), "Spring", "11", "CAD", 0.1, 10, 1),
        ("Total: Campaigns", " --", " --", " --", 12.44, 1244, 8),
    )
    file = read(path, contract("google_ads"))
    assert sorted(file.column("cost")) == [Decimal("0.1"), Decimal("12.34")]
    assert file.prepared.control_totals == {"impressions": 1244, "clicks": 8, "cost": Decimal("12.44")}
    assert file.prepared.stated_range == (date(2026, 11, 1), date(2026, 11, 2))


def cells(folder: Path, *values: Any, format: str | None = None, **yaml: Any) -> list[str]:
    """The texts that values become in the copy."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    for number, value in enumerate(values, start=1):
        sheet.append((date(2026, 11, 1), f"R{number}", "1", 1))
        cell = sheet.cell(number + 1, 5, value)
        assert isinstance(cell, Cell)
        if format:
            cell.number_format = format
    buffer = io.BytesIO()
    book.save(buffer)
    rows = read(write(folder, buffer.getvalue()), refunds(**yaml)).only
    return [row["reason"] or "" for row in sorted(rows, key=lambda row: int(row["refund_id"][1:]))]


def test_what_cells_become(tmp_path: Path) -> None:
    assert cells(tmp_path, 1, 1.0, 0.1, -0.5, 1e-7, 123456789012345, 1200.0, "007") == [
        *("1", "1", "0.1", "-0.5", "0.0000001", "123456789012345", "1200", "007")
    ]
    assert cells(tmp_path, True, False, None, " a\nb ", "=text"[1:]) == ["true", "false", "", " a\nb ", "text"]
    assert cells(tmp_path, datetime(2026, 11, 1), date(2026, 11, 2), datetime(2026, 11, 3, 10, 15, 30)) == [
        *("2026-11-01", "2026-11-02", "2026-11-03 10:15:30")
    ]
    assert cells(tmp_path, time(9, 30), timedelta(hours=30, minutes=5)) == ["09:30:00", "30:05:00"]


def test_a_percentage_is_its_stored_number_unless_a_percent_sign_is_expected(tmp_path: Path) -> None:
    assert cells(tmp_path, 0.1176, format="0.00%") == ["0.1176"]
    columns: dict[str, Any] = {name: {"header": name} for name in HEADER}
    columns["amount"] |= {"strip": "%", "scale": "0.01"}
    book = openpyxl.load_workbook(io.BytesIO(workbook(HEADER, (date(2026, 11, 1), "R1", "1", 0.1176, "x"))))
    book["Export"]["D2"].number_format = "0.0%"
    buffer = io.BytesIO()
    book.save(buffer)
    assert read(write(tmp_path, buffer.getvalue()), refunds(columns=columns)).column("amount") == [Decimal("0.1176")]


def test_a_number_keeps_its_value_under_another_decimal_separator(tmp_path: Path) -> None:
    german = refunds(decimal_separator=",", thousands_separator=".")
    rows = ((date(2026, 11, 1), "R1", "1", 1.234, ""), (date(2026, 11, 1), "R2", "1", "1.234,5", ""))
    assert sorted(read(saved(tmp_path, HEADER, *rows), german).column("amount")) == [
        *(Decimal("1.234"), Decimal("1234.5"))
    ]


def test_a_real_date_needs_no_style_but_a_text_does(tmp_path: Path) -> None:
    columns: dict[str, Any] = {name: {"header": name} for name in HEADER}
    columns["day"]["style"] = "%d/%m/%Y"
    styled = refunds(columns=columns)
    real, text = (date(2026, 4, 3), "R1", "1", 1, ""), ("03/04/2026", "R2", "1", 1, "")
    assert read(saved(tmp_path, HEADER, real), styled).column("day") == [date(2026, 4, 3)]
    assert read(saved(tmp_path, HEADER, text), styled).column("day") == [date(2026, 4, 3)]
    # A spreadsheet that read days as months leaves such a mixture behind.
    mixed = refusal(saved(tmp_path, HEADER, real, text), styled)
    assert (mixed.line, mixed.column, mixed.found) == (3, "day", "'03/04/2026'")


@pytest.mark.parametrize("value", [10**15, 120210000000000000, 1.2021e17, -(10**16), 1e300])
def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_refused(tmp_path: Path, value: float) -> None:
    refused = refusal(saved(tmp_path, HEADER, (date(2026, 11, 1), "R1", value, 1, "")), refunds())
    assert (refused.line, refused.column) == (2, "C")
    assert re.match(r"the number -?1\S+ in cell C2 of the sheet 'Export'", refused.found)
    assert "15 digits" in refused.advice


def test_an_error_is_refused_with_its_cell(tmp_path: Path) -> None:
    refused = refusal(saved(tmp_path, HEADER, *ROWS, (date(2026, 11, 3), "R3", "3", "#REF!", "")), refunds())
    assert (refused.line, refused.found) == (4, "the error #REF! in cell D4 of the sheet 'Export'")


def test_formulas_count_with_the_value_that_was_calculated(tmp_path: Path) -> None:
    content = workbook(HEADER, (date(2026, 11, 1), "R1", "1", "=5+5", ""), (date(2026, 11, 1), "R2", "1", "=0", ""))

    def with_values(*values: str) -> bytes:
        left = list(values)
        return changed(content, lambda text: re.sub(r"</f><v ?/?>(</v>)?", lambda _: "</f>" + left.pop(0), text))

    path = write(tmp_path, with_values("<v>10</v>", "<v>0</v>"))
    assert sorted(read(path, refunds()).column("amount")) == [0, 10]
    refused = refusal(write(tmp_path, with_values("<v>10</v>", "")), refunds())
    assert (refused.line, refused.found) == (3, "a formula without a value in cell D3 of the sheet 'Export'")
    refused = refusal(write(tmp_path, with_values("<v>0</v>", "<v>0</v>")), refunds())
    assert (refused.line, refused.found) == (2, "only formulas with the value 0 in cell D2 of the sheet 'Export'")


def test_the_first_sheet_is_read_unless_another_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, workbook(sheets={"One": [HEADER, ROWS[0]], "Two": [HEADER, *ROWS]}))
    assert len(read(path, refunds()).only) == 1
    assert len(read(path, refunds(options={"sheet": "Two"})).only) == 2
    assert refusal(path, refunds(options={"sheet": "Three"})).found == "the sheets 'One', 'Two'"
    fx = workbook(sheets={"Notes": [("x",)], "Rates": [("date", "base", "quote", "rate"), ("2026-11-01", "A", "B", 1)]})
    refused = refusal(write(tmp_path, fx), contract("fx_rates", options={"sheet": "Rates"}))
    assert (refused.line, refused.column) == (2, "base")


def test_empty_rows_and_columns_do_not_matter_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    padded = [(*row, None, "") for row in ROWS]
    rows = ((), ("a title",), (), HEADER, padded[0], (), ("", None), padded[1], (), ("", ""))
    assert len(read(saved(tmp_path, *rows), refunds()).only) == 2
    bad = (date(2026, 11, 1), "R3", "1", "x", "line\nbreak")
    refused = refusal(saved(tmp_path, *rows[:5], (), (*bad[:3], 1, "a\nb\nc"), bad), refunds())
    assert (refused.line, refused.column, refused.found) == (8, "amount", "'x'")


def test_a_value_right_of_the_table_is_not_overlooked(tmp_path: Path) -> None:
    rows = [ROWS[0]] * 80
    refused = refusal(saved(tmp_path, HEADER, *rows, (*ROWS[0], "more")), refunds())
    assert (refused.line, refused.found) == (82, "6 cells")


def test_a_second_table_below_is_refused(tmp_path: Path) -> None:
    refused = refusal(saved(tmp_path, HEADER, *ROWS, (), ("country", "refunds"), ("DE", 2)), refunds())
    assert (refused.line, refused.column, refused.found) == (5, "day", "'country'")


def test_workbooks_may_be_compressed_once_more(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("export.xlsx", workbook(HEADER, *ROWS))
    assert len(read(write(tmp_path, buffer.getvalue(), "export.zip"), refunds()).only) == 2


def test_text_is_no_workbook_and_a_workbook_no_record_file(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, "day,refund_id\n"), refunds()).found == "a csv file"
    assert refusal(saved(tmp_path, HEADER), refunds("jsonl")).found == "a xlsx file"


def test_a_cut_workbook_is_refused(tmp_path: Path) -> None:
    whole = workbook(HEADER, *ROWS)
    for length in range(4, len(whole), 97):
        assert refusal(write(tmp_path, whole[:length]), refunds()).found.startswith("a damaged archive")


def test_a_broken_part_is_refused(tmp_path: Path) -> None:
    broken = changed(workbook(HEADER, *ROWS), lambda text: text.replace("</row>", "", 1))
    refused = refusal(write(tmp_path, broken), refunds(), tmp_path / "scratch")
    assert refused.found.startswith("a workbook that cannot be read (ParseError")
    assert list((tmp_path / "scratch").iterdir()) == []


def handmade(sheet: str, strings: str) -> bytes:
    """A workbook as Excel writes it, with its texts in a part of their own."""
    office = "http://schemas.openxmlformats.org"
    main = f'xmlns="{office}/spreadsheetml/2006/main"'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    relation = f"{office}/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{office}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/{SHEET}" ContentType="{kind}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{office}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{relation}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{office}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relation}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        SHEET: f"<worksheet {main}><sheetData>{sheet}</sheetData></worksheet>",
        "xl/sharedStrings.xml": strings.replace("<sst>", f"<sst {main}>"),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()


SHARED = "<sst>" + "".join(f"<si><t>{text}</t></si>" for text in (*HEADER, "2026-11-01", "R1", "A1")) + "</sst>"
SHARING = (
    '<row r="1">' + "".join(f'<c t="s"><v>{number}</v></c>' for number in range(5)) + "</row>"
    '<row r="2"><c t="s"><v>5</v></c><c t="s"><v>6</v></c><c t="s"><v>7</v></c><c><v>0.10000000000000001</v></c></row>'
)


def test_texts_may_be_kept_apart_from_the_cells(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, handmade(SHARING, SHARED)), refunds()).only
    assert (row["refund_id"], row["amount"]) == ("R1", Decimal("0.1"))


@pytest.mark.parametrize("raw", ["1.2021E+17", "120210000000000123", "1000000000000000"])
def test_long_numbers_are_refused_however_they_are_stored(tmp_path: Path, raw: str) -> None:
    sheet = SHARING.replace('<c t="s"><v>6</v></c>', f"<c><v>{raw}</v></c>")
    assert refusal(write(tmp_path, handmade(sheet, SHARED)), refunds()).found.startswith("the number 1")


def test_a_text_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused = refusal(write(tmp_path, handmade(SHARING.replace("<v>6</v>", "<v>99</v>"), SHARED)), refunds())
    assert refused.found.startswith("a workbook that cannot be read (IndexError")


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_entities_are_refused(tmp_path: Path, part: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>'
    for start in (bomb, '<?xml version="1.0" encoding="cp037"?>', '<?xml version="1.0"?>' + " " * (1 << 20) + bomb):
        content = changed(handmade(SHARING, SHARED), lambda text, start=start: start + text, part)  # type: ignore[misc]
        refused = refusal(write(tmp_path, content), refunds())
        assert refused.found.startswith(("a declaration or an unusual encoding", "more than 100 times"))


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    def blown_up(text: str) -> str:
        return text.replace("</sheetData>", '<row r="9"/>' * 500_000 + "</sheetData>")

    refused = refusal(write(tmp_path, changed(workbook(HEADER, *ROWS), blown_up)), refunds())
    assert "more than 100 times the" in refused.found


def test_what_a_workbook_keeps_in_memory_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MAX_HELD_BYTES", 1000)
    assert "more than 1000 bytes of texts" in refusal(saved(tmp_path, HEADER, *ROWS), refunds()).found


@pytest.mark.parametrize("number", ["2000000000", "1", "0"])
def test_rows_with_impossible_numbers_are_refused(tmp_path: Path, number: str) -> None:
    content = changed(workbook(HEADER, *ROWS), lambda text: re.sub(r'<row r="3"', f'<row r="{number}"', text))
    assert refusal(write(tmp_path, content), refunds()).found.startswith(f"row {number} after row 2")


def test_a_value_far_to_the_right_is_refused(tmp_path: Path) -> None:
    content = changed(workbook(HEADER, *ROWS), lambda text: text.replace('r="E2"', 'r="XFD2"'))
    assert "in cell XFD2" in refusal(write(tmp_path, content), refunds()).found


def test_the_copy_is_deleted_by_the_caller_and_named_to_it(tmp_path: Path) -> None:
    prepared = prepare_file(
        saved(tmp_path, HEADER, *ROWS), "export.xlsx", refunds(), hash_key=KEY, scratch=tmp_path / "scratch"
    )
    assert prepared.temporary is not None
    assert [prepared.temporary] == list((tmp_path / "scratch").iterdir())
