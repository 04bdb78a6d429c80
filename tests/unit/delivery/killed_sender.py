"""A sender in a process of its own that kills itself, as the kernel would, at a named point of a delivery."""

import os
import signal
import smtplib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.delivery.delivery_ledger import Contents, DeliveryLedger, Place
from kpi_pipeline.delivery.dispatch import Dispatcher
from kpi_pipeline.delivery.mail import MailSender
from kpi_pipeline.sources.api.pacing import Pacing
from tests.unit.delivery.office import PASSWORD, smtp
from tests.unit.delivery.test_mail_message import EDITION, PLACE

POINTS = (
    "before the claim",
    "inside the claim",
    "behind the claim",
    "before the message",
    "before the final dot",
    "behind the final dot",
    "behind the answer",
    "inside the entry of the outcome",
)
CONTENTS = Contents("executive", "en", "20261118-first", datetime(2026, 11, 18, 6), "<1@shop.test>")


@dataclass(frozen=True)
class Task:
    """What to send, and where everything is."""

    ledger: Path
    port: int
    authority: Path
    recipient: str
    now: datetime

    @property
    def place(self) -> Place:
        return replace(PLACE, recipient=self.recipient)


def send(task: Task) -> str | None:
    """Send it; return the outcome's state, or None where it was not ours to send."""
    os.environ["SSL_CERT_FILE"] = str(task.authority)
    sender = MailSender(smtp(task.port), Secrets({"KPI_SMTP_PASSWORD": PASSWORD}), lambda: task.now)
    with DeliveryLedger(task.ledger) as ledger:
        pacing = Pacing(sleep=lambda _: None, elapsed=lambda: 0.0, jitter=lambda: 0.0)
        dispatcher = Dispatcher(ledger, lambda: task.now, pacing)
        outcome = dispatcher.send(sender, sender.parcel(EDITION, task.place), task.place, CONTENTS)
    return outcome.state if outcome else None


def settle_and_die_uncommitted(ledger: DeliveryLedger, place: Place, claim: str, state: str, *_: object) -> None:
    with ledger._transaction():
        ledger._connection.execute("update deliveries set state = ? where claim = ?", (state, claim))
        os.kill(os.getpid(), signal.SIGKILL)


def send_and_die(task: Task, point: str) -> None:
    """Send it and be killed on the way."""

    def die(*_: object, **__: object) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    def behind(done: Callable[..., Any]) -> Callable[..., Any]:
        def both(*arguments: Any, **options: Any) -> Any:
            done(*arguments, **options)
            return die()

        return both

    own_send, own_command = smtplib.SMTP.send, smtplib.SMTP.docmd

    def die_at_data(server: smtplib.SMTP, command: str, arguments: str = "") -> tuple[int, bytes]:
        return die() if command == "DATA" else own_command(server, command, arguments)

    def die_before_dot(server: smtplib.SMTP, content: Any) -> None:
        die() if content == b".\r\n" else own_send(server, content)

    def die_behind_dot(server: smtplib.SMTP, content: Any) -> None:
        own_send(server, content)
        if content == b".\r\n":
            die()

    if point == "before the claim":
        DeliveryLedger.claim = die  # type: ignore[method-assign]
    elif point == "inside the claim":
        DeliveryLedger._write = behind(DeliveryLedger._write)  # type: ignore[method-assign]
    elif point == "behind the claim":
        DeliveryLedger.claim = behind(DeliveryLedger.claim)  # type: ignore[method-assign]
    elif point == "before the message":
        smtplib.SMTP.docmd = die_at_data  # type: ignore[method-assign]
    elif point == "before the final dot":
        smtplib.SMTP.send = die_before_dot  # type: ignore[method-assign]
    elif point == "behind the final dot":
        smtplib.SMTP.send = die_behind_dot  # type: ignore[method-assign]
    elif point == "behind the answer":
        DeliveryLedger.settle = die  # type: ignore[method-assign]
    elif point == "inside the entry of the outcome":
        DeliveryLedger.settle = settle_and_die_uncommitted  # type: ignore[method-assign]
    send(task)
    os._exit(3)  # the point was not met
