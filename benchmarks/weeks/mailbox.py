"""A real mail server on loopback that keeps what it accepts in a folder.

Here: the server, and reading its folder again; who should have got what is asked by ``checks``.
"""

import mailbox
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

RECIPIENT = "X-RcptTo"


@contextmanager
def mail_server(folder: Path) -> Iterator[int]:
    """Take mail into a folder; the value is the port, one that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    server = Controller(Mailbox(folder), hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield port
    finally:
        server.stop()


def mails(folder: Path) -> list[EmailMessage]:
    """Return what was accepted, oldest first; ``RECIPIENT`` says for whom."""
    kept = mailbox.Maildir(folder, create=False)
    contents = (kept.get_bytes(key) for key, _ in kept.items())
    found = [cast(EmailMessage, message_from_bytes(content, policy=default)) for content in contents]
    return sorted(found, key=lambda mail: mail["Date"].datetime)
