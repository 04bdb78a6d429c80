"""Checks of who gets the reports and the alerts: that everybody named can be reached, and nobody twice.

Here: what can be told from the configuration alone. Whether a server answers is found out when something is sent.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from kpi_pipeline.config.delivery import Delivery, Recipient, TeamChannel
from kpi_pipeline.config.draft import Draft, Entry
from kpi_pipeline.config.model import IDENTIFIER_PATTERN
from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem, did_you_mean

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Without quotes and comments, which real mailboxes do not use and attackers do.
ADDRESS = re.compile(rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")
# Set aside for examples and tests (RFC 2606): no mail ever arrives there.
RESERVED = re.compile(r"(?:^|\.)(?:example|invalid|test|localhost|example\.(?:com|net|org))$", re.IGNORECASE)


def mailbox(address: str) -> str:
    """Return one spelling for addresses that mean the same mailbox."""
    return address.casefold()


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def check_delivery(draft: Draft) -> Iterator[Problem]:
    """Yield the problems of the delivery."""
    if draft.delivery is None:
        return
    entry = draft.delivery
    yield from _servers(entry)
    folders: dict[str, str] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for position, recipient in enumerate(entry.value.recipients):
        yield from _report(draft, entry, position, recipient)
        yield from _place(entry, recipient, "recipients", position)
        yield from _twice(entry, position, recipient, seen)
        if recipient.channel == "folder" and (report := draft.reports.entries.get(recipient.report)):
            audience = folders.setdefault(recipient.to.rstrip("/"), report.value.audience)
            if audience != report.value.audience:
                message = Phrase('the folder "{folder}" is given to two audiences', folder=recipient.to)
                hint = Phrase("give each audience a folder of its own, and each folder its own permissions")
                yield entry.problem("CFG063", message, "recipients", position, "to", hint=hint)
    for position, told in enumerate(entry.value.alerts):
        yield from _place(entry, told, "alerts", position)
    yield from _outsiders(draft, entry)
    yield from _nobody(draft, entry)


def _servers(entry: Entry[Delivery]) -> Iterator[Problem]:
    delivery = entry.value
    if smtp := delivery.smtp:
        for field, address in (("sender", smtp.sender), ("envelope_sender", smtp.envelope_sender)):
            if address is not None and not ADDRESS.fullmatch(address):
                yield _no_address(entry, address, "smtp", field)
        if not HOST.fullmatch(smtp.host) and not is_loopback(smtp.host):
            yield _no_host(entry, smtp.host, "smtp", "host")
        if smtp.security == "none" and not is_loopback(smtp.host):
            message = Phrase('mail would go to "{host}" without encryption', host=smtp.host)
            hint = Phrase("set security to starttls or tls; none is for this machine alone")
            yield entry.problem("CFG062", message, "smtp", "security", hint=hint)
    for name, webhook in delivery.webhooks.items():
        if not HOST.fullmatch(webhook.host) and not is_loopback(webhook.host):
            yield _no_host(entry, webhook.host, "webhooks", name, "host")
    if delivery.archive_url is not None:
        url = urlsplit(delivery.archive_url)
        if url.scheme not in ("https", "http") or not HOST.fullmatch(url.hostname or ""):
            message = Phrase('"{address}" is not an address of a web server', address=delivery.archive_url)
            yield entry.problem("CFG060", message, "archive_url")
    if delivery.owner and not ADDRESS.fullmatch(delivery.owner.address):
        yield _no_address(entry, delivery.owner.address, "owner", "address")
    if delivery.owner and delivery.smtp is None:
        yield _no_server(entry, "owner")


def _report(draft: Draft, entry: Entry[Delivery], position: int, recipient: Recipient) -> Iterator[Problem]:
    report = draft.reports.entries.get(recipient.report)
    if report is None:
        if recipient.report not in draft.reports.declared:
            message = Phrase('there is no report "{report}"', report=recipient.report)
            hint = did_you_mean(recipient.report, draft.reports.declared)
            yield entry.problem("KPI004", message, "recipients", position, "report", hint=hint)
    elif recipient.language not in report.value.languages:
        message = Phrase(
            'report "{report}" is not written in "{language}"', report=recipient.report, language=recipient.language
        )
        hint = Phrase("add it to the report's languages in reports.yaml")
        yield entry.problem("CFG061", message, "recipients", position, "language", hint=hint)


def _place(
    entry: Entry[Delivery], recipient: Recipient | TeamChannel, section: str, position: int
) -> Iterator[Problem]:
    delivery, at = entry.value, (section, position, "to")
    if recipient.channel == "mail":
        if not ADDRESS.fullmatch(recipient.to):
            yield _no_address(entry, recipient.to, *at)
        elif delivery.enabled and RESERVED.search(recipient.to.rpartition("@")[2]):
            message = Phrase('no mail can ever reach "{address}"', address=recipient.to)
            hint = Phrase("this domain is set aside for examples; name a real mailbox")
            yield entry.problem("CFG065", message, *at, hint=hint, is_warning=True)
        if delivery.smtp is None:
            yield _no_server(entry, section, position, "channel")
    elif recipient.channel == "webhook" and recipient.to not in delivery.webhooks:
        message = Phrase('there is no webhook "{webhook}"', webhook=recipient.to)
        near = did_you_mean(recipient.to, delivery.webhooks)
        yield entry.problem("KPI004", message, *at, hint=near or Phrase("name its host under webhooks"))
    elif recipient.channel == "chat" and not re.fullmatch(IDENTIFIER_PATTERN, recipient.to):
        message = Phrase('"{id}" is not an id', id=recipient.to)
        hint = Phrase("use 2 to 64 small letters, digits and underscores, a letter first")
        yield entry.problem("CFG012", message, *at, hint=hint)


def _twice(
    entry: Entry[Delivery], position: int, recipient: Recipient, seen: dict[tuple[str, str, str], int]
) -> Iterator[Problem]:
    to = _reached(recipient)[1]
    first = seen.setdefault((recipient.report, recipient.channel, to), position)
    if first != position:
        line = entry.document.line_of((*entry.location, "recipients", first))
        message = Phrase(
            '"{address}" is named twice for report "{report}"', address=recipient.to, report=recipient.report
        )
        hint = Phrase("one copy is sent, as line {line} says; remove one of the two", line=line)
        yield entry.problem("CFG064", message, "recipients", position, "to", hint=hint, is_warning=True)


def _outsiders(draft: Draft, entry: Entry[Delivery]) -> Iterator[Problem]:
    """Whoever gets only reports for executives is not of the team: an alert names sources, files and internal KPIs."""
    delivery = entry.value
    audiences: dict[tuple[str, str], set[str]] = {}
    for recipient in delivery.recipients:
        if report := draft.reports.entries.get(recipient.report):
            audiences.setdefault(_reached(recipient), set()).add(report.value.audience)
    if delivery.owner:
        audiences.setdefault(("mail", mailbox(delivery.owner.address)), set()).add("internal")
    for position, told in enumerate(delivery.alerts):
        if audiences.get(_reached(told)) == {"executive"}:
            message = Phrase('"{address}" gets reports for executives alone, and would get alerts', address=told.to)
            hint = Phrase("alerts are for the data team; name one of its channels")
            yield entry.problem("CFG067", message, "alerts", position, "to", hint=hint)


def _reached(one: Recipient | TeamChannel) -> tuple[str, str]:
    """One key for whatever leads to the same place."""
    to = {"mail": mailbox(one.to), "folder": one.to.rstrip("/")}.get(one.channel, one.to)
    return one.channel, to


def _nobody(draft: Draft, entry: Entry[Delivery]) -> Iterator[Problem]:
    delivery = entry.value
    if not delivery.enabled:
        return
    if not delivery.recipients:
        message = Phrase("delivery is enabled, and nobody is named under recipients")
        yield entry.problem("CFG066", message, "enabled", hint=Phrase("name somebody"), is_warning=True)
        return
    reports = {name: report.value for name, report in draft.reports.entries.items()}
    served = {one.report for one in delivery.recipients}
    for name in sorted(reports.keys() - served):
        message = Phrase('nobody gets report "{report}"', report=name)
        yield entry.problem("CFG066", message, "recipients", hint=Phrase("name somebody"), is_warning=True)
    audiences = {(reports[one.report].audience, one.channel) for one in delivery.recipients if one.report in reports}
    is_read = any(audience == "executive" for audience, _ in audiences)
    if is_read and delivery.incomplete == "hold" and not delivery.owner and ("internal", "mail") not in audiences:
        message = Phrase("an edition that is held back is held back in silence: nobody can be told by mail")
        yield entry.problem("CFG066", message, "incomplete", hint=Phrase("name an owner"), is_warning=True)


def _no_address(entry: Entry[Delivery], address: str, *at: str | int) -> Problem:
    message = Phrase('"{address}" is not an e-mail address', address=address)
    hint = Phrase("write it as name@company.com, without a name before it")
    return entry.problem("CFG060", message, *at, hint=hint)


def _no_host(entry: Entry[Delivery], host: str, *at: str | int) -> Problem:
    message = Phrase('"{host}" is not the name of a host', host=host)
    return entry.problem("CFG060", message, *at, hint=Phrase("write only the name, such as mail.company.com"))


def _no_server(entry: Entry[Delivery], *at: str | int) -> Problem:
    message = Phrase("mail is to be sent, and no mail server is named")
    return entry.problem("CFG010", message, *at, hint=Phrase("add smtp with host and sender"))
