"""Mail: one conversation with the mail server for each recipient.

Here: what each answer of the server means. A copy counts as sent only if the server said so after the final dot; if the
connection is lost between the dot and that answer, nobody can tell. What the message holds belongs to ``mail_message``.
"""

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from kpi_pipeline.config.delivery import Smtp
from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.delivery.channel import Outcome, Parcel, TryAgain
from kpi_pipeline.delivery.delivery_ledger import Place
from kpi_pipeline.delivery.edition import Attachment, Edition
from kpi_pipeline.delivery.header_text import file_name
from kpi_pipeline.delivery.mail_message import mail_bytes

PASSWORD = "KPI_SMTP_PASSWORD"
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
# Servers look for viruses before they answer the final dot.
_PATIENCE_AFTER_DOT = 4


class _ServerSaysNo(Exception):  # noqa: N818 - an answer, which never leaves this module
    """The server's answer to one command."""

    def __init__(self, code: int, what: str, is_channel_wide: bool) -> None:
        super().__init__(what)
        self.code, self.what, self.is_channel_wide = code, what, is_channel_wide


@dataclass
class MailSender:
    """Sends by one mail server.

    Attributes:
        secrets: where the password of ``settings.user`` is.
        now: the time that a message carries.
    """

    settings: Smtp
    secrets: Secrets
    now: Callable[[], datetime]

    def parcel(self, edition: Edition, place: Place) -> Parcel:
        """Make the message."""
        content = mail_bytes(edition, place, sender=self.settings.sender, recipient=place.recipient, now=self.now())
        name = f"{place.channel}-{file_name(place.recipient)}.{edition.language}.eml"
        return Parcel((Attachment(name, "message/rfc822", content),))

    def attempt(self, parcel: Parcel, place: Place) -> Outcome | TryAgain:
        """Hand the message over once."""
        user = self.settings.user
        password = self.secrets.require(PASSWORD, f"to sign in to the mail server as {user}") if user else None
        conversation = _Conversation(self.settings, password)
        try:
            conversation.hand_over(parcel.files[0].content, place.recipient)
        except _ServerSaysNo as answer:
            reason = f"{answer.what} ({answer.code})"
            if 400 <= answer.code < 500:
                return TryAgain(reason)
            return Outcome("failed", reason, answer.is_channel_wide)
        except smtplib.SMTPNotSupportedError:
            return Outcome("failed", "the server offers no encryption or no sign-in", is_channel_wide=True)
        except ssl.SSLCertVerificationError:
            return Outcome("failed", "the server's certificate is not trusted", is_channel_wide=True)
        except (OSError, smtplib.SMTPException) as error:
            if conversation.is_handed_over:
                return Outcome("unknown", "the server did not answer after it had the whole message")
            if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
                return Outcome("failed", "the server does not speak TLS on this port", is_channel_wide=True)
            return TryAgain(_lost(error))
        finally:
            conversation.end()
        return Outcome("sent")


class _Conversation:
    """One connection; ``is_handed_over`` tells whether the server may have the whole message."""

    def __init__(self, settings: Smtp, password: str | None) -> None:
        self.is_handed_over = False
        self._settings, self._password = settings, password
        self._server: smtplib.SMTP | None = None

    def hand_over(self, content: bytes, recipient: str) -> None:
        server = self._server = self._signed_in()
        settings = self._settings
        _check(server.mail(settings.envelope_sender or settings.sender)[0], "the server refuses the sender")
        _check(server.rcpt(recipient)[0], "the server refuses the recipient")
        code, _ = server.docmd("DATA")
        _check(code, "the server refuses the message", expected=3)
        server.send(_LEADING_DOT.sub(b"..", content.removesuffix(b"\r\n")) + b"\r\n")
        # A server must not take a message without its final dot: what is lost up to here has not been sent.
        self.is_handed_over = True
        if server.sock is not None:
            server.sock.settimeout(_PATIENCE_AFTER_DOT * settings.timeout_seconds)
        server.send(b".\r\n")
        code, _ = server.getreply()
        _check(code, "the server refuses the message")

    def end(self) -> None:
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._server.putcmd("quit")
            self._server.close()

    def _signed_in(self) -> smtplib.SMTP:
        settings = self._settings
        # Without a name of its own, smtplib would ask the resolver for this machine's.
        own_name = settings.sender.rpartition("@")[2]
        context = ssl.create_default_context()
        try:
            if settings.security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    settings.host,
                    settings.port,
                    local_hostname=own_name,
                    timeout=settings.timeout_seconds,
                    context=context,
                )
            else:
                server = smtplib.SMTP(
                    settings.host, settings.port, local_hostname=own_name, timeout=settings.timeout_seconds
                )
            self._server = server
            server.ehlo_or_helo_if_needed()
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user is not None and self._password is not None:
                server.login(settings.user, self._password)
        except smtplib.SMTPAuthenticationError as error:
            raise _ServerSaysNo(error.smtp_code, "the server refuses user or password", True) from None
        except smtplib.SMTPResponseException as error:
            # Its text is the server's, which may repeat what was sent.
            raise _ServerSaysNo(error.smtp_code, "the server refuses the connection", True) from None
        return server


def _check(code: int, what: str, expected: int = 2) -> None:
    if code // 100 == expected:
        return
    if code == -1:  # smtplib's way of saying that the connection ended within a line
        raise smtplib.SMTPServerDisconnected(what)
    is_about_sender = what.endswith("sender")
    raise _ServerSaysNo(code if 400 <= code < 600 else 554, what, is_about_sender)


def _lost(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "no server answers at this host and port"
    if isinstance(error, TimeoutError):
        return "the server is silent"
    return "the connection was lost"
