"""A webhook: the report as JSON, signed, with a key by which the receiver knows a second copy.

Here: the request and what each answer means. A request whose answer was lost is repeated under the same key, because a
receiver that keeps the key takes it once; where no try brings an answer, nobody can tell. Redirections are not
followed, and no answer's text is read. Which machines may be reached belongs to ``host_guard``.
"""

import hashlib
import hmac
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from kpi_pipeline.config.delivery import Webhook
from kpi_pipeline.config.delivery_checks import is_loopback
from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.delivery.channel import Outcome, Parcel, TryAgain
from kpi_pipeline.delivery.delivery_ledger import Place
from kpi_pipeline.delivery.edition import Attachment, Edition
from kpi_pipeline.delivery.host_guard import Resolve, allowed_address, resolve
from kpi_pipeline.errors import ConfigurationError

TIMEOUT_SECONDS = 30
_TRY_LATER = (408, 425, 429)


@dataclass
class WebhookSender:
    """Sends to the webhooks of the configuration; their addresses and keys are secrets."""

    webhooks: Mapping[str, Webhook]
    secrets: Secrets
    now: Callable[[], datetime]
    look_up: Resolve = field(default=resolve)
    timeout: float = TIMEOUT_SECONDS

    def parcel(self, edition: Edition, place: Place) -> Parcel:
        """Make the body; it holds no time, so that each repetition has the same bytes."""
        facts = {
            **edition.facts,
            "report": edition.report,
            "audience": edition.audience,
            "week_start": edition.week_start.isoformat(),
            "revision": edition.revision,
            "language": edition.language,
            "snapshot_id": edition.snapshot_id,
            "subject": edition.subject,
            "is_complete": edition.is_complete,
            "gaps": list(edition.gaps),
            "link": edition.message.link,
        }
        body = json.dumps(facts, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()
        name = f"webhook-{place.recipient}.{edition.language}.json"
        return Parcel((Attachment(name, "application/json", body),))

    def attempt(self, parcel: Parcel, place: Place) -> Outcome | TryAgain:
        """Post the body once."""
        url, key = self._address(place.recipient)
        webhook = self.webhooks[place.recipient]
        assert url.hostname is not None
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            address = allowed_address(url.hostname, port, is_private=webhook.is_private, look_up=self.look_up)
        except OSError:
            return TryAgain("the host's address is not known")
        if address is None:
            return Outcome("failed", "the host leads to a machine that may not be reached")
        connection = _Pinned(url, address, port, self.timeout)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError:
            return Outcome("failed", "the server's certificate is not trusted")
        except OSError:
            return TryAgain("no server answers at this host and port")
        body = parcel.files[0].content
        try:
            connection.request("POST", _target(url), body, self._headers(body, key, place))
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return TryAgain("the connection was lost before there was an answer", may_have_arrived=True)
        finally:
            connection.close()
        return _judged(status)

    def _address(self, name: str) -> tuple[SplitResult, str]:
        prefix = f"KPI_WEBHOOK_{name.upper()}"
        purpose = f"to send to the webhook {name}"
        url = urlsplit(self.secrets.require(f"{prefix}_URL", purpose))
        key = self.secrets.require(f"{prefix}_KEY", purpose)
        webhook = self.webhooks[name]
        is_here = url.scheme == "http" and webhook.is_private and is_loopback(url.hostname or "")
        if (url.scheme != "https" and not is_here) or url.username is not None:
            raise ConfigurationError(
                f"{prefix}_URL: expected an https:// address without user and password, found another one"
            )
        if (url.hostname or "").casefold() != webhook.host.casefold():
            raise ConfigurationError(
                f"{prefix}_URL: its host is not {webhook.host}, the only one that delivery.yaml allows"
            )
        return url, key

    def _headers(self, body: bytes, key: str, place: Place) -> dict[str, str]:
        timestamp = str(int(self.now().timestamp()))
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "kpi-pipeline",
            "Idempotency-Key": idempotency_key(place),
            "X-KPI-Timestamp": timestamp,
            "X-KPI-Signature": f"sha256={signature(key, timestamp, body)}",
        }


def signature(key: str, timestamp: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of ``<timestamp>.<body>``, in hexadecimal digits."""
    return hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def idempotency_key(place: Place) -> str:
    """Return the key of a delivery, the same in every try."""
    parts = (place.week_start.isoformat(), place.report, str(place.revision), place.recipient)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def _target(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _judged(status: int) -> Outcome | TryAgain:
    if 200 <= status < 300:
        return Outcome("sent")
    if status >= 500 or status in _TRY_LATER:
        return TryAgain(f"the receiver cannot take it now ({status})", may_have_arrived=status >= 500)
    if 300 <= status < 400:
        return Outcome("failed", f"the receiver redirects, which is not followed ({status})")
    return Outcome("failed", f"the receiver refuses it ({status})")


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was checked, under the name that the certificate must have."""

    def __init__(self, url: SplitResult, address: str, port: int, timeout: float) -> None:
        super().__init__(str(url.hostname), port, timeout=timeout)
        self._is_encrypted, self._checked_address = url.scheme == "https", address

    def connect(self) -> None:
        plain = socket.create_connection((self._checked_address, self.port), self.timeout)
        self.sock = plain
        if self._is_encrypted:
            try:
                self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
            except OSError:
                plain.close()
                raise
