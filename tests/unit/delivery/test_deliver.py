"""A week's delivery from beginning to end: dry runs, editions that are held or marked, corrections, and repetitions."""

import json
import re
from dataclasses import asdict
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest

from kpi_pipeline.delivery.delivery_round import Delivered
from kpi_pipeline.delivery.mail import MailSender
from tests.unit.delivery.mail_server import MailServer
from tests.unit.delivery.office import Office, reader
from tests.unit.reports.conftest import WEEK


def slowly(*values: Any) -> Any:
    """A case that is like another one and runs in the long suite only."""
    return pytest.param(*values, marks=pytest.mark.slow)


LATE = {"kind": "late_source", "first_day": date(2026, 11, 14), "last_day": date(2026, 11, 17)}


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def summary(delivered: list[Delivered]) -> list[tuple[str, int, str]]:
    return [(one.recipient, one.revision, one.state) for one in delivered]


# Dry runs


@pytest.mark.parametrize("way", ["not enabled", slowly("asked for")])
def test_a_dry_run_writes_what_would_be_sent_and_sends_nothing(mailing: Office, server: MailServer, way: str) -> None:
    mailing.change(
        enabled=way == "asked for",
        recipients=(reader("ceo@shop.test"), reader("team@shop.test", "team", language="fa")),
    )
    delivered = mailing.deliver(is_dry_run=way == "asked for")
    assert [one.state for one in delivered] == ["skipped", "skipped"]
    assert all(one.is_good for one in delivered)
    assert (server.connections, [entry.state for entry in mailing.ledger()]) == (0, ["skipped", "skipped"])
    outbox = mailing.paths.outbox
    assert sorted(str(path.relative_to(outbox)) for path in outbox.rglob("*") if path.is_file()) == [
        "executive/2026-11-09/mail-ceo@shop.test.en.eml",
        *(f"executive/2026-11-09/report.en.{ending}" for ending in ("html", "pdf", "xlsx")),
        "internal/2026-11-09/mail-team@shop.test.fa.eml",
        *(f"internal/2026-11-09/report.fa.{ending}" for ending in ("html", "pdf", "xlsx")),
    ]
    content = (outbox / "executive/2026-11-09/mail-ceo@shop.test.en.eml").read_bytes()
    assert message_from_bytes(content, policy=default)["To"] == "ceo@shop.test"


def test_what_was_tried_out_is_sent_once_it_is_enabled(mailing: Office, server: MailServer) -> None:
    mailing.deliver(is_dry_run=True)
    assert mailing.states() == {"ceo@shop.test": "sent"}
    mailing.deliver(is_dry_run=True)
    assert [entry.state for entry in mailing.ledger()] == ["sent"]


@pytest.mark.slow
def test_every_channel_has_its_files_in_the_outbox_without_any_secret(office: Office) -> None:
    office.change(
        enabled=False,
        recipients=(
            reader("/nowhere", channel="folder"),
            reader("board", channel="webhook"),
            reader("team_chat", channel="chat"),
        ),
    )
    office.environment = {}
    assert set(office.states().values()) == {"skipped"}
    folder = office.paths.outbox / "executive" / "2026-11-09"
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "chat-team_chat.en.txt",
        *(f"folder-nowhere/2026-11-09-report.en.{ending}" for ending in ("html", "pdf", "xlsx")),
        "folder-nowhere/2026-11-09-scorecard.en.txt",
        *(f"report.en.{ending}" for ending in ("html", "pdf", "xlsx")),
        "webhook-board.en.json",
    ]
    assert json.loads((folder / "webhook-board.en.json").read_text(encoding="utf-8"))["report"] == "scorecard"


# Who gets a copy


def test_a_mailbox_gets_one_mail_however_often_it_is_named(mailing: Office, server: MailServer) -> None:
    mailing.change(
        recipients=(reader("CEO@shop.test"), reader("ceo@Shop.test", language="fa"), reader("ceo@shop.test"))
    )
    assert mailing.states() == {"ceo@shop.test": "sent"}
    assert len(server.mailbox) == 1
    assert "Weekly scorecard" in str(server.messages()[0]["Subject"])


