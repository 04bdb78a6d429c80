"""Tests of who gets the reports: each rule fires in its line, in both languages, and a good file has no problems."""

import pytest

from kpi_pipeline.config.configuration import load_configuration
from kpi_pipeline.config.translation import problem_text

DELIVERY = "delivery.yaml"
GOOD = """\
enabled: true
smtp: {host: mail.shop.ir, user: reports, sender: reports@shop.ir, envelope_sender: bounces@shop.ir}
archive_url: https://reports.shop.ir/kpi
webhooks:
    board: {host: hooks.shop.ir}
owner: {address: data@shop.ir, language: fa}
recipients:
    - {report: weekly_internal, channel: mail, to: team@shop.ir, language: fa}
    - {report: weekly_internal, channel: folder, to: /srv/reports, language: en}
    - {report: weekly_internal, channel: webhook, to: board, language: en}
    - {report: weekly_internal, channel: chat, to: team_chat, language: en}
"""
EXECUTIVE = "    weekly: {audience: executive, title: {en: Weekly, fa: هفتگی}, languages: [en]}\n"


@pytest.fixture(autouse=True)
def good_file(folder):
    folder.write(DELIVERY, GOOD)


def test_a_good_file_has_no_problems(folder):
    assert folder.problems() == []
    delivery = load_configuration(folder.path).delivery
    assert [one.channel for one in delivery.recipients] == ["mail", "folder", "webhook", "chat"]
    assert (delivery.smtp.port, delivery.smtp.security) == (587, "starttls")


def test_without_a_file_nothing_is_sent(folder):
    (folder.path / DELIVERY).unlink()
    delivery = load_configuration(folder.path).delivery
    assert (delivery.enabled, delivery.recipients) == (False, ())


def test_whom_it_is_sent_to_changes_no_snapshot(folder):
    before = load_configuration(folder.path).fingerprint
    folder.change(DELIVERY, "team@shop.ir", "others@shop.ir")
    assert load_configuration(folder.path).fingerprint == before


# Each case: text that is replaced, replacement, code, text of the line of the problem.
CASES = [
    ("team@shop.ir", "team", "CFG060", "- {report: weekly_internal, channel: mail"),
    ("team@shop.ir", "Team <team@shop.ir>", "CFG060", "- {report: weekly_internal, channel: mail"),
    ("team@shop.ir", "'team@shop.ir, boss@shop.ir'", "CFG060", "- {report: weekly_internal, channel: mail"),
    ("team@shop.ir", '"team@shop.ir\\r\\nBcc: x@evil.test"', "CFG060", "- {report: weekly_internal, channel: mail"),
    ("sender: reports@shop.ir", "sender: reports", "CFG060", "smtp:"),
    ("bounces@shop.ir", "bounces@", "CFG060", "smtp:"),
    ("host: mail.shop.ir", "host: 'https://mail.shop.ir'", "CFG060", "smtp:"),
    ("host: hooks.shop.ir", "host: hooks.shop.ir/board", "CFG060", "board:"),
    ("https://reports.shop.ir/kpi", "reports.shop.ir", "CFG060", "archive_url:"),
    ("https://reports.shop.ir/kpi", "'javascript:alert(1)'", "CFG060", "archive_url:"),
    ("data@shop.ir", "somebody", "CFG060", "owner:"),
    ("languages: [en, fa]", "languages: [en]", "CFG061", "- {report: weekly_internal, channel: mail"),
    ("user: reports,", "user: reports, security: none,", "CFG062", "smtp:"),
    ("to: board", "to: bord", "KPI004", "- {report: weekly_internal, channel: webhook"),
    ("report: weekly_internal, channel: mail", "report: weekly, channel: mail", "KPI004", "channel: mail"),
    ("to: team_chat", "to: Team Chat", "CFG012", "channel: chat"),
    ("channel: chat", "channel: fax", "CFG011", "channel: fax"),
    ("enabled: true", "enabled: yes", "CFG004", "enabled"),
    ("user: reports", "user: reports, password: hunter2", "CFG006", "smtp:"),
    ("{host: hooks.shop.ir}", "{host: hooks.shop.ir, signing_key: hunter2}", "CFG006", "board:"),
]


@pytest.mark.parametrize(("old", "new", "code", "line"), CASES)
def test_a_rule_fires_in_its_line(folder, old, new, code, line):
    name = "reports.yaml" if "languages" in old else DELIVERY
    folder.change(name, old, new)
    (problem,) = (one for one in folder.problems() if not one.is_warning)
    assert (problem.code, problem.path.name) == (code, DELIVERY)
    assert problem.line == folder.line_of(DELIVERY, line)
    assert "hunter2" not in str(problem)
    assert problem_text(problem, "fa") != str(problem)


def test_mail_needs_a_server(folder):
    folder.change(
        DELIVERY,
        "smtp: {host: mail.shop.ir, user: reports, sender: reports@shop.ir, envelope_sender: bounces@shop.ir}\n",
        "",
    )
    assert folder.codes() == ["CFG010", "CFG010"]


def test_mail_may_go_unencrypted_to_this_machine(folder):
    folder.change(DELIVERY, "host: mail.shop.ir,", "host: localhost, security: none,")
    assert folder.problems() == []


