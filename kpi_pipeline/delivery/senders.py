"""One sender for each channel, made when it is first needed.

Here: what each channel is made from. A new channel gets a module of its own and a line here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kpi_pipeline.config.delivery import Channel, Delivery
from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.delivery.channel import ChannelSender
from kpi_pipeline.delivery.chat import ChatSender
from kpi_pipeline.delivery.folder import FolderSender
from kpi_pipeline.delivery.mail import MailSender
from kpi_pipeline.delivery.webhook import WebhookSender
from kpi_pipeline.errors import ConfigurationError


@dataclass(frozen=True)
class Senders:
    """The channels of one configuration.

    Attributes:
        data: the folder below which folders with relative paths lie.
    """

    delivery: Delivery
    secrets: Secrets
    now: Callable[[], datetime]
    data: Path

    def of(self, channel: Channel) -> ChannelSender:
        """Return the sender of a channel.

        Raises:
            ConfigurationError: if mail is to be sent and no server is named.
        """
        if channel == "mail":
            if self.delivery.smtp is None:
                raise ConfigurationError("delivery.yaml: mail is to be sent, and smtp is missing")
            return MailSender(self.delivery.smtp, self.secrets, self.now)
        if channel == "webhook":
            return WebhookSender(self.delivery.webhooks, self.secrets, self.now)
        return FolderSender(self.data) if channel == "folder" else ChatSender(self.secrets)
