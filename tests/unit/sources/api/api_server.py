"""A real HTTP server on loopback that speaks an API's shapes and can fail in every way that networks and vendors do."""

import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from time import sleep
from types import TracebackType
from typing import Any, Literal, cast
from urllib.parse import parse_qs, urlsplit

from tests.unit.sources.api.instants import NOW

# What goes wrong on the way, whatever the vendor answers.
TransportFault = Literal[
    "429",
    "429 with seconds",
    "429 with a date",
    "500",
    "502",
    "503",
    "reset",
    "slow drip",
    "truncated",
    "html with 200",
    "expired token",
]
TRANSPORT_FAULTS: tuple[TransportFault, ...] = (
    "429",
    "429 with seconds",
    "429 with a date",
    "500",
    "502",
    "503",
    "reset",
    "slow drip",
    "truncated",
    "html with 200",
)


@dataclass(frozen=True)
class Question:
    """One request as the vendor sees it.

    Attributes:
        query: one text per parameter.
        body: the parsed JSON or form.
        target: path and query as they were sent.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    target: str = ""


@dataclass(frozen=True)
class Reply:
    """What the vendor answers; a ``body`` that is no bytes is sent as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Vendor = Callable[[Question], Reply]


class ApiServer:
    """Answers with ``vendor``; the n-th question meets the n-th entry of ``faults``, where there is one."""

    def __init__(self, vendor: Vendor, faults: Mapping[int, TransportFault] | None = None) -> None:
        self.vendor = vendor
        self.faults = dict(faults or {})
        self.questions: list[Question] = []
        self._lock = Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                server.answer(self)

            do_POST = do_GET  # noqa: N815 - the name that the standard library asks for

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> "ApiServer":
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        content = handler.rfile.read(length)
        parts = urlsplit(handler.path)
        with self._lock:
            number = len(self.questions)
            question = Question(
                handler.command,
                parts.path,
                {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()},
                {name.lower(): value for name, value in handler.headers.items()},
                _body(content, handler.headers.get("Content-Type") or ""),
                handler.path,
            )
            self.questions.append(question)
            fault = self.faults.get(number)
            reply = self.vendor(question) if _reaches_vendor(fault) else Reply({})
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        _send(handler, fault, reply, body)


def _reaches_vendor(fault: TransportFault | None) -> bool:
    return fault in (None, "slow drip", "truncated")


def _body(content: bytes, content_type: str) -> Any:
    if "json" in content_type:
        return json.loads(content)
    return {name: values[-1] for name, values in parse_qs(content.decode()).items()}


def _send(handler: BaseHTTPRequestHandler, fault: TransportFault | None, reply: Reply, body: bytes) -> None:
    status, headers = reply.status, dict(reply.headers)
    if fault == "reset":
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
        handler.close_connection = True
        return
    if fault == "html with 200":
        body, headers = b"<!doctype html><title>Please log in</title>", {"Content-Type": "text/html"}
    elif fault == "expired token":
        status, body = 401, b'{"message": "the token has expired"}'
    elif fault is not None and fault[0] in "45":
        status, body = int(fault[:3]), b'{"message": "later"}'
        if fault == "429 with seconds":
            headers["Retry-After"] = "7"
        if fault == "429 with a date":
            headers["Retry-After"] = format_datetime(NOW.replace(second=NOW.second + 9), usegmt=True)
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if fault == "truncated":
        handler.wfile.write(body[: len(body) // 2])
        handler.close_connection = True
    elif fault == "slow drip":
        try:
            for position in range(0, len(body), max(len(body) // 20, 1)):
                handler.wfile.write(body[position : position + max(len(body) // 20, 1)])
                handler.wfile.flush()
                sleep(0.002)
        except OSError:
            handler.close_connection = True  # the client has given up, as it should
    else:
        handler.wfile.write(body)


def page_of(rows: list[Any], number: int, size: int) -> list[Any]:
    """Return the rows of one page, the first being 0."""
    return cast(list[Any], rows[number * size : (number + 1) * size])