# Each case: text that is replaced, replacement, code of the warning, words of its message.
WARNINGS = [
    (
        "    - {report: weekly_internal, channel: chat, to: team_chat, language: en}\n",
        "    - {report: weekly_internal, channel: mail, to: Team@Shop.ir, language: en}\n",
        "CFG064",
        '"Team@Shop.ir" is named twice for report "weekly_internal"; one copy is sent, as line 8 says',
    ),
    ("team@shop.ir", "team@shop.example", "CFG065", 'no mail can ever reach "team@shop.example"'),
    ("team@shop.ir", "team@example.com", "CFG065", 'no mail can ever reach "team@example.com"'),
]


@pytest.mark.parametrize(("old", "new", "code", "words"), WARNINGS)
def test_a_warning_does_not_stop(folder, old, new, code, words):
    folder.change(DELIVERY, old, new)
    (problem,) = folder.problems()
    assert (problem.code, problem.is_warning) == (code, True)
    assert words in str(problem)


def test_an_example_s_mailbox_is_no_matter_while_nothing_is_sent(folder):
    folder.change(DELIVERY, "team@shop.ir", "team@shop.example")
    folder.change(DELIVERY, "enabled: true", "enabled: false")
    assert folder.problems() == []


def test_an_enabled_delivery_to_nobody_is_a_warning(folder):
    folder.write(DELIVERY, GOOD.partition("recipients:")[0])
    assert [(one.code, one.is_warning) for one in folder.problems()] == [("CFG066", True)]
    folder.change(DELIVERY, "enabled: true", "enabled: false")
    assert folder.problems() == []


def test_a_report_that_nobody_gets_is_a_warning(folder):
    folder.change("reports.yaml", "reports:\n", f"reports:\n{EXECUTIVE}")
    assert [(one.code, one.is_warning) for one in folder.problems()] == [("CFG066", True)]


ALERTS = """\
alerts:
    - {channel: mail, to: Boss@Shop.ir}
"""


@pytest.mark.parametrize(
    ("reports", "is_refused"), [(("weekly",), True), (("weekly", "weekly_internal"), False), ((), False)]
)
def test_alerts_never_go_to_whoever_gets_reports_for_executives_alone(folder, reports, is_refused):
    folder.change("reports.yaml", "reports:\n", f"reports:\n{EXECUTIVE}")
    readers = "".join(f"    - {{report: {one}, channel: mail, to: boss@shop.ir, language: en}}\n" for one in reports)
    folder.write(DELIVERY, f"{GOOD}{readers}{ALERTS}")
    problems = [one for one in folder.problems() if not one.is_warning]
    assert [one.code for one in problems] == ["CFG067"] * is_refused
    assert all(one.line == folder.line_of(DELIVERY, "Boss@Shop.ir") for one in problems)
    assert all(problem_text(one, "fa") != str(one) for one in problems)


def test_the_owner_is_of_the_team_whatever_reports_they_get(folder):
    folder.change("reports.yaml", "reports:\n", f"reports:\n{EXECUTIVE}")
    reader = "    - {report: weekly, channel: mail, to: data@shop.ir, language: en}\n"
    folder.write(DELIVERY, f"{GOOD}{reader}{ALERTS.replace('Boss@Shop.ir', 'data@shop.ir')}")
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("alert", "code"),
    [
        ("{channel: mail, to: boss}", "CFG060"),
        ("{channel: webhook, to: pager}", "KPI004"),
        ("{channel: chat, to: On Call}", "CFG012"),
    ],
)
def test_an_alert_needs_a_place_that_can_be_reached(folder, alert, code):
    folder.write(DELIVERY, f"{GOOD}alerts:\n    - {alert}\n")
    (problem,) = folder.problems()
    assert (problem.code, problem.line) == (code, folder.line_of(DELIVERY, alert))


def test_one_folder_for_both_audiences_is_refused(folder):
    folder.change("reports.yaml", "reports:\n", f"reports:\n{EXECUTIVE}")
    line = "    - {report: weekly, channel: folder, to: /srv/reports/, language: en}\n"
    folder.change(DELIVERY, "recipients:\n", f"recipients:\n{line}")
    assert folder.codes() == ["CFG063"]
    folder.change(DELIVERY, "/srv/reports/,", "/srv/management,")
    assert folder.codes() == []


def test_an_edition_that_is_held_back_in_silence_is_a_warning(folder):
    folder.change("reports.yaml", "reports:\n", f"reports:\n{EXECUTIVE}")
    line = "    - {report: weekly, channel: mail, to: ceo@shop.ir, language: en}\n"
    folder.change(DELIVERY, "recipients:\n", f"recipients:\n{line}")
    folder.change(DELIVERY, "owner: {address: data@shop.ir, language: fa}\n", "")
    assert folder.codes() == []
    folder.change(DELIVERY, "channel: mail, to: team@shop.ir", "channel: folder, to: /srv/team")
    assert folder.codes() == ["CFG066"]
    folder.change(DELIVERY, "enabled: true", "enabled: true\nincomplete: mark")
    assert folder.codes() == []
