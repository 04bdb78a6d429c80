"""A real mail server on loopback that asks for encryption and a password, and can fail in every way that servers do."""

import asyncio
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER, PASSWORD = "reports@shop.test", "correct horse"
# What a script may answer in place of a code: these never answer at all.
DROP, HANG = "drop", "hang"


@dataclass
class Scripts:
    """What the server does instead of taking a mail; each list is used up from the front, by recipient.

    Attributes:
        of_recipient: answers to RCPT TO.
        of_message: answers to the final dot.
        keeps_dropped: whether a message is kept although the server vanishes before it says so.
    """

    of_recipient: dict[str, list[str]] = field(default_factory=dict)
    of_message: dict[str, list[str]] = field(default_factory=dict)
    keeps_dropped: bool = True


class MailServer:
    """A running server; ``mailbox`` holds what it accepted, as (recipient, message)."""

    def __init__(self, certificate: Path, *, offers_encryption: bool = True) -> None:
        self.scripts = Scripts()
        self.mailbox: list[tuple[str, bytes]] = []
        self.senders: list[str] = []
        self.connections = 0
        self.sign_ins = 0
        self.port = 0
        self._offers_encryption = offers_encryption
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._is_up = threading.Event()
        self._hanging: list[asyncio.Task[Any]] = []

    def __enter__(self) -> "MailServer":
        self._thread.start()
        assert self._is_up.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def messages(self, recipient: str | None = None) -> list[EmailMessage]:
        """Parse what was accepted."""
        wanted = [content for to, content in self.mailbox if recipient in (None, to)]
        return [cast(EmailMessage, message_from_bytes(content, policy=default)) for content in wanted]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        listening = self._loop.run_until_complete(self._loop.create_server(self._conversation, "127.0.0.1", 0))
        self.port = listening.sockets[0].getsockname()[1]
        self._is_up.set()
        self._loop.run_forever()
        listening.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    def _conversation(self) -> SMTP:
        self.connections += 1
        if not self._offers_encryption:
            return SMTP(self, hostname="localhost", loop=self._loop)
        return SMTP(
            self,
            hostname="localhost",
            loop=self._loop,
            tls_context=self._context,
            require_starttls=True,
            auth_required=True,
            auth_require_tls=True,
            authenticator=self._sign_in,
        )

    def _sign_in(self, server: SMTP, session: Session, envelope: Envelope, kind: str, login: Any) -> AuthResult:
        self.sign_ins += 1
        assert isinstance(login, LoginPassword)
        is_right = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
        # With handled=True a refused client would wait for an answer that never comes.
        return AuthResult(success=is_right, handled=False)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._scripted(self.scripts.of_recipient, address, server)
        if not answer.startswith("250"):
            return answer
        envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        (recipient,) = envelope.rcpt_tos
        script = self.scripts.of_message.get(recipient, [])
        is_taken = (
            not script or script[0].startswith("250") or (script[0] in (DROP, HANG) and self.scripts.keeps_dropped)
        )
        if is_taken:
            assert isinstance(envelope.content, bytes)
            self.mailbox.append((recipient, envelope.content))
            self.senders.append(str(envelope.mail_from))
        return await self._scripted(self.scripts.of_message, recipient, server)

    async def _scripted(self, scripts: dict[str, list[str]], recipient: str, server: SMTP) -> str:
        script = scripts.get(recipient, [])
        answer = script.pop(0) if script else "250 OK"
        if answer == DROP and server.transport is not None:
            cast(asyncio.Transport, server.transport).abort()
        if answer in (DROP, HANG):
            await asyncio.sleep(60)
        return answer


@dataclass(frozen=True)
class Authority:
    """A certificate authority of our own: ``trusted`` for clients, ``server`` for a server on this machine."""

    trusted: Path
    server: Path


def make_authority(folder: Path) -> Authority:
    """Make an authority and a certificate for localhost, both valid for an hour."""
    now = datetime.now(UTC)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for tests")])

    def certificate(subject: x509.Name, of: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(hours=1))
        )

    signs: Callable[[x509.CertificateBuilder], x509.Certificate] = lambda built: built.sign(  # noqa: E731
        authority_key, hashes.SHA256()
    )
    own = signs(
        certificate(issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
    )
    names = [x509.DNSName("localhost")]
    servers = signs(
        certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
    )
    trusted, server = folder / "authority.pem", folder / "server.pem"
    trusted.write_bytes(own.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    server.write_bytes(servers.public_bytes(Encoding.PEM) + private)
    return Authority(trusted, server)
