"""Mail against a real server: what each of its answers, and each of its silences, makes of a delivery."""

from datetime import timedelta
from pathlib import Path

import pytest

from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.delivery.channel import Outcome
from kpi_pipeline.delivery.mail import MailSender
from tests.unit.delivery.mail_server import DROP, HANG, Authority, MailServer, make_authority
from tests.unit.delivery.office import NOW, PASSWORD, Office, reader, smtp
from tests.unit.delivery.test_mail_message import EDITION, PLACE


def test_both_languages_reach_several_recipients_encrypted_and_signed_in(mailing: Office, server: MailServer) -> None:
    mailing.change(
        recipients=(
            reader("ceo@shop.test"),
            reader("cfo@shop.test", language="fa"),
            reader("team@shop.test", "team"),
            reader("tehran@shop.test", "team", language="fa"),
        )
    )
    states = mailing.states()
    assert set(states.values()) == {"sent"}
    assert sorted(to for to, _ in server.mailbox) == sorted(states)
    assert server.sign_ins == 4
    (english,), (persian,) = server.messages("ceo@shop.test"), server.messages("cfo@shop.test")
    assert "Nordlicht Home" in str(english["Subject"])
    assert "کارنامهٔ هفتگی" in str(persian["Subject"])
    assert [part.get_filename() for part in persian.iter_attachments()] == ["report.fa.pdf", "report.fa.xlsx"]
    page = persian.get_body(("html",))
    assert page is not None
    assert 'dir="rtl"' in page.get_content()
    for message in server.messages():
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["X-Auto-Response-Suppress"] == "All"
    for to, content in server.mailbox:
        # One envelope and one To for each reader: nobody learns who else reads it.
        assert [other for other in states if other.encode() in content] == [to]


def test_a_second_run_sends_nothing(mailing: Office, server: MailServer) -> None:
    assert mailing.states() == {"ceo@shop.test": "sent"}
    (again,) = mailing.deliver()
    assert (again.state, again.is_news) == ("sent", False)
    assert len(server.mailbox) == 1


def test_bounces_go_to_an_address_of_their_own(mailing: Office, server: MailServer) -> None:
    mailing.change(smtp=smtp(server.port, envelope_sender="bounces@shop.test"))
    mailing.deliver()
    assert server.senders == ["bounces@shop.test"]


def test_a_wrong_password_is_tried_once_and_not_on_every_recipient(mailing: Office, server: MailServer) -> None:
    mailing.environment = {"KPI_SMTP_PASSWORD": "wrong"}
    mailing.change(recipients=(reader("ceo@shop.test"), reader("cfo@shop.test")))
    delivered = mailing.deliver()
    assert [(one.state, one.reason) for one in delivered] == [
        ("failed", "the server refuses user or password (535)")
    ] * 2
    assert (server.connections, mailing.waits) == (1, [])
    mailing.environment = {"KPI_SMTP_PASSWORD": "correct horse"}
    assert set(mailing.states().values()) == {"sent"}


def test_a_missing_password_is_named_and_nobody_is_asked(mailing: Office, server: MailServer) -> None:
    mailing.environment = {}
    (one,) = mailing.deliver()
    assert one.state == "failed"
    assert "KPI_SMTP_PASSWORD" in one.reason
    assert server.connections == 0


def test_an_untrusted_certificate_is_refused(
    mailing: Office, server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(make_authority(tmp_path).trusted))
    (one,) = mailing.deliver()
    assert (one.state, one.reason) == ("failed", "the server's certificate is not trusted")
    assert (server.sign_ins, server.mailbox) == (0, [])


def test_a_certificate_for_another_host_is_refused(mailing: Office, server: MailServer) -> None:
    mailing.change(smtp=smtp(server.port, host="127.0.0.1"))
    (one,) = mailing.deliver()
    assert (one.state, one.reason) == ("failed", "the server's certificate is not trusted")
    assert (server.sign_ins, server.mailbox) == (0, [])


def test_a_server_without_encryption_gets_neither_password_nor_mail(office: Office, authority: Authority) -> None:
    with MailServer(authority.server, offers_encryption=False) as plain:
        office.change(smtp=smtp(plain.port))
        (one,) = office.deliver()
        assert (one.state, one.reason) == ("failed", "the server offers no encryption or no sign-in")
        assert (plain.sign_ins, plain.mailbox) == (0, [])


def test_mail_to_this_machine_may_go_without_encryption(office: Office, authority: Authority) -> None:
    with MailServer(authority.server, offers_encryption=False) as plain:
        office.change(smtp=smtp(plain.port, security="none", user=None))
        assert office.states() == {"ceo@shop.test": "sent"}
        assert len(plain.mailbox) == 1


