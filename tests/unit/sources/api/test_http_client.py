import base64
import gzip
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.errors import ConfigurationError
from kpi_pipeline.sources.api.http_client import HttpClient, Limits
from kpi_pipeline.sources.api.pacing import real_pacing
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, Take, TryAgain
from kpi_pipeline.sources.files.refused_file import RefusedFile
from tests.unit.sources.api.api_server import ApiServer, Question, Reply, TransportFault, Vendor
from tests.unit.sources.api.instants import NOW, FakeTime

# With characters that are written in another way in addresses.
SECRET = "canary/with+signs=and spaces"
GOOD = Reply({"id": 9007199254740993, "amount": 0.10})


def secrets() -> Secrets:
    held = Secrets({"KPI_SHOP_TOKEN": SECRET})
    held.require("KPI_SHOP_TOKEN", "in this test")
    return held


def client(url: str, waiting: FakeTime | None = None, **given: Any) -> HttpClient:
    headers = {"Authorization": f"Bearer {SECRET}"}
    return HttpClient(
        "shop.pull", url, secrets(), (waiting or FakeTime()).pacing, NOW, **({"headers": headers} | given)
    )


def answering(*replies: Reply) -> Vendor:
    """Answer with one reply after the other, the last one for ever."""
    left = list(replies)
    return lambda question: left.pop(0) if len(left) > 1 else left[0]


def refusal(server: ApiServer, waiting: FakeTime | None = None, **given: Any) -> RefusedFile:
    with pytest.raises(RefusedFile) as raised:
        client(server.url, waiting, **given).get("/things", {"secret_parameter": "1"})
    return raised.value


def test_an_answer_keeps_all_digits_and_small_letters_in_header_names() -> None:
    with ApiServer(answering(Reply(GOOD.body, headers={"X-Total": "5"}))) as server:
        answer = client(server.url).get("/things", {"page": "1"})
    assert answer.body == {"id": "9007199254740993", "amount": "0.1"}
    assert (answer.status, answer.headers["x-total"]) == (200, "5")
    (question,) = server.questions
    assert (question.method, question.target, question.headers["accept"]) == (
        "GET", "/things?page=1", "application/json",
    )  # fmt: skip


def test_a_body_and_a_form_are_sent_as_such() -> None:
    with ApiServer(answering(GOOD)) as server:
        client(server.url).post("/things", {"query": "x"})
        client(server.url).ask("POST", "/token", form={"grant": "y z"})
    assert [question.body for question in server.questions] == [{"query": "x"}, {"grant": "y z"}]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_passing_statuses_are_asked_again(status: int) -> None:
    waiting = FakeTime()
    with ApiServer(answering(Reply({}, status), Reply({}, status), GOOD)) as server:
        assert client(server.url, waiting).get("/things").status == 200
    assert waiting.waits == [1.0, 2.0]  # half of 2 and of 4 seconds: the jitter of these tests is a half


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422, 501])
def test_other_statuses_are_final_and_tell_what_the_vendor_says(status: int) -> None:
    reply = Reply({"error": {"code": "no_such_field", "message": "Field 'x' is unknown"}}, status)
    with ApiServer(answering(reply, GOOD)) as server:
        refused = refusal(server)
        assert len(server.questions) == 1
    assert refused.found == f"HTTP {status}: no_such_field Field 'x' is unknown (GET 127.0.0.1/things)"
    assert refused.file == "shop.pull"


