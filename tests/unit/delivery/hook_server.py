"""A real receiver of webhooks on loopback: it keeps what it took by its key, and can fail in every way."""

import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import cast

RESET, CLOSE = "reset after the body", "close after the body"
SLOW = "slow 200"


@dataclass(frozen=True)
class Request:
    """One request as the receiver saw it."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HookServer:
    """Answers with the next entry of ``script``, else with 200.

    Attributes:
        taken: key → body of what was taken; a receiver that keeps its promise takes each key once.
    """

    certificate: Path | None = None
    script: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    taken: dict[str, bytes] = field(default_factory=dict)

    def __enter__(self) -> "HookServer":
        office = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                office.receive(self)

            do_GET = do_POST  # noqa: N815 - a redirect that was followed would come as GET

            def log_message(self, format: str, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return cast(int, self._server.server_address[1])

    def receive(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        request = Request(handler.path, {name.lower(): value for name, value in handler.headers.items()}, body)
        self.requests.append(request)
        answer = self.script.pop(0) if self.script else "200"
        if answer in (RESET, CLOSE, SLOW) or answer.startswith("2"):
            self.taken.setdefault(request.headers.get("idempotency-key", ""), body)
        if answer == SLOW:
            time.sleep(0.2)
        if answer == RESET:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if answer in (RESET, CLOSE):
            handler.connection.close()
            return
        handler.send_response(200 if answer == SLOW else int(answer))
        if answer.startswith("3"):
            handler.send_header("Location", f"http://127.0.0.1:{self.port}/elsewhere")
        handler.send_header("Content-Length", "6")
        handler.end_headers()
        handler.wfile.write(b"canary")
