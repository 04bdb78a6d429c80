"""Chat services: a short text and a link, by the optional package ``apprise``.

Here: one message to one service. The package tells only whether it was taken, not why not, so what was not taken may
still have arrived.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.delivery.channel import Outcome, Parcel, TryAgain
from kpi_pipeline.delivery.delivery_ledger import Place
from kpi_pipeline.delivery.edition import Attachment, Edition
from kpi_pipeline.errors import ConfigurationError

_TELLING = ("apprise", "urllib3.connectionpool", "urllib3.util.retry", "requests")


@dataclass
class ChatSender:
    """Sends to chat services; their addresses are secrets."""

    secrets: Secrets

    def parcel(self, edition: Edition, place: Place) -> Parcel:
        """Make the text."""
        lines = [edition.message.text, *([edition.message.link] if edition.message.link else [])]
        name = f"chat-{place.recipient}.{edition.language}.txt"
        return Parcel((Attachment(name, "text/plain", "\n".join(lines).encode()),))

    def attempt(self, parcel: Parcel, place: Place) -> Outcome | TryAgain:
        """Say it once."""
        try:
            import apprise
        except ImportError as error:
            raise ConfigurationError(
                "chat needs the package apprise, which is not installed; run:"
                " .venv/bin/python -m pip install -e '.[chat]'"
            ) from error
        url = self.secrets.require(f"KPI_CHAT_{place.recipient.upper()}_URL", f"to send to the chat {place.recipient}")
        service = apprise.Apprise()
        text = parcel.files[0].content.decode()
        with _silence():
            if not service.add(url):
                return Outcome("failed", "the address is none of a chat service")
            if service.notify(body=text, body_format=apprise.NotifyFormat.TEXT):
                return Outcome("sent")
        return Outcome("unknown", "the chat service did not confirm it")


@contextmanager
def _silence() -> Iterator[None]:
    """Nothing is logged meanwhile: addresses hold secrets, and these loggers write whole addresses."""
    loggers = [logging.getLogger(name) for name in _TELLING]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        yield
    finally:
        for logger, was_disabled in zip(loggers, before, strict=True):
            logger.disabled = was_disabled
