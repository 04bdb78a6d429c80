"""Every form in which a report leaves the product, and the words and numbers in each, read by programs of others.

Here: making all forms of one audience and reading them. The product's own reader of finished files is not asked: it is
one of the defences that tests try. What must or must not be found is said by the tests.
"""

import json
import re
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes
from email.policy import default
from html import unescape
from io import BytesIO

import pypdf

from kpi_pipeline.calendar.clock import Clock
from kpi_pipeline.config.configuration import Configuration
from kpi_pipeline.config.delivery import Delivery, Recipient, Smtp, Webhook
from kpi_pipeline.config.model import Language
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.config.report import Audience
from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.delivery.deliver import deliver_reports, make_post
from kpi_pipeline.reports.issue import write_reports
from tests.unit.serve.visitor import served

LANGUAGES: tuple[Language, ...] = ("en", "fa")
# Reports and what of them is sent, served and kept; each is found by how its place begins and ends.
FORMS = ("report.json", "report.md", "report.html", "report.xlsx", "report.pdf", "mail", "chat", "webhook", "page")
# Marks that no reader sees: of direction, joiners, and the byte order.
_UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_GROUP_MARK = re.compile("(?<=[0-9])[,٬'’\u00a0\u2009\u202f ](?=[0-9]{3}(?![0-9]))")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Artefact:
    """One finished file or page.

    Attributes:
        place: where it lies, its name last.
        form: one of ``FORMS``, or ``archive``.
    """

    place: str
    form: str
    content: bytes

    @property
    def text(self) -> str:
        """All that stands in it, its name included, as ``plain`` writes it."""
        name = self.place.rpartition("/")[2]
        return plain("\n".join((name, name.replace("_", " "), *READERS[self.form](self.content))))


def delivered_everywhere(reports: Sequence[str]) -> Delivery:
    """Send each report in each language by each channel that makes a form of its own."""
    return Delivery(
        incomplete="mark",
        archive_url="https://reports.shop.test/kpi",
        smtp=Smtp(host="localhost", sender="reports@shop.test"),
        webhooks={f"hook_{code}": Webhook(host="localhost", is_private=True) for code in LANGUAGES},
        recipients=tuple(
            Recipient(report=report, channel=channel, to=to.format(code), language=code)  # type: ignore[arg-type]
            for report in reports
            for code in LANGUAGES
            for channel, to in (("mail", "{}@shop.test"), ("chat", "chat_{}"), ("webhook", "hook_{}"))
        ),
    )


def all_forms(
    configuration: Configuration,
    paths: Paths,
    clock: Clock,
    audience: Audience,
    week: date,
    pages: Collection[str] | None = None,
) -> list[Artefact]:
    """Write, send to the outbox and serve the reports of one audience, and return everything that came of it.

    Args:
        configuration: its delivery is ``delivered_everywhere``.
        paths: the installation; what is published there is reported.
        clock: when.
        audience: whose reports.
        week: the first day of the week.
        pages: which served pages; all that links lead to when absent.
    """
    write_reports(configuration, paths, clock, week=week, audiences=[audience])
    post = make_post(configuration, paths, clock, Secrets({}))
    told = deliver_reports(post, week=week, audiences=[audience], is_dry_run=True)
    assert [one.reason for one in told if one.state != "skipped"] == []
    assert len(told) == 3 * len(LANGUAGES)
    found = [
        Artefact(f"reports/{path.name}", f"report{path.suffix}", path.read_bytes())
        for path in sorted((paths.reports / audience).rglob("*.*"))
    ]
    found += [
        Artefact(f"outbox/{path.name}", path.name.partition("-")[0], path.read_bytes())
        for path in sorted((paths.outbox / audience).rglob("*-*.*"))
    ]
    found += [
        Artefact(f"site/{path.name}", "archive", path.read_bytes()) for path in (paths.site / audience).glob("*.html")
    ]
    with served(paths.published, audience) as visitor:
        shown = (
            visitor.all_pages("/en/", weeks=[week.isoformat()])
            if pages is None
            else {place: visitor.ask(place) for place in pages}
        )
    assert {answer.status for answer in shown.values()} == {200}
    found += [Artefact(f"serve{place}", "page", answer.text.encode()) for place, answer in shown.items()]
    assert {one.form for one in found} == {*FORMS, "archive"}
    return found


def plain(text: str) -> str:
    """Write a text as it is compared: small letters, shown marks only, ASCII digits, numbers without their groups."""
    shown = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return _GROUP_MARK.sub("", shown.translate(_DIGITS))


def numbers_in(text: str) -> set[str]:
    """Return the runs of digits in a text as ``plain`` writes it."""
    return set(re.findall(r"\d+", text))


def _html(content: bytes) -> Iterator[str]:
    """As it stands, with its attributes and comments, and as it is read, with words that tags divide put together."""
    page = content.decode()
    yield unescape(page)
    yield unescape(_TAG.sub("", page))


def _workbook(content: bytes) -> Iterator[str]:
    """Every part of the file: sheets, hidden or not, properties, names, charts."""
    with zipfile.ZipFile(BytesIO(content)) as parts:
        for name in parts.namelist():
            yield name
            yield from _html(parts.read(name))


def _pdf(content: bytes) -> Iterator[str]:
    read = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    yield read.stdout.decode()
    document = pypdf.PdfReader(BytesIO(content))
    yield from map(str, (document.metadata or {}).values())
    yield from (str(getattr(each, "title", each)) for each in document.outline)


def _mail(content: bytes) -> Iterator[str]:
    message = message_from_bytes(content, policy=default)
    for part in message.walk():
        yield from (f"{name}: {value}" for name, value in part.items())
        inner = part.get_payload(decode=True)
        if isinstance(inner, bytes):
            yield from BY_TYPE[part.get_content_type()](inner)


def _json(content: bytes) -> Iterator[str]:
    yield json.dumps(json.loads(content), ensure_ascii=False)


def _text(content: bytes) -> Iterator[str]:
    yield content.decode()


def _picture(content: bytes) -> Iterator[str]:
    """What is written beside the pixels."""
    yield from (
        text.decode("latin-1") for text in re.findall(rb"[tiz][TE]Xt([^\x00].*?)\x00\x00\x00", content, re.DOTALL)
    )


Reader = Callable[[bytes], Iterator[str]]
READERS: dict[str, Reader] = {
    "report.json": _json,
    "report.md": _text,
    "report.html": _html,
    "report.xlsx": _workbook,
    "report.pdf": _pdf,
    "mail": _mail,
    "chat": _text,
    "webhook": _json,
    "page": _html,
    "archive": _html,
}
BY_TYPE: dict[str, Reader] = {
    "text/plain": _text,
    "text/html": _html,
    "image/png": _picture,
    "application/pdf": _pdf,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _workbook,
}
