"""A hostile name changes what is read in a report and nothing else, in every form in which the report leaves.

Owners, products, campaigns, files, sources, questions and tasks are called what an attacker would call them. What is
compared is the structure of each form with that of the same report whose names are harmless: the elements of a page,
the keys of JSON, the cells of a workbook, the headers and parts of a mail, the lines of a text.
"""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pypdf
import pytest
from openpyxl import load_workbook

from kpi_pipeline.config.report import Audience
from tests.report_forms import LANGUAGES, Artefact, all_forms, delivered_everywhere
from tests.unit.delivery.office import Office, small_delivery
from tests.unit.reports.full_snapshot import WEEK, full_snapshot
from tests.unit.reports.markup import Page
from tests.unit.serve.conftest import new_maker
from tests.unit.serve.visitor import point_to

NAMES = {
    "markup": '<script>alert(1)</script><img src=x onerror=alert(1)>"\'>{{ 7*7 }}&lt;![y](javascript:z) #panic("x") $',
    "formula": '=HYPERLINK("http://evil.test")',
    "lines": 'Name\r\nBcc: x@evil.test\r\n\r\n"}]\u2028\x85\x00\x1b[31m\u202e\u2066=?utf-8?b?DQpCY2M6IHg=?=',
    "long": "W" * 10_000,
}
# No line of ours holds them: they end it, hide it, or turn it around.
UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]")
LONGEST = 1000


def forms(folder: Path, audience: Audience, name: str) -> list[Artefact]:
    office = Office(folder, small_delivery())
    point_to(full_snapshot(new_maker(folder / "published", audience), name))
    made = office.configuration
    configuration = replace(made, delivery=delivered_everywhere(list(made.reports)))
    pages = [f"/{code}/{place}" for code in LANGUAGES for place in ("", "quality", f"kpis/conversion/{WEEK}")]
    return all_forms(configuration, office.paths, office.clock, audience, WEEK, pages)


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> dict[Audience, dict[str, Any]]:
    audiences: tuple[Audience, ...] = ("internal", "executive")
    return {
        audience: {
            one.place: structure(one.form, one.content)
            for one in forms(tmp_path_factory.mktemp(audience), audience, "Name")
        }
        for audience in audiences
    }


def leaves(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of JSON under its path."""
    if isinstance(part, dict | list):
        for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
            yield from leaves(inner, f"{path}/{key}")
    else:
        yield path, part


def structure(form: str, content: bytes) -> Any:
    """What of a form must not depend on names; its texts are looked at on the way."""
    if form in ("report.html", "page", "archive"):
        return page_structure(content.decode())
    if form in ("report.json", "webhook"):
        found = list(leaves(json.loads(content)))
        for path, value in found:
            # Which marks a chart has and which file a row is of are no lines of text.
            assert not isinstance(value, str) or len(value) <= LONGEST, path
            assert not isinstance(value, str) or not UNSAFE.search(value), path
        return [path for path, _ in found]
    if form == "report.xlsx":
        return workbook_structure(content)
    if form == "report.pdf":
        return pdf_structure(content)
    if form == "mail":
        return mail_structure(content)
    text = content.decode()
    assert not UNSAFE.search(text)
    assert form != "report.md" or not re.search(r"(?<!\\)[<\[]", text)
    return len(text.split("\n"))


def page_structure(text: str) -> list[tuple[str, list[str]]]:
    page = Page(text)
    assert not UNSAFE.search(page.text)
    for tag, attributes in page.elements:
        assert tag not in {"script", "iframe", "object", "embed", "form", "base"}
        assert not [name for name in attributes if name.startswith("on")]
        assert not re.match("javascript:|data:", attributes.get("href") or attributes.get("src") or "")
    # Long texts get a class of their own.
    return [(tag, sorted(attributes.keys() - {"class"})) for tag, attributes in page.elements]


def workbook_structure(content: bytes) -> dict[str, str]:
    cells = {
        f"{position} {cell.coordinate}": cell
        for position, sheet in enumerate(load_workbook(io.BytesIO(content)).worksheets)
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
    assert not [place for place, cell in cells.items() if cell.hyperlink]
    assert not [cell.value for cell in cells.values() if cell.data_type == "f" and "HYPERLINK" in str(cell.value)]
    assert not [place for place, cell in cells.items() if isinstance(cell.value, str) and UNSAFE.search(cell.value)]
    return {place: cell.data_type for place, cell in cells.items()}


def pdf_structure(content: bytes) -> set[str]:
    """Which keys its catalogue has; nothing in it can be followed or run."""
    document = pypdf.PdfReader(io.BytesIO(content))
    assert not re.search(rb"/(JavaScript|JS|Launch|EmbeddedFile|URI)\b", content)
    assert not [note for page in document.pages for note in page.get("/Annots", ())]
    assert not UNSAFE.search("".join(page.extract_text() for page in document.pages).replace("\n", ""))
    return set(document.root_object)


def mail_structure(content: bytes) -> list[Any]:
    message = message_from_bytes(content, policy=default)
    assert [address.addr_spec for address in message["From"].addresses] == ["reports@shop.test"]
    assert len(message["To"].addresses) == 1
    found: list[Any] = []
    for part in message.walk():
        kind = part.get_content_type()
        assert not [name for name, value in part.items() if UNSAFE.search(str(value))]
        inner = part.get_payload(decode=True)
        found.append((kind, sorted(part.keys())))
        if kind == "text/html":
            found.append(page_structure(bytes(inner).decode()))
        elif kind == "text/plain":
            text = bytes(inner).decode()
            assert not UNSAFE.search(text.replace("\r\n", "\n"))
            found.append(len(text.splitlines()))
    return found


@pytest.mark.parametrize(
    ("audience", "name"),
    [
        ("internal", "markup"),
        ("executive", "lines"),
        *(
            pytest.param(audience, name, marks=pytest.mark.slow)
            for audience, name in (
                *(("internal", "lines"), ("internal", "formula"), ("internal", "long")),
                *(("executive", "markup"), ("executive", "formula"), ("executive", "long")),
            )
        ),
    ],
)
def test_a_hostile_name_changes_texts_and_nothing_else(
    harmless: dict[Audience, dict[str, Any]], tmp_path: Path, audience: Audience, name: str
) -> None:
    found = {one.place: structure(one.form, one.content) for one in forms(tmp_path, audience, NAMES[name])}
    assert found.keys() == harmless[audience].keys()
    assert [place for place in found if found[place] != harmless[audience][place]] == []
