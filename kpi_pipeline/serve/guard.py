"""What stands before every page: who may ask, in what way, and what a browser may do with the answer.

Here: checks that need no knowledge of pages. The pages only read; there is no login, so that they are for this machine.
"""

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "HEAD")
# No script, nothing from elsewhere, and no page of others around or behind ours.
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; font-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Lets through what asks to read, for a host that is served; gives every answer its headers.

    A page from elsewhere can make a name of its own point to this machine (DNS rebinding): its requests then carry that
    name as host, and are refused.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app, self.hosts = app, frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self.app
        if host_name(Headers(scope=scope).get("host", "")) not in self.hosts:
            answer = PlainTextResponse("This host is not served here.\n", status_code=421)
        elif scope["method"] not in METHODS:
            answer = PlainTextResponse("Pages are only read here.\n", 405, {"allow": ", ".join(METHODS)})
        await answer(scope, receive, send_guarded)


def host_name(host: str) -> str:
    """Return the host of a header or an address without its port, in small letters."""
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdecimal() and (name.startswith("[") == name.endswith("]")) else host.lower()
