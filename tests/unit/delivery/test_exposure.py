"""The check of the final bytes fires for every place in which an internal KPI can be named, and only there."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
import typst
import xlsxwriter
from openpyxl.comments import Comment

from kpi_pipeline.catalogue.exposure.audience import Audiences
from kpi_pipeline.delivery.channel import Parcel
from kpi_pipeline.delivery.edition import Attachment
from kpi_pipeline.delivery.exposure import ExposureCheck
from kpi_pipeline.delivery.mail_message import mail_bytes
from tests.unit.delivery.mail_server import MailServer
from tests.unit.delivery.office import Office, small_delivery
from tests.unit.delivery.test_mail_message import EDITION, PLACE

HTML, PDF, PNG = "text/html", "application/pdf", "image/png"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The internal KPI by its id, its metric's id, and its name in each language.
NAMES = ["clicks_kpi", "ctr", "Click-through rate", "نرخ کلیک"]
CASES = ["clicks_kpi", *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[1:3]), "نرخ کلیک"]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> ExposureCheck:
    made = Office(tmp_path_factory.mktemp("office"), small_delivery())
    return ExposureCheck(Audiences(made.configuration))


def problem(check: ExposureCheck, content: bytes, media_type: str, name: str = "report") -> str | None:
    return check.problem(Parcel((Attachment(name, media_type, content),)))


def workbook(fill: Callable[[Any], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def pdf(source: str) -> bytes:
    made: Any = typst.compile(source.encode())
    return bytes(made)


# Each place: what it is called in the message, and a file with the text there.
PAGES: dict[str, Callable[[str], bytes]] = {
    "text": lambda text: f"<p>More {text} now</p>".encode(),
    "text across tags": lambda text: f"<p>{text[:2]}<b>{text[2:4]}</b><wbr>{text[4:]}</p>".encode(),
    "entities": lambda text: "".join(f"&#{ord(one)};" for one in text).encode(),
    "title": lambda text: f"<title>{text}</title>".encode(),
    "an attribute": lambda text: f'<img alt="{text}">'.encode(),
    "a label": lambda text: f'<svg aria-label="{text}"/>'.encode(),
    "a link": lambda text: f'<a href="https://x.test/?kpi={text}">here</a>'.encode(),
    "an encoded link": lambda text: f'<a href="#{"".join(f"%{byte:02x}" for byte in text.encode())}">here</a>'.encode(),
    "a comment": lambda text: f"<!-- {text} -->".encode(),
    "a style": lambda text: f'<style>p::after {{ content: "{text}" }}</style>'.encode(),
    "a picture": lambda text: f"<svg><title>{text}</title><text>1</text></svg>".encode(),
    "a script": lambda text: f'<script type="application/json">["{text}"]</script>'.encode(),
    "data": lambda text: f'<p data-kpi="{text}">1</p>'.encode(),
}


def cell(book: Any, text: str) -> None:
    book.active["B2"] = text


def hidden(book: Any, text: str) -> None:
    sheet = book.create_sheet("more")
    sheet["A1"] = text
    sheet.sheet_state = "veryHidden"


def hidden_column(book: Any, text: str) -> None:
    book.active["Z99"] = text
    book.active.column_dimensions["Z"].hidden = True


def comment(book: Any, text: str) -> None:
    book.active["A1"].comment = Comment(text, "somebody")


def commenter(book: Any, text: str) -> None:
    book.active["A1"].comment = Comment("a note", text)


def sheet_name(book: Any, text: str) -> None:
    book.active.title = text


def properties(book: Any, text: str) -> None:
    book.properties.keywords = text


def creator(book: Any, text: str) -> None:
    book.properties.creator = text


def link(book: Any, text: str) -> None:
    book.active["A1"] = "here"
    book.active["A1"].hyperlink = f"https://x.test/?kpi={text}"


def header(book: Any, text: str) -> None:
    book.active.oddHeader.center.text = text


def defined_name(book: Any, text: str) -> None:
    book.defined_names["shown"] = openpyxl.workbook.defined_name.DefinedName("shown", attr_text=f'"{text}"')


def formula(book: Any, text: str) -> None:
    book.active["A1"] = f'=CONCATENATE("{text}",1)'


def validation(book: Any, text: str) -> None:
    rule = openpyxl.worksheet.datavalidation.DataValidation(type="whole", prompt=text, promptTitle="hint")
    rule.add("A1")
    book.active.add_data_validation(rule)


WORKBOOKS = [
    *(cell, hidden, hidden_column, comment, commenter, sheet_name, properties, creator, link, header, defined_name),
    *(formula, validation),
]
PDFS = {
    "text": lambda text: f"More {text} now",
    "title": lambda text: f'#set document(title: "{text}")\nnothing',
    "keywords": lambda text: f'#set document(keywords: ("{text}",))\nnothing',
    "author": lambda text: f'#set document(author: "{text}")\nnothing',
    "a link": lambda text: f'#link("https://x.test/?kpi={text}")[here]',
    "a heading": lambda text: f"= {text}\nnothing",
    "a file inside": lambda text: f'#pdf.attach("{text}.csv", bytes("1"))\nnothing',
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("place", PAGES)
def test_a_page_that_names_an_internal_kpi_is_refused(check: ExposureCheck, place: str, name: str) -> None:
    found = problem(check, PAGES[place](name), HTML)
    assert found is not None
    assert "names the internal KPI" in found
    assert problem(check, PAGES[place]("Conversion"), HTML) is None


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("fill", WORKBOOKS, ids=lambda fill: fill.__name__)
def test_a_workbook_that_names_an_internal_kpi_is_refused(
    check: ExposureCheck, fill: Callable[[Any, str], None], name: str
) -> None:
    found = problem(check, workbook(lambda book: fill(book, name)), XLSX)
    assert found is not None
    assert "names the internal KPI" in found
    assert problem(check, workbook(lambda book: fill(book, "Conversion")), XLSX) is None


def test_a_workbook_whose_words_are_divided_by_fonts_is_read_as_people_read_it(check: ExposureCheck) -> None:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    bold = book.add_format({"bold": True})
    book.add_worksheet().write_rich_string("A1", "clicks", bold, "_k", "pi")
    book.close()
    assert problem(check, stream.getvalue(), XLSX) is not None


def test_a_chart_of_a_workbook_is_read(check: ExposureCheck) -> None:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet()
    sheet.write_column("A1", [1, 2, 3])
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=Sheet1!$A$1:$A$3", "name": "Click-through rate"})
    sheet.insert_chart("C1", chart)
    book.close()
    assert problem(check, stream.getvalue(), XLSX) is not None


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("place", PDFS)
def test_a_pdf_that_names_an_internal_kpi_is_refused(check: ExposureCheck, place: str, name: str) -> None:
    found = problem(check, pdf('#set text(lang: "fa")\n' * (name == NAMES[3]) + PDFS[place](name)), PDF)
    assert found is not None
    assert "names the internal KPI" in found


def test_a_pdf_that_names_executive_kpis_alone_passes(check: ExposureCheck) -> None:
    assert problem(check, pdf("= Conversion\nnothing else"), PDF) is None
    assert problem(check, pdf('#set text(lang: "fa")\n= نرخ تبدیل\nکلیک و نرخ'), PDF) is None
    assert problem(check, pdf('#set text(lang: "fa")\nنرخ تبدیل کلیک'), PDF) is None


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    ("media_type", "write"),
    [
        ("text/plain", lambda text: f"more {text}\n".encode()),
        ("text/csv", lambda text: f"week,kpi\n1,{text}\n".encode()),
        ("application/json", lambda text: json.dumps({"kpis": [{"name": text}]}).encode()),
        ("application/json", lambda text: json.dumps({text: 1}).encode()),
        ("image/svg+xml", lambda text: f"<svg><desc>{text}</desc></svg>".encode()),
    ],
)
def test_texts_json_and_drawings_are_read(
    check: ExposureCheck, media_type: str, write: Callable[[str], bytes], name: str
) -> None:
    assert problem(check, write(name), media_type) is not None
    assert problem(check, write("Conversion"), media_type) is None


def test_a_picture_s_properties_are_read(check: ExposureCheck) -> None:
    def picture(text: bytes) -> bytes:
        chunk = b"Title\0" + text
        return b"\x89PNG\r\n\x1a\n" + len(chunk).to_bytes(4) + b"tEXt" + chunk + b"\0\0\0\0"

    assert problem(check, picture(b"clicks_kpi"), PNG) is not None
    assert problem(check, picture(b"Conversion"), PNG) is None


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("field", ["subject", "text", "html", "company", "file name", "inside", "report"])
def test_a_mail_that_names_an_internal_kpi_is_refused(check: ExposureCheck, field: str, name: str) -> None:
    edition = EDITION
    if field == "inside":
        edition = replace(edition, attachments=(Attachment("page.html", HTML, PAGES["a comment"](name)),))
    elif field == "file name":
        edition = replace(edition, attachments=(Attachment(f"{name}.html", HTML, b"<p>1</p>"),))
    elif field == "html":
        edition = replace(edition, html=f"<p>{name}</p>", attachments=())
    elif field == "report":
        edition = replace(edition, report=name, attachments=())
    else:
        edition = replace(edition, **{field: f"More {name}"}, attachments=())  # type: ignore[arg-type]
    if not name.isascii() and field in ("report", "file name"):
        return  # ids and names of files are Latin letters
    content = mail_bytes(
        edition, PLACE, sender="r@shop.test", recipient="c@shop.test", now=datetime(2026, 11, 18, tzinfo=UTC)
    )
    assert problem(check, content, "message/rfc822") is not None
    good = mail_bytes(
        replace(EDITION, attachments=()),
        PLACE,
        sender="r@shop.test",
        recipient="c@shop.test",
        now=datetime(2026, 11, 18, tzinfo=UTC),
    )
    assert problem(check, good, "message/rfc822") is None


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"anything", "application/octet-stream"),
        (b"no PDF", PDF),
        (b"no workbook", XLSX),
        (b"no picture", PNG),
        (b"\xff\xfe", "text/plain"),
        (b"{", "application/json"),
    ],
)
def test_what_cannot_be_read_is_not_sent(check: ExposureCheck, content: bytes, media_type: str) -> None:
    found = problem(check, content, media_type)
    assert found is not None
    assert "cannot be checked" in found


def test_the_name_of_a_file_counts(check: ExposureCheck) -> None:
    assert problem(check, b"1", "text/plain", "clicks_kpi.txt") is not None
    assert problem(check, b"1", "text/plain", "clicks%5Fkpi.txt") is not None


def test_a_longer_name_that_executives_know_is_no_leak(check: ExposureCheck) -> None:
    assert problem(check, b"doctrine and contracts", "text/plain") is None
    assert problem(check, "نرخ تبدیل".encode(), "text/plain") is None


def test_an_edition_that_names_an_internal_kpi_never_leaves(mailing: Office, server: MailServer) -> None:
    """A snapshot into which a name got by mistake."""
    mailing.publish("20261118-leak", kpi={"owner_name_en": "Head of click-through rate"})
    (one,) = mailing.deliver()
    assert one.state == "failed"
    assert one.reason == "refused: the text names the internal KPI 'click through rate'"
    assert server.mailbox == []
    mailing.change(enabled=False)
    assert mailing.states() == {"ceo@shop.test": "failed"}
    assert not mailing.paths.outbox.exists()


def test_files_with_entities_are_not_expanded(check: ExposureCheck) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as parts:
        parts.writestr("xl/workbook.xml", '<!DOCTYPE a [<!ENTITY b "cc">]><a>&b;</a>')
    found = problem(check, stream.getvalue(), XLSX)
    assert found is not None
    assert "cannot be checked" in found
