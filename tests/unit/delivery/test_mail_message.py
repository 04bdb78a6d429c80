"""The bytes of a mail: its parts, its headers and no others, whatever stands in the texts."""

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import compat32, default
from typing import cast

import pytest

from kpi_pipeline.delivery.delivery_ledger import Place
from kpi_pipeline.delivery.edition import Attachment, ChatMessage, Edition
from kpi_pipeline.delivery.header_text import file_name, header_text, sender_name
from kpi_pipeline.delivery.mail_message import mail_bytes, message_id

WEEK = date(2026, 11, 9)
NOW = datetime(2026, 11, 18, 8, tzinfo=UTC)
PLACE = Place(WEEK, "scorecard", 0, "mail", "ceo@shop.test")
EDITION = Edition(
    report="scorecard",
    audience="executive",
    week_start=WEEK,
    revision=0,
    language="en",
    snapshot_id="20261118-first",
    company="Nordlicht Home",
    subject="Nordlicht Home: Weekly scorecard",
    text="Revenue rose.\n.\nFrom here on it fell.\n",
    message=ChatMessage("Revenue rose."),
    facts={},
    html='<p>Revenue rose. <img src="cid:trend"></p>',
    images={"trend": b"\x89PNG\r\n\x1a\n picture"},
    attachments=(
        Attachment("report.pdf", "application/pdf", b"%PDF \x00\xff"),
        Attachment("r.html", "text/html", b"<p>\xd8"),
    ),
)
EXPECTED = sorted(
    [
        *("Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"),
        *("X-Auto-Response-Suppress", "X-KPI-Report"),
    ]
)
# What people and attackers write into names; the fourth is decoded into a line break by Python 3.11 itself.
HOSTILE = [
    "Weekly\r\nBcc: everybody@evil.test",
    "Weekly\nBcc: everybody@evil.test\n\nAnother body",
    "Weekly\rBcc: everybody@evil.test",
    "Weekly =?UTF-8?Q?=0A?=Bcc: everybody@evil.test",
    "Weekly =?utf-8?b?DQpCY2M6IGV2ZXJ5Ym9keUBldmlsLnRlc3Q=?=",
    "=?=?UTF-8?Q?=0D=0ABcc:_x@evil.test?=",
    "Weekly\x00Bcc\x0b\x0c\x1b[31m",
    "Weekly\u2028Bcc: x@evil.test\u2029\x85Cc: y@evil.test",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\u202etxet desrever\u2066\u200f",
    "کارنامهٔ هفتگی\u202e با نشانهٔ جهت",
    "x" * 10_000,
    "گ" * 10_000,
    '"quoted" (comment) <a@b.test>, other@evil.test; :',
    "",
    " \t ",
    "😀" * 200,
    "\ud800 alone",
]


def mail(edition: Edition = EDITION, place: Place = PLACE) -> bytes:
    return mail_bytes(edition, place, sender="reports@shop.test", recipient=place.recipient, now=NOW)


def parsed(content: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(content, policy=default))


def test_text_page_picture_and_files_stand_in_the_tree_that_mail_programs_expect() -> None:
    def tree(part: EmailMessage) -> object:
        if not part.is_multipart():
            return part.get_content_type()
        inner = [tree(cast(EmailMessage, each)) for each in part.get_payload()]  # type: ignore[union-attr]
        return [part.get_content_subtype(), *inner]

    message = parsed(mail())
    body = ["alternative", "text/plain", ["related", "text/html", "image/png"]]
    assert tree(message) == ["mixed", body, "application/pdf", "text/html"]
    attachments = {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}
    assert attachments["report.pdf"] == b"%PDF \x00\xff"
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == EDITION.text.splitlines()


def test_the_same_edition_gives_the_same_bytes() -> None:
    assert mail() == mail()
    later = mail_bytes(EDITION, PLACE, sender="reports@shop.test", recipient="ceo@shop.test", now=NOW.replace(hour=9))
    assert [line for line in later.split(b"\r\n") if b"Date:" not in line] == [
        line for line in mail().split(b"\r\n") if b"Date:" not in line
    ]


def test_a_second_copy_can_be_told_by_its_message_id() -> None:
    places = [
        PLACE,
        replace(PLACE, recipient="cfo@shop.test"),
        replace(PLACE, revision=1),
        replace(PLACE, week_start=date(2026, 11, 16)),
        replace(PLACE, report="team"),
        replace(PLACE, channel="alert"),
    ]
    ids = [message_id(place, language, "shop.test") for place in places for language in ("en", "fa")]
    assert len(set(ids)) == len(ids)
    assert parsed(mail())["Message-ID"] == ids[0]


def test_mail_is_seven_bits_in_short_lines_that_end_as_they_should() -> None:
    content = mail(replace(EDITION, text="گزارش " * 3000, subject="گزارش " * 30, company="شرکت " * 20))
    assert content.isascii()
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "field", ["subject", *(pytest.param(name, marks=pytest.mark.slow) for name in ("company", "text", "file"))]
)
def test_no_text_makes_a_header_of_its_own(name: str, field: str) -> None:
    if field == "file":
        edition = replace(EDITION, attachments=(Attachment(name, "application/pdf", b"%PDF"),))
    elif field == "text":
        # A lone surrogate is removed from every text where the report is worded.
        edition = replace(EDITION, text=name.replace("\ud800", ""))
    else:
        edition = replace(EDITION, **{field: name})  # type: ignore[arg-type]
    content = mail(edition)
    for policy in (compat32, default):
        assert sorted(message_from_bytes(content, policy=policy).keys()) == EXPECTED  # type: ignore[arg-type]
    head = content.partition(b"\r\n\r\n")[0]
    assert (
        sorted(line.partition(b":")[0].decode() for line in head.split(b"\r\n") if not line.startswith(b" "))
        == EXPECTED
    )
    message = parsed(content)
    assert [address.addr_spec for address in message["From"].addresses] == ["reports@shop.test"]
    assert [address.addr_spec for address in message["To"].addresses] == ["ceo@shop.test"]
    assert not set("\r\n\0\u202e") & set(str(message["Subject"]) + str(message["From"]))
    for part in message.walk():
        assert set(part.keys()) <= {
            *EXPECTED,
            *("Content-Transfer-Encoding", "Content-Disposition", "Content-ID"),
        }


@pytest.mark.parametrize(
    "name",
    [
        "Smith, Jones & Partners of the whole wide world and more than that with long names",
        'The "best" <chief@evil.test> of all companies that there are in the whole wide world',
        "a@evil.test; b@evil.test: (and a remark) [and more] " * 3,
    ],
)
def test_a_long_name_of_a_company_is_no_second_sender(name: str) -> None:
    (sender,) = parsed(mail(replace(EDITION, company=name)))["From"].addresses
    assert sender.addr_spec == "reports@shop.test"
    assert sender.display_name[:1] == name[:1]


def test_names_in_headers_stay_readable() -> None:
    assert header_text("نورد\u200cلیخت: گزارش") == "نورد\u200cلیخت: گزارش"
    assert header_text("a" * 500) == "a" * 159 + "…"
    assert sender_name("Smith, Jones & Partners") == "Smith, Jones & Partners"
    assert file_name("report.fa.html") == "report.fa.html"
    assert "/" not in file_name("../../etc/passwd")
    assert not file_name("../../etc/passwd").startswith(".")
    assert file_name("\r\n") == "report"