def test_nobody_to_send_to_is_nothing_to_do(office: Office) -> None:
    office.change(recipients=())
    assert office.deliver() == []


def test_only_the_audience_asked_for_is_served(mailing: Office, server: MailServer) -> None:
    mailing.change(recipients=(reader("ceo@shop.test"), reader("team@shop.test", "team")))
    assert mailing.states(audiences=["internal"]) == {"team@shop.test": "sent"}
    assert [to for to, _ in server.mailbox] == ["team@shop.test"]


@pytest.mark.slow
def test_someone_who_is_added_later_gets_the_edition_that_the_others_have(mailing: Office, server: MailServer) -> None:
    mailing.deliver()
    mailing.publish("20261119-second", published_at=datetime(2026, 11, 19, 6), kpi={"values": [5.0, 6.5]})
    mailing.change(recipients=(reader("ceo@shop.test"), reader("cfo@shop.test")))
    assert summary(mailing.deliver()) == [("ceo@shop.test", 0, "sent"), ("cfo@shop.test", 0, "sent")]
    first, second = (text_of(message) for message in server.messages())
    assert first == second
    assert "5.50%" in second


# Editions that are not complete


@pytest.mark.parametrize(
    ("holes", "reason"),
    [
        ({"quality": LATE}, "Late source: shop, 14–17 Nov 2026; affects Conversion"),
        slowly({"quality": {"kind": "quarantined_file"}}, "File in quarantine: shop; affects Conversion"),
        slowly(
            {"quality": {"kind": "missing_days", "first_day": WEEK, "last_day": WEEK}},
            "Missing days: shop, 9 Nov 2026; affects Conversion",
        ),
        slowly({"as_of": date(2026, 11, 15)}, "This week is not over"),
        slowly({"kpi": {"values": [5.0, None], "null_reason": "source_missing"}}, "No source for Conversion"),
        slowly({"kpi": {"status": "partial"}}, "Days are missing for Conversion"),
    ],
)
def test_an_incomplete_edition_is_held_back_and_its_owner_is_told_why(
    mailing: Office, server: MailServer, holes: dict[str, Any], reason: str
) -> None:
    mailing.publish("20261118-holes", **holes)
    mailing.change(recipients=(reader("ceo@shop.test"), reader("cfo@shop.test", language="fa")))
    delivered = mailing.deliver()
    assert [one.state for one in delivered] == ["held", "held"]
    assert reason in delivered[0].reason
    assert not any(one.is_good for one in delivered)
    ((to, content),) = server.mailbox
    assert to == "owner@shop.test"
    alert = cast(EmailMessage, message_from_bytes(content, policy=default))
    assert str(alert["Subject"]).startswith("Held back: Nordlicht Home")
    assert reason in text_of(alert)
    assert "5.50%" not in text_of(alert)
    mailing.deliver()
    assert len(server.mailbox) == 1


@pytest.mark.slow
def test_the_held_edition_goes_out_when_the_inputs_are_there(mailing: Office, server: MailServer) -> None:
    mailing.publish("20261118-holes", quality=LATE)
    mailing.deliver()
    mailing.publish("20261119-whole", published_at=datetime(2026, 11, 19, 6))
    assert summary(mailing.deliver()) == [("ceo@shop.test", 0, "sent")]
    assert not str(server.messages("ceo@shop.test")[0]["Subject"]).startswith("Corrected")


def test_a_policy_may_send_it_with_a_note(mailing: Office, server: MailServer) -> None:
    mailing.publish("20261118-holes", quality=LATE)
    mailing.change(incomplete="mark", recipients=(reader("ceo@shop.test"), reader("cfo@shop.test", language="fa")))
    assert set(mailing.states().values()) == {"sent"}
    english, persian = (text_of(message) for message in server.messages())
    assert "This edition is incomplete:\n- Late source: shop, 14–17 Nov 2026; affects Conversion" in english
    assert "این نسخه کامل نیست:" in persian


@pytest.mark.slow
def test_the_team_gets_its_report_with_all_holes(mailing: Office, server: MailServer) -> None:
    mailing.publish("20261118-holes", audiences=("internal",), quality=LATE)
    mailing.change(recipients=(reader("team@shop.test", "team"),))
    assert mailing.states() == {"team@shop.test": "sent"}
    assert "This edition is incomplete" in text_of(server.messages()[0])


