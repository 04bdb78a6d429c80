"""Every text in a finished file, wherever it stands: what is read, what is hidden, and what only programs see.

Here: one reader for each kind of file that an edition may hold. A kind without a reader cannot be checked and is
refused in ``exposure``. What the texts must not say belongs there too.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

from defusedxml import ElementTree

from kpi_pipeline.delivery.edition import Attachment

# A place inside the file, for a person, and the text that stands there.
Found = Iterator[tuple[str, str]]

# Names of classes and values that only choose a look; all other attributes may be read or heard.
_LOOKS = frozenset({"class", "style", "xmlns", "viewbox", "d", "points", "transform", "fill", "stroke"})
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
# How the header of a sheet chooses fonts and sides, glued to the text.
_HEADER_CODES = re.compile(r"&(?:\"[^\"]*\"|\d+|[A-Za-z])")
# Attributes of a workbook that people see or follow; the others are numbers and codes of the format.
_SHOWN = frozenset(
    {
        *("name", "display", "tooltip", "location", "ref", "title", "descr", "prompt", "promptTitle", "error"),
        *("errorTitle", "alias", "formatCode", "codeName", "author", "Target", "sheet", "val", "displayName"),
    }
)
# Attributes of a chart choose its look; what it says stands in texts.
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def texts(file: Attachment) -> Found:
    """Yield the texts of a file, its name first.

    Raises:
        ValueError: if the file is not what its media type says.
        KeyError: if there is no reader for its media type.
    """
    name = unquote(file.name)
    yield "the file's name", name
    # Blanks of a title become underscores in names of files.
    yield "the file's name", name.replace("_", " ")
    yield from READERS[file.media_type](file.content)


def _plain(content: bytes) -> Found:
    yield "the text", unquote(content.decode())


def _json(content: bytes) -> Found:
    def inside(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                yield from inside(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from inside(inner)
        elif isinstance(value, str):
            yield unquote(value)

    for text in inside(json.loads(content)):
        yield "the JSON", text


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[str] = []
        self.hidden: list[tuple[str, str]] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        self.hidden += [
            (f"the attribute {name}", unquote(value)) for name, value in attrs if value and name not in _LOOKS
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._in_style = False

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.hidden += [("a style", one or other) for one, other in _QUOTED.findall(data)]
        else:
            self.shown.append(data)

    def handle_comment(self, data: str) -> None:
        self.hidden.append(("a comment", data))


def _html(content: bytes) -> Found:
    page = _Page()
    page.feed(content.decode())
    page.close()
    # Once word by word, and once as a reader sees words that a tag divides.
    yield "the page", " ".join(page.shown)
    yield "the page", "".join(page.shown)
    yield from page.hidden


def _workbook(content: bytes) -> Found:
    """Everything in every part of the file: hidden sheets, comments, properties, charts, names, links."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for part in parts.namelist():
            place = f"{part} of the workbook"
            yield place, part
            if not part.endswith((".xml", ".rels", ".vml")):
                continue
            for element in ElementTree.fromstring(parts.read(part)).iter():
                if element.tag.endswith(("}si", "}is", "}text", "}p")):
                    yield place, "".join(element.itertext())
                if element.text:
                    yield place, element.text
                    yield place, _HEADER_CODES.sub(" ", element.text)
                for name, value in element.attrib.items():
                    if name.rpartition("}")[2] in _SHOWN and not element.tag.startswith(_CHART):
                        yield place, unquote(value)


def _pdf(content: bytes) -> Found:
    import pypdf

    document = pypdf.PdfReader(io.BytesIO(content))
    for value in (document.metadata or {}).values():
        yield "the properties of the PDF", str(value)
    if "/Metadata" in document.root_object:
        described: Any = document.root_object["/Metadata"].get_object()
        yield "the properties of the PDF", described.get_data().decode(errors="replace")
    for name in document.attachments:
        yield "a file inside the PDF", name
    for title in document.outline:
        if not isinstance(title, list):
            yield "the outline of the PDF", str(title.title)
    for number, page in enumerate(document.pages, start=1):
        yield f"page {number} of the PDF", page.extract_text()
        for annotation in page.get("/Annots", ()):
            note = annotation.get_object()
            yield f"a link on page {number} of the PDF", unquote(str(note.get("/A", "")))
            yield f"a note on page {number} of the PDF", unquote(str(note.get("/Contents", "")))


def _message(content: bytes) -> Found:
    """A whole mail: decoded headers, and every part by the reader of its kind."""
    message = message_from_bytes(content, policy=default)
    for part in message.walk():
        for name, value in part.items():
            yield f"the header {name}", unquote(str(value))
        if part.is_multipart():
            continue
        inner = part.get_payload(decode=True)
        name = part.get_filename() or ""
        for place, text in texts(Attachment(name, part.get_content_type(), bytes(inner))):
            yield f"{place} of {name}" if name else place, text


def _picture(content: bytes) -> Found:
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("not a PNG")
    position = 8
    while position + 8 <= len(content):
        size, kind = int.from_bytes(content[position : position + 4]), content[position + 4 : position + 8]
        if kind in (b"tEXt", b"iTXt", b"zTXt"):
            yield "a picture's properties", content[position + 8 : position + 8 + size].decode("latin-1")
        position += size + 12


READERS: dict[str, Callable[[bytes], Found]] = {
    "text/plain": _plain,
    "text/markdown": _plain,
    "text/csv": _plain,
    "application/json": _json,
    "text/html": _html,
    "image/svg+xml": _html,
    "image/png": _picture,
    "application/pdf": _pdf,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _workbook,
    "message/rfc822": _message,
}
