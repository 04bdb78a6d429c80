"""Serving the pages on an address of this machine until it is stopped.

Here: the socket and the server. Whether an address other than this machine's own is meant, the command asks.
"""

import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from kpi_pipeline.config.model import Language
from kpi_pipeline.config.report import Audience
from kpi_pipeline.errors import KpiPipelineError
from kpi_pipeline.serve.application import application

LOOPBACK = "127.0.0.1"
OWN_HOSTS = ("localhost", LOOPBACK, "[::1]")


class ServeError(KpiPipelineError):
    """The pages cannot be served."""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_wildcard(host: str) -> bool:
    """Tell whether an address stands for all addresses of this machine; nobody can ask for it by that name."""
    try:
        return ipaddress.ip_address(host or "0.0.0.0").is_unspecified
    except ValueError:
        return False


def serve(
    folder: Path,
    audience: Audience,
    *,
    host: str,
    port: int,
    language: Language,
    ready: Callable[[str], None],
) -> None:
    """Serve the pages until interrupted.

    Args:
        folder: where snapshots are published.
        audience: whose pages.
        host: address or name to listen on, and the only one beside this machine's own that may be asked for.
        port: 0 for any that is free.
        language: of those who have not chosen one.
        ready: called with the pages' address as soon as they can be asked for.

    Raises:
        ServeError: if the address cannot be listened on.
    """
    with listening(host, port) as listener:
        named = f"[{host}]" if ":" in host else host
        app = application(folder, audience, {*OWN_HOSTS, named}, language)
        config = uvicorn.Config(app, log_level="warning", server_header=False, proxy_headers=False, ws="none")
        ready(f"http://{named}:{listener.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address.

    Raises:
        ServeError: if that is not possible.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ServeError(f"{host}, port {port}: {error.strerror or error}; choose another one by --port") from error