@pytest.mark.slow
def test_without_an_owner_the_readers_of_internal_reports_are_told(mailing: Office, server: MailServer) -> None:
    mailing.publish("20261118-holes", quality=LATE)
    mailing.change(owner=None, recipients=(reader("ceo@shop.test"), reader("team@shop.test", "team", language="fa")))
    assert mailing.states(audiences=["executive"]) == {"ceo@shop.test": "held"}
    (alert,) = server.messages("team@shop.test")
    assert str(alert["Subject"]).startswith("نگه داشته شد")


@pytest.mark.slow
def test_a_hole_in_what_executives_do_not_see_holds_nothing(mailing: Office, server: MailServer) -> None:
    mailing.publish("20261118-else", quality={**LATE, "metric_id": "something_else"})
    assert mailing.states() == {"ceo@shop.test": "sent"}


@pytest.mark.slow
def test_a_warning_of_a_check_holds_nothing(mailing: Office, server: MailServer) -> None:
    mailing.publish("20261118-warned", quality={**LATE, "kind": "check_warning"})
    assert mailing.states() == {"ceo@shop.test": "sent"}


def test_a_dry_run_says_that_an_edition_would_be_held(office: Office) -> None:
    office.publish("20261118-holes", quality=LATE)
    (one,) = office.deliver(is_dry_run=True)
    assert (one.state, one.reason) == ("skipped", "written to the outbox; in earnest it would be held back")


# Corrections

CORRECTION = {
    "to_published_at": datetime(2026, 11, 20, 6),
    "finding_en": "Conversion was 5.50%, now 6.50%: late data.",
    "finding_fa": "نرخ تبدیل ۵٫۵۰٪ بود و اکنون ۶٫۵۰٪ است: داده‌های دیررسیده.",
}


def corrected(office: Office, **changes: Any) -> None:
    office.publish(
        "20261120-corrected",
        published_at=datetime(2026, 11, 20, 6),
        corrections=({**CORRECTION, **changes},),
        kpi={"values": [5.0, 6.5]},
    )


def test_the_team_hears_of_a_corrected_number_of_the_executives_too(mailing: Office, server: MailServer) -> None:
    mailing.publish("20261118-team", audiences=("internal",))
    mailing.change(recipients=(reader("team@shop.test", "team"),))
    mailing.deliver()
    mailing.publish(
        "20261120-corrected",
        audiences=("internal",),
        published_at=datetime(2026, 11, 20, 6),
        corrections=({**CORRECTION, "audience": "executive"},),
        kpi={"values": [5.0, 6.5]},
    )
    assert summary(mailing.deliver()) == [("team@shop.test", 1, "sent")]
    _, correction = server.messages("team@shop.test")
    assert CORRECTION["finding_en"] in text_of(correction)


def test_a_corrected_number_makes_a_new_revision_that_says_what_changed(mailing: Office, server: MailServer) -> None:
    mailing.change(recipients=(reader("ceo@shop.test"), reader("cfo@shop.test", language="fa")))
    mailing.deliver()
    corrected(mailing)
    assert summary(mailing.deliver()) == [("ceo@shop.test", 1, "sent"), ("cfo@shop.test", 1, "sent")]
    _, english = server.messages("ceo@shop.test")
    _, persian = server.messages("cfo@shop.test")
    assert str(english["Subject"]).startswith("Corrected: Nordlicht Home")
    assert str(persian["Subject"]).startswith("اصلاح‌شده: ")
    assert f"What changed since the edition that you have:\n- {CORRECTION['finding_en']}" in text_of(english)
    assert str(CORRECTION["finding_fa"]) in text_of(persian)
    assert "6.50%" in text_of(english)
    assert "revision=1" in str(english["X-KPI-Report"])
    assert len({str(message["Message-ID"]) for message in server.messages()}) == 4
    assert all(not one.is_news for one in mailing.deliver())
    assert len(server.mailbox) == 4


