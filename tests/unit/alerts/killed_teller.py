"""A teller in a process of its own that kills itself, as the kernel would, at a named point of telling."""

import os
import signal
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kpi_pipeline.alerts.alert_ledger import AlertLedger
from kpi_pipeline.config.delivery import TeamChannel
from tests.unit.alerts.team_office import TeamOffice, incident
from tests.unit.delivery.office import MovingClock, small_delivery, smtp

POINTS = ("behind the claim", "before the message", "behind the final dot", "behind the answer")


@dataclass(frozen=True)
class Task:
    """Whom to tell, and where everything is."""

    data: Path
    port: int
    authority: Path
    now: datetime


def tell(task: Task) -> int:
    """Tell the team of an incident; return the number of messages."""
    os.environ["SSL_CERT_FILE"] = str(task.authority)
    team = (TeamChannel(channel="mail", to="team@shop.test"),)
    delivery = small_delivery(smtp=smtp(task.port), alerts=team)
    return len(TeamOffice(task.data, delivery, clock=MovingClock(task.now)).tell(incident()))


def tell_and_die(task: Task, point: str) -> None:
    """Tell the team and be killed on the way."""

    def die(*_: object, **__: object) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    own_claim, own_command, own_send = AlertLedger.claim, smtplib.SMTP.docmd, smtplib.SMTP.send

    def claim_and_die(*arguments: Any, **options: Any) -> Any:
        own_claim(*arguments, **options)
        die()

    def die_at_data(server: smtplib.SMTP, command: str, arguments: str = "") -> tuple[int, bytes]:
        return die() if command == "DATA" else own_command(server, command, arguments)

    def die_behind_dot(server: smtplib.SMTP, content: Any) -> None:
        own_send(server, content)
        if content == b".\r\n":
            die()

    changes: dict[str, tuple[type, str, Callable[..., Any]]] = {
        "behind the claim": (AlertLedger, "claim", claim_and_die),
        "before the message": (smtplib.SMTP, "docmd", die_at_data),
        "behind the final dot": (smtplib.SMTP, "send", die_behind_dot),
        "behind the answer": (AlertLedger, "settle", die),
    }
    setattr(*changes[point])
    tell(task)
    os._exit(3)  # the point was not met
