"""What the team is told of an incident: that it began, that it lasts, that it is over; each of it once."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage

import pytest

from kpi_pipeline.alerts.alert_ledger import CLAIM, AlertLedger, Desk, Told
from tests.unit.alerts.team_office import TeamOffice, incident
from tests.unit.delivery.mail_server import MailServer
from tests.unit.delivery.office import NOW

RACERS = 12
DESK = Desk("runs", "mail", "team@shop.test", is_earnest=True)


def body(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def bodies(server: MailServer) -> list[str]:
    return [body(message) for message in server.messages("team@shop.test")]


def test_an_incident_is_told_once_again_after_a_day_and_when_it_is_over(office: TeamOffice, server: MailServer) -> None:
    (one,) = office.tell(incident())
    assert (one.channel, one.recipient, one.news, one.is_told) == ("mail", "team@shop.test", 1, True)
    office.clock.move(timedelta(hours=23))
    assert office.tell(incident()) == []
    office.clock.move(timedelta(hours=1))
    assert len(office.tell(incident())) == 1
    assert office.tell(incident()) == []
    office.clock.move(timedelta(hours=2))
    assert len(office.tell()) == 1
    assert office.tell() == []
    began, lasts, over = bodies(server)
    assert began.startswith(
        "■ New\n- Failure: daily went wrong\n  What to do: mend daily\n  since 18 Nov 2026, 09:00\n"
    )
    assert lasts.startswith("▲ Still there\n- Failure: daily went wrong\n")
    # It began at nine and was gone 26 hours later; what to do is no longer said.
    assert "✔ Over\n- Failure: daily went wrong\n  from 18 Nov 2026, 09:00 to 19 Nov 2026, 11:00\n" in over
    assert "What to do" not in over
    subjects = [str(message["Subject"]) for message in server.messages()]
    assert subjects[0].endswith(": ■ daily went wrong")
    assert subjects[2].endswith(": ✔ daily went wrong")
    assert len({message["Message-ID"] for message in server.messages()}) == 3


def test_what_comes_back_is_told_anew(office: TeamOffice, server: MailServer) -> None:
    for found in ([incident()], [], [incident()]):
        office.tell(*found)
        office.clock.move(timedelta(minutes=10))
    assert [text.split("\n")[0] for text in bodies(server)] == ["■ New", "✔ Over", "■ New"]


def test_all_news_of_one_look_is_one_message(office: TeamOffice, server: MailServer) -> None:
    office.tell(incident("a"), incident("b"))
    (one,) = office.tell(incident("b"), incident("c", kind="late_source"))
    assert one.news == 2
    _, second = server.messages()
    assert str(second["Subject"]).endswith(": 1 new, 1 over")
    assert "- Late source: c went wrong" in body(second)
    assert "b went wrong" not in body(second)


def test_the_words_may_change_while_it_lasts(office: TeamOffice, server: MailServer) -> None:
    office.tell(incident(what="late by 1 day"))
    assert office.tell(incident(what="late by 2 days")) == []
    office.tell()
    assert "late by 2 days" in bodies(server)[-1]


def test_scopes_know_nothing_of_each_other(office: TeamOffice, server: MailServer) -> None:
    office.tell(incident(), scope="runs")
    assert office.tell(scope="watch") == []
    assert len(office.tell(incident(), scope="watch")) == 1


def test_nothing_is_over_where_not_everything_could_be_looked_at(office: TeamOffice, server: MailServer) -> None:
    office.tell(incident())
    assert office.tell(is_everything=False) == []
    assert len(office.tell()) == 1


def test_while_delivery_is_not_enabled_it_is_written_to_the_outbox_once(office: TeamOffice, server: MailServer) -> None:
    office.change(enabled=False)
    assert [one.is_told for one in office.tell(incident())] == [True]
    assert office.tell(incident()) == []
    assert server.mailbox == []
    (file,) = (office.data / "outbox" / "alerts").glob("*/*")
    assert file.name == "mail-team@shop.test.en.eml"
    assert b"daily went wrong" in file.read_bytes()
    # Nobody has read it yet: it is new to the team when sending becomes earnest.
    office.change(enabled=True)
    assert [one.news for one in office.tell(incident())] == [1]
    assert bodies(server)[0].startswith("■ New")


def test_nobody_hears_of_the_end_who_heard_of_no_beginning(office: TeamOffice, server: MailServer) -> None:
    office.change(enabled=False)
    office.tell(incident())
    office.change(enabled=True)
    assert office.tell() == []
    server.scripts.of_recipient["team@shop.test"] = ["550 no such user"]
    assert [one.is_told for one in office.tell(incident())] == [False]
    assert office.tell() == []
    assert server.mailbox == []


def test_a_channel_that_fails_leaves_the_alert_open_and_says_so(
    office: TeamOffice, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.scripts.of_recipient["team@shop.test"] = ["550 no such user"]
    with caplog.at_level(logging.ERROR):
        (one,) = office.tell(incident())
    assert (one.is_told, one.reason) == (False, "the server refuses the recipient (550)")
    assert caplog.messages == ["the data team could not be told by mail: the server refuses the recipient (550)"]
    assert [again.is_told for again in office.tell(incident())] == [True]
    assert office.tell(incident()) == []


def test_an_end_that_could_not_be_told_is_told_later(office: TeamOffice, server: MailServer) -> None:
    office.tell(incident())
    server.scripts.of_recipient["team@shop.test"] = ["550 no such user"]
    assert [one.is_told for one in office.tell()] == [False]
    assert [one.is_told for one in office.tell()] == [True]
    assert bodies(server)[-1].startswith("✔ Over")


def test_of_many_at_once_one_tells(office: TeamOffice, server: MailServer) -> None:
    with ThreadPoolExecutor(RACERS) as racers:
        told = list(racers.map(lambda _: office.tell(incident("a"), incident("b")), range(RACERS)))
    assert sum(len(one) for one in told) == 1
    assert len(server.mailbox) == 1


def test_a_claim_whose_holder_vanished_is_free_again_after_a_while(office: TeamOffice) -> None:
    told = [Told("daily", "failure", "daily went wrong", "")]
    with AlertLedger(office.paths.alert_ledger) as ledger:
        _, news = ledger.claim(DESK, told, NOW, is_everything=True)
        assert [one.event for one in news] == ["began"]
        assert ledger.claim(DESK, told, NOW + CLAIM, is_everything=True)[1] == ()
        later = NOW + CLAIM + timedelta(seconds=1)
        assert [one.event for one in ledger.claim(DESK, told, later, is_everything=True)[1]] == ["began"]


def test_an_incident_that_ends_while_its_beginning_is_told_is_told_to_be_over(office: TeamOffice) -> None:
    told = [Told("daily", "failure", "daily went wrong", "")]
    with AlertLedger(office.paths.alert_ledger) as ledger:
        claim, _ = ledger.claim(DESK, told, NOW, is_everything=True)
        assert ledger.claim(DESK, [], NOW, is_everything=True)[1] == ()
        ledger.settle(DESK, claim, is_told=True, now=NOW)
        ending, news = ledger.claim(DESK, [], NOW, is_everything=True)
        assert [one.event for one in news] == ["ended"]
        # It comes back while its end is told.
        assert ledger.claim(DESK, told, NOW, is_everything=True)[1] == ()
        ledger.settle(DESK, ending, is_told=True, now=NOW)
        assert [one.event for one in ledger.claim(DESK, told, NOW, is_everything=True)[1]] == ["began"]


def test_a_ledger_that_cannot_be_used_keeps_nobody_from_being_told(office: TeamOffice, server: MailServer) -> None:
    office.paths.alert_ledger.write_bytes(b"this is no database" * 100)
    for _ in range(2):
        (one,) = office.tell(incident())
        assert one.is_told
        assert one.reason.startswith("it cannot be noted, and comes again with the next look: ")
    assert len(server.mailbox) == 2
    assert office.tell() == []


def test_a_data_folder_that_is_gone_is_not_made_again(office: TeamOffice, server: MailServer) -> None:
    office.data.rmdir()
    assert [one.is_told for one in office.tell(incident())] == [True]
    office.change(enabled=False)
    (one,) = office.tell(incident())
    assert not one.is_told
    assert not office.data.exists()


def test_where_nobody_is_named_the_log_says_so(office: TeamOffice, caplog: pytest.LogCaptureFixture) -> None:
    office.change(alerts=(), owner=None)
    with caplog.at_level(logging.ERROR):
        assert office.tell(incident()) == []
    assert "nobody to tell" in caplog.text


def test_without_a_list_of_its_own_it_goes_to_the_owner_and_never_to_executives(
    office: TeamOffice, server: MailServer
) -> None:
    office.change(alerts=())
    office.tell(incident())
    assert [to for to, _ in server.mailbox] == ["owner@shop.test"]
