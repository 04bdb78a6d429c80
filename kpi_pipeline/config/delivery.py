"""The model of ``config/delivery.yaml``: who gets which report, in which language, by which way, and who is alerted.

Here: what a user can say about sending. Nothing here is secret: passwords, keys and the addresses of webhooks and chat
services come from the environment. Checks that need more than one entry belong to ``delivery_checks``.
"""

from typing import Literal

from pydantic import Field

from kpi_pipeline.calendar.company_calendar import WeekStart
from kpi_pipeline.config.model import Identifier, Language, Model, Sentence, TimeOfDay

Channel = Literal["mail", "folder", "webhook", "chat"]


class Smtp(Model):
    """The mail server that takes our mail.

    Attributes:
        security: how the connection is encrypted; ``none`` only to this machine.
        user: whom to sign in as, with the password in ``KPI_SMTP_PASSWORD`` or in the file that
            ``KPI_SMTP_PASSWORD_FILE`` names; nobody signs in when absent.
        sender: the address that readers see and answer to.
        envelope_sender: where undeliverable mail comes back to; to ``sender`` when absent.
        timeout_seconds: the longest silence of the server.
    """

    host: Sentence
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Sentence | None = None
    sender: Sentence
    envelope_sender: Sentence | None = None
    timeout_seconds: int = Field(default=30, ge=1, le=60)


class Webhook(Model):
    """One address that takes reports as JSON.

    Attributes:
        host: the only host that the address may have. The address itself stands in ``KPI_WEBHOOK_<ID>_URL``, because it
            may hold a secret, and the key that signs in ``KPI_WEBHOOK_<ID>_KEY``.
        is_private: whether it may be a machine of the own network.
    """

    host: Sentence
    is_private: bool = False


class Recipient(Model):
    """One reader of one report.

    Attributes:
        report: its id in ``reports.yaml``; who may see what follows from it.
        to: an address for mail; a folder; the id of a webhook; for chat an id of your choice, whose address stands in
            ``KPI_CHAT_<ID>_URL``.
    """

    report: Identifier
    channel: Channel
    to: Sentence
    language: Language


class Owner(Model):
    """Who is told when an edition is held back."""

    address: Sentence
    language: Language = "en"


class TeamChannel(Model):
    """One way in which the data team is told what went wrong; ``to`` as for a ``Recipient``."""

    channel: Channel
    to: Sentence
    language: Language = "en"


class Deadline(Model):
    """Until when the reports of a week wait for inputs that are not complete, in the company's time zone.

    Attributes:
        day: the first such day after the week; the day after its last one when absent.
    """

    day: WeekStart | None = None
    time: TimeOfDay = "12:00"


class Delivery(Model):
    """Everything in ``delivery.yaml``.

    Attributes:
        enabled: whether anything is sent; while it is not, everything is written to the outbox instead.
        incomplete: what becomes of an edition for executives whose inputs are not complete: ``hold`` keeps it back and
            tells the owner why, ``mark`` sends it with a note.
        deadline: until when a report waits for its inputs; then it is issued as ``incomplete`` says.
        archive_url: where the folder of reports is served, for links in messages; none when absent.
        owner: who is told when an edition is held back; the readers of internal reports by mail when absent.
        alerts: how the data team is told what went wrong; by mail to those whom ``owner`` means when empty.
    """

    enabled: bool = False
    incomplete: Literal["hold", "mark"] = "hold"
    deadline: Deadline = Deadline()
    archive_url: Sentence | None = None
    smtp: Smtp | None = None
    webhooks: dict[Identifier, Webhook] = Field(default_factory=dict)
    owner: Owner | None = None
    alerts: tuple[TeamChannel, ...] = ()
    recipients: tuple[Recipient, ...] = ()