def test_after_six_tries_the_pull_is_refused() -> None:
    waiting = FakeTime()
    with ApiServer(answering(Reply({"message": "busy"}, 503))) as server:
        refused = refusal(server, waiting)
        assert len(server.questions) == 6
    assert refused.found == "HTTP 503: busy (GET 127.0.0.1/things, tried 6 times)"
    assert waiting.waits == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_waits_grow_to_a_cap() -> None:
    waiting = FakeTime()
    with ApiServer(answering(Reply({}, 503))) as server:
        refusal(server, waiting, limits=Limits(tries=9))
    assert waiting.waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_waits_are_spread_by_the_jitter() -> None:
    waiting = FakeTime()
    pacing = waiting.pacing.__class__(waiting.sleep, lambda: waiting.seconds, lambda: 0.25)
    with ApiServer(answering(Reply({}, 503), GOOD)) as server:
        HttpClient("shop.pull", server.url, secrets(), pacing, NOW).get("/things")
    assert waiting.waits == [0.5]


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("70", 70.0),
        ("0", 0.0),
        ("2.5", 2.5),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("soon", 1.0),
        ("-5", 1.0),
        ("", 1.0),
    ],
)
def test_the_vendor_says_how_long_to_wait(text: str, wait: float) -> None:
    waiting = FakeTime()
    with ApiServer(answering(Reply({}, 429, {"Retry-After": text}), GOOD)) as server:
        client(server.url, waiting).get("/things")
    assert waiting.waits == [wait]


def test_a_wait_that_is_longer_than_the_pull_may_last_is_not_begun() -> None:
    waiting = FakeTime()
    with ApiServer(answering(Reply({}, 429, {"Retry-After": "86400"}), GOOD)) as server:
        refused = refusal(server, waiting)
    assert refused.found == "that it has to wait 86400 seconds, longer than the pull may last"
    assert waiting.waits == []


def test_a_pull_that_takes_too_long_is_given_up() -> None:
    waiting = FakeTime()
    with ApiServer(answering(GOOD)) as server:
        asking = client(server.url, waiting, limits=Limits(budget_seconds=100))
        asking.get("/things")
        waiting.seconds = 99
        asking.get("/things")
        waiting.seconds = 100
        with pytest.raises(RefusedFile, match="no end within 100 seconds") as raised:
            asking.get("/things")
        assert len(server.questions) == 2
    assert "pull.budget_minutes" in raised.value.advice


@pytest.mark.parametrize("fault", ["reset", "truncated", "html with 200", "slow drip"])
def test_what_breaks_on_the_way_is_asked_again(fault: TransportFault) -> None:
    with ApiServer(answering(GOOD), {0: fault}) as server:
        assert client(server.url).get("/things").body["amount"] == "0.1"
        assert len(server.questions) == (1 if fault == "slow drip" else 2)


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("reset", "no complete answer (ConnectionError)"),
        ("truncated", "no complete answer (ProtocolError)"),
        ("html with 200", "an answer with status 200 that is not JSON"),
    ],
)
def test_what_always_breaks_on_the_way_is_refused(fault: TransportFault, found: str) -> None:
    with ApiServer(answering(GOOD), dict.fromkeys(range(6), fault)) as server:
        assert refusal(server).found == f"{found} (GET 127.0.0.1/things, tried 6 times)"


@pytest.mark.parametrize("body", [b"", b'{"id": 1', b"[1, 2", b'{"id": 1} {"id": 2}', b"\xff\xfe"])
def test_half_of_an_answer_with_status_200_is_never_taken(body: bytes) -> None:
    with ApiServer(answering(Reply(body))) as server:
        assert refusal(server).found.startswith("an answer with status 200 that is not JSON")


@pytest.mark.parametrize("cut", [0, 5])
def test_a_compressed_answer_is_unpacked_and_half_of_one_is_never_taken(cut: int) -> None:
    packed = gzip.compress(b'{"things": [1, 2, 3]}')
    reply = Reply(packed[: len(packed) - cut * 3], headers={"Content-Encoding": "gzip"})
    with ApiServer(answering(reply)) as server:
        if cut:
            assert "tried 6 times" in refusal(server).found
        else:
            assert client(server.url).get("/things").body == {"things": ["1", "2", "3"]}


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused() -> None:
    reply = Reply(gzip.compress(b"[" + b" " * 5_000_000), headers={"Content-Encoding": "gzip"})
    with ApiServer(answering(reply)) as server:
        assert refusal(server, limits=Limits(answer_bytes=1_000_000)).found == "an answer of more than 1000000 bytes"


def test_other_answers_than_json_are_taken_only_where_they_are_asked_for() -> None:
    with ApiServer(answering(Reply(b"a,b\n1,2\n"))) as server:
        assert client(server.url).ask("GET", "/report", is_json=False).content == b"a,b\n1,2\n"


