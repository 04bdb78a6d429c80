"""The site for nginx: a real nginx with the shipped file, in front of a real server that tells what it was asked."""

import base64
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

SITE = "deploy/nginx/kpi-pipeline.conf"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
OPENSSL = shutil.which("openssl")
LOGIN = {"Authorization": f"Basic {base64.b64encode(b'ada:a password').decode()}"}
WEBSOCKET = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Protocol": "graphql-ws"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
    pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed"),
]


class Telling(BaseHTTPRequestHandler):
    """Answers with the headers of the question; what comes over a switched connection goes back as it came."""

    def do_GET(self) -> None:
        if self.headers.get("Upgrade") == "websocket" and self.headers.get("Connection") == "upgrade":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(self.rfile.readline())
            return
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass(frozen=True)
class Proxy:
    """A running nginx.

    Attributes:
        plain: the port without encryption.
        encrypted: the port that asks for a login.
        certificate: what a client trusts.
    """

    plain: int
    encrypted: int
    certificate: Path

    def ask(self, path: str = "/", headers: Mapping[str, str] = LOGIN, method: str = "GET") -> requests.Response:
        address = f"https://localhost:{self.encrypted}{path}"
        return requests.request(method, address, headers=headers, verify=str(self.certificate), timeout=10)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def here(text: str, folder: Path, ports: Mapping[str, int]) -> str:
    """Return the shipped site with the files and ports of this test."""
    changed = {
        r"listen \[::\].*": "",
        r"listen 80;": f"listen 127.0.0.1:{ports['plain']};",
        r"listen 443": f"listen 127.0.0.1:{ports['encrypted']}",
        r"http://127\.0\.0\.1:3000": f"http://127.0.0.1:{ports['upstream']}",
        r"/etc/ssl/kpi-pipeline/": f"{folder}/",
        r"/etc/nginx/": f"{folder}/",
        r"/var/log/nginx/": f"{folder}/",
    }
    for pattern, new in changed.items():
        text, times = re.subn(pattern, new, text)
        assert times, pattern
    return text


@pytest.fixture(scope="module")
def proxy(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    assert NGINX
    assert OPENSSL
    folder = tmp_path_factory.mktemp("nginx")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Telling)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = {"plain": free_port(), "encrypted": free_port(), "upstream": server.server_port}
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([OPENSSL, *made, *named, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    password = subprocess.run(
        [OPENSSL, "passwd", "-6", "a password"], check=True, capture_output=True, text=True
    ).stdout
    (folder / "kpi-pipeline.htpasswd").write_text(f"ada:{password}", encoding="utf-8")
    folder.chmod(0o755)
    site = folder / "site.conf"
    site.write_text(here((checkout / SITE).read_text(encoding="utf-8"), folder, ports), encoding="utf-8")
    kept = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = folder / "nginx.conf"
    # One process: workers of another user could not reach the folders of this test.
    whole.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\n{kept}\ninclude {site};\n}}\n",
        encoding="utf-8",
    )
    checked = subprocess.run([NGINX, "-t", "-c", whole], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr
    running = subprocess.Popen([NGINX, "-c", whole], stderr=subprocess.DEVNULL)
    try:
        wait_for(ports["encrypted"])
        yield Proxy(ports["plain"], ports["encrypted"], certificate)
    finally:
        running.terminate()
        running.wait(10)
        server.shutdown()
        server.server_close()


def wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def test_without_encryption_there_is_only_the_way_to_it(proxy: Proxy) -> None:
    address, name = f"http://localhost:{proxy.plain}/runs?a=b", {"Host": "kpi.example.com"}
    answer = requests.get(address, headers=name, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://kpi.example.com/runs?a=b")


@pytest.mark.parametrize("path", ["/", "/graphql", "/server_info"])
def test_nothing_is_shown_without_a_login(proxy: Proxy, path: str) -> None:
    answer = proxy.ask(path, headers={})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="kpi-pipeline"')


def test_a_wrong_password_is_refused_after_a_second(proxy: Proxy) -> None:
    wrong = base64.b64encode(b"ada:another password").decode()
    began = time.monotonic()
    assert proxy.ask(headers={"Authorization": f"Basic {wrong}"}).status_code == 401
    assert time.monotonic() - began > 0.9


def test_a_login_opens_the_ui_and_stays_with_the_proxy(proxy: Proxy) -> None:
    answer = proxy.ask()
    assert answer.status_code == 200
    assert answer.headers["X-Frame-Options"] == "DENY"
    asked = answer.json()
    assert "Authorization" not in asked
    assert asked["X-Forwarded-Proto"] == "https"


def test_a_websocket_is_opened_with_a_login_alone(proxy: Proxy) -> None:
    assert proxy.ask("/graphql", headers=WEBSOCKET).status_code == 401
    trust = ssl.create_default_context(cafile=proxy.certificate)
    with (
        socket.create_connection(("localhost", proxy.encrypted), timeout=10) as plain,
        trust.wrap_socket(plain, server_hostname="localhost") as encrypted,
        encrypted.makefile("rb") as answer,
    ):
        lines = [f"{name}: {value}" for name, value in (WEBSOCKET | LOGIN).items()]
        encrypted.sendall("\r\n".join(["GET /graphql HTTP/1.1", "Host: localhost", *lines, "", ""]).encode())
        assert answer.readline().startswith(b"HTTP/1.1 101 ")
        while answer.readline().strip():
            pass
        encrypted.sendall(b"a message\n")
        assert answer.readline() == b"a message\n"


# What browsers of today send: the site that caused the request, and what it is for.
@pytest.mark.parametrize(
    ("site", "mode", "method", "status"),
    [
        ("same-origin", "cors", "POST", 200),  # the UI itself
        ("same-origin", "websocket", "GET", 200),
        ("none", "navigate", "GET", 200),  # an address that was typed
        ("cross-site", "navigate", "GET", 200),  # a link in a mail or a chat
        ("cross-site", "navigate", "POST", 403),  # a form of another site
        ("cross-site", "no-cors", "POST", 403),  # a script of another site
        ("cross-site", "no-cors", "GET", 403),  # a picture of another site
        ("same-site", "cors", "POST", 403),  # another server of the company
        ("cross-site", "websocket", "GET", 403),
    ],
)
def test_another_site_cannot_use_the_login(proxy: Proxy, site: str, mode: str, method: str, status: int) -> None:
    came_from = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    assert proxy.ask("/graphql?query=mutation", headers=LOGIN | came_from, method=method).status_code == status