def test_one_refused_recipient_of_many_is_refused_alone(mailing: Office, server: MailServer) -> None:
    everybody = [f"reader{number}@shop.test" for number in range(4)]
    mailing.change(recipients=tuple(map(reader, everybody)))
    server.scripts.of_recipient["reader2@shop.test"] = ["550 5.1.1 <reader2@shop.test> is unknown to us"]
    delivered = mailing.deliver()
    assert [one.state for one in delivered] == ["sent", "sent", "failed", "sent"]
    # The server's own words stay out: they may repeat anything.
    assert delivered[2].reason == "the server refuses the recipient (550)"
    assert (len(server.mailbox), mailing.waits) == (3, [])


@pytest.mark.parametrize("script", ["of_recipient", "of_message"])
def test_a_busy_server_is_asked_again_after_growing_waits(mailing: Office, server: MailServer, script: str) -> None:
    getattr(server.scripts, script)["ceo@shop.test"] = ["451 4.3.0 busy", "452 4.2.2 full", "421 4.3.2 going down"]
    assert mailing.states() == {"ceo@shop.test": "sent"}
    assert mailing.waits == [1.0, 2.0, 4.0]
    assert (len(server.mailbox), mailing.ledger()[0].attempts) == (1, 4)


def test_a_server_that_stays_busy_is_asked_four_times(mailing: Office, server: MailServer) -> None:
    server.scripts.of_recipient["ceo@shop.test"] = ["451 4.3.0 busy"] * 9
    (one,) = mailing.deliver()
    assert (one.state, one.reason) == ("failed", "the server refuses the recipient (451), tried 4 times")
    assert len(server.scripts.of_recipient["ceo@shop.test"]) == 5


def test_a_message_that_is_too_large_is_not_sent_again(mailing: Office, server: MailServer) -> None:
    server.scripts.of_message["ceo@shop.test"] = ["552 5.3.4 too large"]
    (one,) = mailing.deliver()
    assert (one.state, one.reason, mailing.waits) == ("failed", "the server refuses the message (552)", [])


def test_no_server_at_all_is_a_failure_after_four_tries(office: Office, server: MailServer) -> None:
    office.change(smtp=smtp(port=1))
    (one,) = office.deliver()
    assert (one.state, one.reason) == ("failed", "no server answers at this host and port, tried 4 times")
    assert len(office.waits) == 3


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("fault", [DROP, HANG])
def test_a_server_that_vanishes_behind_the_final_dot_leaves_an_unknown_copy(
    mailing: Office, server: MailServer, fault: str, is_kept: bool
) -> None:
    quick = smtp(server.port).model_copy(update={"timeout_seconds": 0.05})
    mailing.change(smtp=quick)
    server.scripts.of_message["ceo@shop.test"] = [fault]
    server.scripts.keeps_dropped = is_kept
    (one,) = mailing.deliver()
    assert (one.state, one.reason) == ("unknown", "the server did not answer after it had the whole message")
    mailing.clock.move(timedelta(days=3))
    assert mailing.states() == {"ceo@shop.test": "unknown"}
    assert (len(server.mailbox), mailing.waits) == (int(is_kept), [])


@pytest.mark.parametrize("fault", [DROP, HANG])
def test_a_server_that_vanishes_before_the_message_is_asked_again(
    mailing: Office, server: MailServer, fault: str
) -> None:
    mailing.change(smtp=smtp(server.port).model_copy(update={"timeout_seconds": 0.3}))
    server.scripts.of_recipient["ceo@shop.test"] = [fault]
    assert mailing.states() == {"ceo@shop.test": "sent"}
    assert (len(server.mailbox), len(mailing.waits)) == (1, 1)


def test_a_line_that_is_a_dot_does_not_end_the_message(server: MailServer) -> None:
    sender = MailSender(smtp(server.port), Secrets({"KPI_SMTP_PASSWORD": PASSWORD}), lambda: NOW)
    parcel = sender.parcel(EDITION, PLACE)
    assert b"\r\n.\r\n" in parcel.files[0].content
    assert sender.attempt(parcel, PLACE) == Outcome("sent")
    assert server.mailbox == [("ceo@shop.test", parcel.files[0].content)]


def test_the_time_of_the_mail_is_the_clock_s(mailing: Office, server: MailServer) -> None:
    mailing.deliver()
    assert server.messages()[0]["Date"].datetime == NOW
