"""An edition as a mail: the bytes of one message to one mailbox.

Here: the parts, the headers, and the proof that there are no others. Handing the message to a server belongs to
``mail``.
"""

import hashlib
from collections import Counter
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP, compat32
from email.utils import format_datetime

from kpi_pipeline.delivery.delivery_ledger import Place
from kpi_pipeline.delivery.edition import Edition
from kpi_pipeline.delivery.header_text import file_name, header_text, sender_name
from kpi_pipeline.errors import DeliveryError

# Seven bits, so that no server has to recode what was signed off.
POLICY = SMTP.clone(cte_type="7bit")
HEADERS = Counter(
    (
        *("from", "to", "subject", "date", "message-id", "auto-submitted", "x-auto-response-suppress"),
        *("x-kpi-report", "mime-version", "content-type"),
    )
)
ONLY_WITHOUT_PARTS = "content-transfer-encoding"


def message_id(place: Place, language: str, domain: str) -> str:
    """Return the id of a message: the same whenever the same edition goes to the same recipient again."""
    key = (place.week_start.isoformat(), place.report, str(place.revision), language, place.channel, place.recipient)
    return f"<{hashlib.sha256(chr(0).join(key).encode()).hexdigest()[:40]}@{domain}>"


def mail_bytes(edition: Edition, place: Place, *, sender: str, recipient: str, now: datetime) -> bytes:
    """Return the whole message.

    Raises:
        DeliveryError: if it has other headers than it should.
    """
    message = EmailMessage(policy=POLICY)
    domain = sender.rpartition("@")[2]
    own_id = message_id(place, edition.language, domain)
    message["From"] = Address(sender_name(edition.company), addr_spec=sender)
    message["To"] = recipient
    message["Subject"] = header_text(edition.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = own_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-KPI-Report"] = (
        f"{edition.report}; week={edition.week_start}; revision={edition.revision}; language={edition.language}"
    )
    message.set_content(edition.text, subtype="plain")
    if edition.html is not None:
        message.add_alternative(edition.html, subtype="html")
        *_, body = message.iter_parts()
        for content_id, picture in edition.images.items():
            body.add_related(picture, "image", "png", cid=f"<{content_id}>", disposition="inline")
    for attachment in edition.attachments:
        kind, _, subtype = attachment.media_type.partition("/")
        parameters = {"charset": "utf-8"} if kind == "text" else None
        message.add_attachment(
            attachment.content, kind, subtype, filename=file_name(attachment.name), params=parameters
        )
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        # Underscores behind an equals sign stand neither in Base64 nor in quoted-printable text.
        part.set_boundary(f"=_{own_id[1:33]}_{number}")
    content = message.as_bytes()
    _check_headers(content)
    return content


def _check_headers(content: bytes) -> None:
    found = Counter(name.lower() for name in BytesHeaderParser(policy=compat32).parsebytes(content))
    found.pop(ONLY_WITHOUT_PARTS, None)
    if found != HEADERS:
        raise DeliveryError(
            f"a mail would have the headers {sorted(found.elements())}, expected {sorted(HEADERS)}; nothing was sent. "
            "Look for unusual characters in the company's name and the names of reports."
        )