def test_a_vendor_that_cannot_be_reached_is_tried_six_times() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    waiting = FakeTime()
    with pytest.raises(RefusedFile, match=r"no complete answer \(ConnectionError\)"):
        client(url, waiting).get("/things")
    assert len(waiting.waits) == 5


@contextmanager
def dripping(pieces: Iterator[bytes], pause: float) -> Iterator[str]:
    """A server that answers one question piece by piece, however long that takes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening, listening.accept()[0] as connection:
            connection.recv(65536)
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    sleep(pause)
            except OSError:
                pass  # the client has given up, as it should

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread.join(timeout=5)


@pytest.mark.parametrize("framing", [b"Content-Length: 400\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_an_answer_that_only_drips_is_given_up_in_time(framing: bytes) -> None:
    piece = b"1\r\n \r\n" if b"chunked" in framing else b" "
    with dripping(iter([b"HTTP/1.1 200 OK\r\n", framing, *[piece] * 400]), 0.02) as url:
        limits = Limits(tries=1, answer_seconds=0.3, read_seconds=5)
        asking = HttpClient("shop.pull", url, secrets(), real_pacing(), NOW, limits=limits)
        began = monotonic()
        with pytest.raises(RefusedFile, match="an answer that arrives too slowly"):
            asking.get("/things")
        assert monotonic() - began < 2


def test_a_vendor_that_falls_silent_is_given_up_in_time() -> None:
    with dripping(iter([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1,"]), 1) as url:
        limits = Limits(tries=1, read_seconds=0.2)
        asking = HttpClient("shop.pull", url, secrets(), real_pacing(), NOW, limits=limits)
        began = monotonic()
        with pytest.raises(RefusedFile, match="no complete answer"):
            asking.get("/things")
        assert monotonic() - began < 0.9


def test_an_answer_that_is_too_large_is_refused_at_once() -> None:
    with ApiServer(answering(Reply([1] * 1000))) as server:
        refused = refusal(server, limits=Limits(answer_bytes=500))
        assert len(server.questions) == 1
    assert refused.found == "an answer of more than 500 bytes"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(status: int) -> None:
    with (
        ApiServer(answering(GOOD)) as elsewhere,
        ApiServer(answering(Reply({}, status, {"Location": f"{elsewhere.url}/?token={quote(SECRET)}"}))) as server,
    ):
        refused = refusal(server)
        assert elsewhere.questions == []
    assert refused.found.startswith(f"HTTP {status}, a redirection")
    assert "canary" not in str(refused)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org",
        "http://127.0.0.1.example.org",
        "ftp://127.0.0.1",
        "http://10.0.0.5",
        "127.0.0.1:80",
        "",
    ],
)
def test_an_address_that_is_not_https_is_a_mistake_of_the_configuration(url: str) -> None:
    with pytest.raises(ConfigurationError, match="expected an https:// address"):
        client(url)


@pytest.mark.parametrize(
    "url", ["https://api.example.org", "http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"]
)
def test_https_and_this_machine_are_accepted(url: str) -> None:
    client(url).close()


def test_links_to_other_hosts_are_not_followed() -> None:
    with ApiServer(answering(GOOD)) as server:
        asking = client(f"{server.url}/v1")
        asking.get(f"{server.url}/v2/things?cursor=a%2Fb")
        assert server.questions[0].target == "/v2/things?cursor=a%2Fb"
        for link in (
            "https://evil.example.org/things",
            "http://127.0.0.1/things",  # another port
            server.url.replace("http:", "https:"),
            server.url.replace("127.0.0.1", "localhost"),
            server.url.replace("127.0.0.1", "127.0.0.1@evil.example.org"),
        ):
            with pytest.raises(RefusedFile, match="found a link to"):
                asking.get(link)
        assert len(server.questions) == 1


def test_passwords_in_the_home_folder_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\ndefault login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with ApiServer(answering(GOOD)) as server:
        client(server.url).get("/things")
        client(server.url, headers={}).get("/things")
    assert server.questions[0].headers["authorization"] == f"Bearer {SECRET}"
    assert "authorization" not in server.questions[1].headers


SHOWN = [
    SECRET,
    quote(SECRET),
    quote(SECRET, safe=""),
    quote_plus(SECRET),
    f"https://example.org/?access_token={quote_plus(SECRET)}&x=1",
    base64.b64encode(f"user:{SECRET}".encode()).decode(),
]


@pytest.mark.parametrize("text", SHOWN)
@pytest.mark.parametrize("status", [400, 401, 429, 503])
def test_no_secret_stands_in_a_message(text: str, status: int) -> None:
    with ApiServer(answering(Reply({"error": {"message": f"refused: {text}"}}, status))) as server:
        told = str(refusal(server))
    assert "***" in told
    for shown in (*SHOWN, "canary", "signs", "secret_parameter"):
        assert shown not in told


def test_e_mail_addresses_of_a_vendor_are_not_told() -> None:
    with ApiServer(answering(Reply({"message": "jane.doe@example.org may not read this"}, 403))) as server:
        assert "HTTP 403: [e-mail] may not read this" in str(refusal(server))
        own_words = str(refusal(server, judge=lambda answer: GiveUp(f"code 7: {answer.body['message']}")))
    assert "code 7: [e-mail] may not read this" in own_words


def test_what_the_network_says_shows_no_parameters() -> None:
    with ApiServer(answering(GOOD), dict.fromkeys(range(6), "reset")) as server:
        assert "secret_parameter" not in str(refusal(server))


def test_a_token_that_was_learned_on_the_way_is_kept_out_of_messages() -> None:
    with ApiServer(answering(Reply({"message": "learned-canary"}, 400))) as server:
        asking = client(server.url)
        asking.secrets.add("learned-canary")
        with pytest.raises(RefusedFile) as raised:
            asking.get("/things")
    assert "canary" not in str(raised.value)


def guarded(question: Question) -> Reply:
    """Answer to the second token only."""
    return GOOD if question.headers["authorization"] == "Bearer second" else Reply({"message": "expired"}, 401)


def test_an_expired_token_is_renewed_and_kept() -> None:
    waiting = FakeTime()
    with ApiServer(guarded) as server:
        asking = client(server.url, waiting, refresh=lambda: {"Authorization": "Bearer second"})
        asking.get("/things")
        asking.get("/things")
        sent = [question.headers["authorization"] for question in server.questions]
    assert sent == [f"Bearer {SECRET}", "Bearer second", "Bearer second"]
    assert waiting.waits == []


def test_a_token_is_renewed_once_in_a_pull() -> None:
    renewed = []

    def refresh() -> Mapping[str, str]:
        renewed.append("again")
        return {"Authorization": f"Bearer third-{len(renewed)}"}

    with ApiServer(guarded) as server:
        asking = client(server.url, refresh=refresh)
        for _ in range(2):
            with pytest.raises(RefusedFile, match="HTTP 401: expired"):
                asking.get("/things")
        assert len(server.questions) == 3
    assert renewed == ["again"]


def test_without_a_way_to_renew_an_expired_token_is_final() -> None:
    with ApiServer(guarded) as server:
        assert refusal(server).found == "HTTP 401: expired (GET 127.0.0.1/things)"
        assert len(server.questions) == 1


def test_the_vendors_own_rules_come_before_those_of_the_status() -> None:
    def judge(answer: Answer) -> TryAgain | GiveUp | Take | None:
        said = answer.body["said"]
        verdicts: dict[str, TryAgain | GiveUp | Take] = {
            "wait": TryAgain("said wait", 12.0),
            "back off": TryAgain("said back off"),
            "stop": GiveUp("said stop", "Do this."),
            "fine": Take(),
        }
        return verdicts.get(said)

    waiting = FakeTime()
    replies = [Reply({"said": text}, status) for text, status in [("wait", 200), ("back off", 400), ("fine", 404)]]
    with ApiServer(answering(*replies)) as server:
        assert client(server.url, waiting, judge=judge).get("/things").status == 404
    assert waiting.waits == [12.0, 2.0]
    with ApiServer(answering(Reply({"said": "stop"}))) as server:
        refused = refusal(server, judge=judge)
    assert (refused.found, refused.advice) == ("said stop (GET 127.0.0.1/things)", "Do this.")
