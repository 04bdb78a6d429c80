"""What an alert says on each channel, in both languages, and what it never lets through."""

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest

from kpi_pipeline.alerts.announce import announce
from kpi_pipeline.config.delivery import Webhook
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.delivery.webhook import signature
from tests.unit.alerts.team_office import TeamOffice, incident
from tests.unit.delivery.hook_server import HookServer
from tests.unit.delivery.mail_server import Authority, MailServer
from tests.unit.delivery.office import NOW

KEY = "a key for tests alone"
SECRET = "s3cret-t0ken-1"
HOSTILE = (
    "file \u202eevil.csv\r\nBcc: victim@shop.test\r\n\r\n<script>alert(1)</script> =?utf-8?q?=0ABcc:_x?= \x00"
    f" from ada.lovelace@shop.test, +49 170 1234567, key {SECRET}"
)


@pytest.fixture
def receiver(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[HookServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trusted))
    with HookServer(authority.server) as running:
        yield running


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_hostile_words_are_only_words(office: TeamOffice, server: MailServer) -> None:
    office.environment = {**office.environment, "KPI_CANARY_TOKEN": SECRET}
    post = office.post
    assert post.senders.secrets.read("KPI_CANARY_TOKEN") == SECRET
    announce(post, [incident(what=HOSTILE, advice=HOSTILE)], "runs")
    ((to, content),) = server.mailbox
    assert to == "team@shop.test"
    message = cast(EmailMessage, message_from_bytes(content, policy=default))
    assert "Bcc" not in message
    assert len(message.get_all("Subject", [])) == 1
    page, text = part(message, "html"), part(message, "plain")
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    everything = "\n".join([str(message["Subject"]), page, text])
    for never in (SECRET, "victim@shop.test", "ada.lovelace", "1234567", "\u202e", "\x00"):
        assert never not in everything
    # The break that would begin a line of its own is gone.
    assert [line for line in text.splitlines() if line.startswith("Bcc")] == []


def test_a_persian_team_reads_persian(office: TeamOffice, server: MailServer) -> None:
    office.name_team("mail", "tehran@shop.test", "fa")
    late = Phrase("source {source}: late by {days} days", source="shopify", days=3)
    advice = Phrase("{command} says what is missing since when", command="kpi sources shopify")
    office.tell(incident("shopify", kind="late_source", what=late, advice=advice))
    (message,) = server.messages("tehran@shop.test")
    text, page = part(message, "plain"), part(message, "html")
    # Names and numbers stand in isolates of their own, so that they change no side in a line from right to left.
    assert "منبع \u2068shopify\u2069: \u20683\u2069 روز دیر کرده است" in text
    assert "\u2068kpi sources shopify\u2069" in text
    assert text.startswith("■ تازه")
    # 18 November 2026 is 27 Aban 1405; eight o'clock in UTC is nine in Berlin.
    assert "از ۲۷ آبان ۱۴۰۵، ساعت ۰۹:۰۰" in text
    assert '<html lang="fa" dir="rtl">' in page
    assert str(message["Subject"]).endswith("■ منبع shopify: 3 روز دیر کرده است")


def test_a_text_without_translation_is_said_as_it_is(office: TeamOffice, server: MailServer) -> None:
    office.name_team("mail", "tehran@shop.test", "fa")
    office.tell(incident(what="EngineError: the warehouse is gone"))
    assert "EngineError: the warehouse is gone" in part(server.messages()[0], "plain")


def test_a_webhook_gets_each_alert_as_facts(office: TeamOffice, receiver: HookServer) -> None:
    office.change(webhooks={"pager": Webhook(host="localhost", is_private=True)})
    office.name_team("webhook", "pager")
    office.environment = {
        "KPI_WEBHOOK_PAGER_URL": f"https://localhost:{receiver.port}/alerts",
        "KPI_WEBHOOK_PAGER_KEY": KEY,
    }
    receiver.script = ["503"]
    assert [one.is_told for one in office.tell(incident("books", kind="late_source"))] == [True]
    first, second = receiver.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    signed = signature(KEY, second.headers["x-kpi-timestamp"], second.body)
    assert second.headers["x-kpi-signature"] == f"sha256={signed}"
    assert json.loads(second.body)["alerts"] == [
        {
            "event": "began",
            "kind": "late_source",
            "key": "books",
            "what": "books went wrong",
            "advice": "mend books",
            "since": NOW.isoformat(timespec="seconds"),
        }
    ]


def test_a_folder_keeps_every_alert(office: TeamOffice) -> None:
    (office.data / "shelf").mkdir()
    office.name_team("folder", "shelf")
    office.tell(incident("a"))
    office.tell(incident("a"), incident("b"))
    files = sorted((office.data / "shelf").iterdir())
    assert len(files) == 2
    assert {line for file in files for line in file.read_text("utf-8").splitlines() if line.startswith("- ")} == {
        "- Failure: a went wrong",
        "- Failure: b went wrong",
    }


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_chat_gets_the_lines(office: TeamOffice) -> None:
    pytest.importorskip("apprise", reason="the optional package apprise is not installed")
    with HookServer() as service:
        office.name_team("chat", "team_chat")
        office.environment = {"KPI_CHAT_TEAM_CHAT_URL": f"json://127.0.0.1:{service.port}/s3cret"}
        assert [one.is_told for one in office.tell(incident())] == [True]
        (request,) = service.requests
    said = json.loads(request.body)["message"]
    assert "■ New\n- Failure: daily went wrong\n  What to do: mend daily" in said