@pytest.mark.slow
def test_a_correction_that_one_reader_still_lacks_says_the_same_to_them(mailing: Office, server: MailServer) -> None:
    mailing.change(recipients=(reader("ceo@shop.test"), reader("cfo@shop.test")))
    mailing.deliver()
    corrected(mailing)
    server.scripts.of_recipient["cfo@shop.test"] = ["550 full"]
    assert summary(mailing.deliver()) == [("ceo@shop.test", 1, "sent"), ("cfo@shop.test", 1, "failed")]
    assert summary(mailing.deliver()) == [("ceo@shop.test", 1, "sent"), ("cfo@shop.test", 1, "sent")]
    _, late = server.messages("cfo@shop.test")
    assert str(CORRECTION["finding_en"]) in text_of(late)


@pytest.mark.parametrize(
    "changes",
    [
        {"is_correction": False},
        slowly({"week_start": WEEK - timedelta(weeks=1)}),
        slowly({"audience": "internal"}),
        slowly({"to_published_at": datetime(2026, 11, 18, 6)}),
    ],
)
def test_other_changes_of_numbers_are_no_correction(
    mailing: Office, server: MailServer, changes: dict[str, Any]
) -> None:
    mailing.deliver()
    corrected(mailing, **changes)
    assert summary(mailing.deliver()) == [("ceo@shop.test", 0, "sent")]
    assert len(server.mailbox) == 1


@pytest.mark.slow
def test_what_nobody_received_is_no_edition_to_correct(mailing: Office, server: MailServer) -> None:
    server.scripts.of_recipient["ceo@shop.test"] = ["550 no"]
    assert mailing.states() == {"ceo@shop.test": "failed"}
    corrected(mailing)
    assert summary(mailing.deliver()) == [("ceo@shop.test", 0, "sent")]
    assert not str(server.messages()[0]["Subject"]).startswith("Corrected")


@pytest.mark.slow
def test_a_correction_without_words_still_says_so(mailing: Office, server: MailServer) -> None:
    mailing.deliver()
    corrected(mailing, finding_en=None, finding_fa=None)
    mailing.deliver()
    assert "Values of this week were corrected." in text_of(server.messages()[-1])


@pytest.mark.slow
def test_a_correction_in_a_folder_stands_beside_the_first_edition(office: Office) -> None:
    shelf = office.data / "shelf"
    shelf.mkdir()
    office.change(recipients=(reader("shelf", channel="folder"),))
    office.deliver()
    corrected(office)
    office.deliver()
    assert sorted(path.name for path in shelf.glob("*.html")) == [
        "2026-11-09-r1-report.en.html",
        "2026-11-09-report.en.html",
    ]


# Faults inside


def test_an_interrupted_sending_is_unknown(
    mailing: Office, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MailSender, "attempt", interrupted)
        with pytest.raises(KeyboardInterrupt):
            mailing.deliver()
    assert mailing.states() == {"ceo@shop.test": "unknown"}
    assert server.mailbox == []


@pytest.mark.parametrize(
    "name",
    [
        slowly("Weekly\r\nBcc: x@evil.test"),
        "=?UTF-8?Q?=0A?=Bcc: x@evil.test",
        slowly("<script>alert(1)</script>"),
        slowly("\u202ex\0"),
        slowly("x" * 10_000),
    ],
)
def test_hostile_names_of_kpis_and_companies_reach_readers_as_text(
    mailing: Office, server: MailServer, name: str
) -> None:
    stored = name.replace("\0", "")
    mailing.publish("20261118-hostile", kpi={"name_en": stored, "owner_name_en": stored}, company_name_en=stored)
    assert mailing.states() == {"ceo@shop.test": "sent"}
    (message,) = server.messages()
    assert len(message.keys()) == len(set(message.keys())) == 10
    page = message.get_body(("html",))
    assert page is not None
    # An attribute may hold the letters; as an element they would stand right after the one before.
    assert not re.search(r">\s*<script", page.get_content())
    assert "\u202e" not in text_of(message)
    assert all(len(line) < 2000 for line in text_of(message).splitlines())


def test_what_is_told_names_everything_a_script_needs(mailing: Office) -> None:
    (one,) = mailing.deliver()
    assert {name for name, value in asdict(one).items() if value in (None, "")} <= {"reason"}
