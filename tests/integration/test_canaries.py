"""Fifty e-mail addresses and fifty secrets go in; none of them may come out anywhere but in custody's own raw copies.

A real run of the command with the orchestrator: exports of several systems with personal columns, broken rows beside
them, addresses where none belong, and APIs that answer with everything that they were sent.
"""

import base64
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
import pytest

EMAILS = [f"canary{number:02}.person@mail{number % 7}.example.org" for number in range(50)]
SECRETS = [f"cnry{number:02}/Q{number * 7919 % 997}+w{number * 104729 % 9973}=Z{number:02}k" for number in range(50)]
DAY = "2026-11-20"
API_SECRETS = {
    "stripe_api": ("secret_key",),
    "woocommerce_api": ("consumer_key", "consumer_secret"),
    "meta_ads_api": ("access_token",),
    "tiktok_ads_api": ("access_token",),
    "hubspot_deals_api": ("access_token",),
    "facebook_page_api": ("access_token",),
    "instagram_api": ("access_token",),
}
SHOPIFY = (
    "Name,Id,Email,Financial Status,Currency,Total,Discount Amount,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Billing Name\n"
)
SHOP = """\
system: csv
subject: refunds
currency: EUR
columns:
    refund_id: {header: id}
    order_id: {header: customer e-mail, personal: true}
    day: {header: day}
    amount: {header: amount}
    reason: {header: note, free_text: true}
"""


class Echo(BaseHTTPRequestHandler):
    """Refuses everything, with all that it was sent in the answer."""

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = {
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.rfile.read(length).decode(errors="replace"),
        }
        authorization = self.headers.get("Authorization", "")
        if authorization.startswith("Basic "):
            sent["basic"] = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        text = json.dumps({"message": json.dumps(sent), "error": {"message": json.dumps(sent)}, "errors": [sent]})
        content = text.encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer  # noqa: N815 - the names that the server calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class World:
    """An installation with canaries everywhere, and everything that its commands printed."""

    data: Path
    config: Path
    environment: dict[str, str]
    printed: list[str] = field(default_factory=list)

    def kpi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [Path(sys.executable).with_name("kpi"), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        self.printed += [result.stdout, result.stderr]
        return result


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, checkout: Path, echo: str) -> World:
    folder = tmp_path_factory.mktemp("canaries")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KPI_")}
    secrets = iter(SECRETS)
    environment["KPI_HASH_KEY"] = next(secrets)
    sources = {
        "shopify": "system: shopify_orders\naccount_id: shop\n",
        "till": SHOP,
        "till_lines": SHOP.replace("system: csv", "system: jsonl"),
        "plain": SHOP.replace("customer e-mail, personal: true", "order"),
    }
    for number, (system, names) in enumerate(API_SECRETS.items()):
        sources[f"a_{system}"] = (
            f"system: {system}\naccount_id: '123'\ncurrency: EUR\ntime_zone: UTC\n"
            f"pull: {{starts_on: 2026-11-18, endpoint: '{echo}'}}\n"
        )
        for name in names:
            variable, value = f"KPI_A_{system}_{name}".upper(), next(secrets)
            if number % 2:
                environment[variable] = value
            else:
                file = folder / variable
                file.write_text(value + "\n")
                file.chmod(0o600)
                environment[f"{variable}_FILE"] = str(file)
    config = folder / "config"
    shutil.copytree(checkout / "config", config)
    for shipped in (config / "sources").iterdir():
        shipped.unlink()
    for name, text in sources.items():
        (config / "sources" / f"{name}.yaml").write_text(text, encoding="utf-8")
    environment |= {
        "KPI_DATA_DIR": str(folder / "data"),
        "KPI_CONFIG_DIR": str(config),
        "KPI_SQL_DIR": str(checkout / "sql"),
    }
    # What no source asks for lies in the environment all the same.
    environment |= {f"OTHER_TOKEN_{number}": value for number, value in enumerate(secrets)}
    world = World(folder / "data", config, environment)
    fill_inboxes(world.data / "inbox")
    return world


def fill_inboxes(inbox: Path) -> None:
    emails = iter(EMAILS * 2)

    def order(number: int, price: str = "10.00", email: str | None = None) -> str:
        email = email or next(emails)
        return f"#{number},{number},{email},paid,EUR,10.00,0,2026-11-11 10:00:00 +0000,1,Lamp,{price},{next(emails)}\n"

    good = "".join(order(number) for number in range(10))
    refund = "id,customer e-mail,day,amount,note\n"
    rows = "".join(
        f"{number},{next(emails)},2026-11-11,5.00,please write to {next(emails)} or +49 170 00000{number}\n"
        for number in range(10)
    )
    order_refund = refund.replace("customer e-mail", "order")

    def record(**changes: str) -> str:
        written = {"id": "1", "customer e-mail": next(emails), "day": "2026-11-11", "amount": "5", "note": next(emails)}
        return json.dumps(written | changes) + "\n"

    files = {
        "shopify/orders_good.csv": SHOPIFY + good,
        "shopify/orders_price.csv": SHOPIFY + good + order(98, price="ten") + order(99),
        "shopify/orders_shifted.csv": SHOPIFY + good + order(97, price=next(emails)),
        "shopify/orders_wide.csv": SHOPIFY + good + order(96).replace("Lamp", f"Lamp,{next(emails)}"),
        "shopify/orders_open_quote.csv": SHOPIFY + good + order(95).replace("Lamp", f'"Lamp {next(emails)}'),
        "shopify/orders_headless.csv": good,
        "shopify/orders_bytes.csv": SHOPIFY + good + order(94).replace("Lamp", "L\udcffmp"),
        "shopify/orders_cut.csv": SHOPIFY + good + f"#93,93,{next(emails)}",
        "till/refunds_good.csv": refund + rows,
        "till/refunds_day.csv": refund + rows + f"77,{next(emails)},{next(emails)},5.00,x\n",
        "till/refunds_empty.csv": refund + rows + f"78,,2026-11-11,5.00,{next(emails)}\n",
        "till/refunds_header.csv": f"{next(emails)}," + refund.partition(",")[2] + rows,
        "till_lines/good.jsonl": "".join(record(id=str(number)) for number in range(5)),
        "till_lines/broken.jsonl": record(day=next(emails)),
        "till_lines/amount.jsonl": record(amount=next(emails)),
        "till_lines/no.jsonl": f'{{"id": "{next(emails)}"\n',
        "plain/refunds_good.csv": order_refund + "1,7,2026-11-11,5.00,fine\n",
        "plain/refunds_text.csv": order_refund + f"1,7,2026-11-11,{next(emails)},fine\n",
        "plain/refunds_unknown.csv": order_refund.replace("\n", f",{next(emails)}\n") + "2,7,2026-11-11,5.00,fine,x\n",
    }
    for name, text in files.items():
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        os.utime(path, (time.time() - 60, time.time() - 60))


@pytest.fixture(scope="module")
def ran(world: World) -> World:
    result = world.kpi("run", "--on", DAY)
    assert result.returncode == 1, result.stdout + result.stderr  # files are in quarantine
    world.kpi("sources")
    world.kpi("sources", "--json")
    for source in ("shopify", "a_stripe_api"):
        world.kpi("sources", source)
    world.kpi("sources", "--confirm", "orders_price.csv", "--reason", "I say so")
    world.kpi("sources", "--release", "orders_price.csv")
    world.kpi("sources", "shopify", "--replay")
    world.kpi("sources", "add", "new", "--sample", str(world.data / "inbox" / "shopify" / "orders_price.csv"))
    world.kpi("sources", "add", "newer", "--sample", str(world.data / "inbox" / "till" / "refunds_day.csv"))
    for name in ("new", "newer"):
        path = world.config / "sources" / f"{name}.yaml"
        if path.exists():
            world.printed.append(path.read_text(encoding="utf-8"))
            path.unlink()
    assert world.kpi("report").returncode == 0, world.printed[-1]
    return world


@pytest.fixture(scope="module")
def written(ran: World) -> dict[str, bytes]:
    return dict(everything_written(ran))


def everything_written(world: World) -> Iterator[tuple[str, bytes]]:
    """Yield all that was printed, all files but the originals, and the contents of databases, which may be packed."""
    for number, text in enumerate(world.printed):
        yield f"printed text {number}", text.encode()
    for path in sorted(world.data.rglob("*")):
        name = path.relative_to(world.data).as_posix()
        is_original = path.parent == world.data / "custody" or name.startswith("inbox/")
        if not path.is_file() or is_original:
            continue
        yield name, path.read_bytes()
        if path.suffix == ".duckdb":
            yield f"{name}, its rows", b"".join(duckdb_texts(path))
        elif path.suffix in (".sqlite", ".db"):
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
                yield f"{name}, its rows", "\n".join(connection.iterdump()).encode()
            connection.close()


def duckdb_texts(path: Path) -> Iterator[bytes]:
    with duckdb.connect(str(path), read_only=True) as connection:
        for schema, table in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall():
            yield repr(connection.execute(f'select * from "{schema}"."{table}"').fetchall()).encode()


def forms(secret: str) -> set[bytes]:
    inner = {base64.b64encode(b"x" * before + secret.encode()).decode()[4:-4] for before in range(3)}
    return {
        form.encode() for form in {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], *inner}
    }


def test_the_run_was_a_real_one(ran: World) -> None:
    with sqlite3.connect(ran.data / "custody.sqlite") as connection:
        states = dict(connection.execute("select file_name, state from arrivals where sha256 <> ''"))
        failed = {row[0] for row in connection.execute("select source from arrivals where sha256 = ''")}
    connection.close()
    assert states["orders_good.csv"] == "loaded"
    assert states["refunds_good.csv"] in ("loaded", "duplicate")
    assert states["good.jsonl"] == "loaded"
    refused = {name for name, state in states.items() if state == "quarantined"}
    assert len(refused) >= 10, states
    assert failed == {f"a_{system}" for system in API_SECRETS}
    with duckdb.connect(str(ran.data / "warehouse.duckdb"), read_only=True) as connection_:
        keys = connection_.execute("select customer_key from raw.orders").fetchall()
        reasons = connection_.execute("select distinct reason from raw.refunds where reason like 'please%'").fetchall()
    assert len(keys) == 10
    assert reasons == [("please write to [e-mail] or [phone]",)]
    assert {path.name for path in (ran.data / "published").glob("*.duckdb")} == {"internal.duckdb", "executive.duckdb"}


def places_of(wanted: dict[bytes, str], written: dict[str, bytes]) -> list[tuple[str, str]]:
    return [(place, told) for place, content in written.items() for form, told in wanted.items() if form in content]


def test_no_address_is_written_anywhere(written: dict[str, bytes]) -> None:
    forms_of = {form: email for email in EMAILS for form in (email.encode(), email.replace("@", "%40").encode())}
    assert places_of(forms_of, written) == []


def test_no_secret_is_written_anywhere(written: dict[str, bytes]) -> None:
    assert places_of({form: secret for secret in SECRETS for form in forms(secret)}, written) == []


def test_the_search_finds_an_address_and_a_secret(written: dict[str, bytes]) -> None:
    assert places_of({EMAILS[3].encode(): "found"}, {**written, "here": f"x{EMAILS[3]}y".encode()}) == [
        ("here", "found")
    ]
    assert places_of(dict.fromkeys(forms(SECRETS[7]), "found"), {"here": quote(SECRETS[7], safe="").encode()})


def test_what_is_kept_is_for_the_owner_alone(ran: World) -> None:
    assert (ran.data / "custody").stat().st_mode & 0o077 == 0
    for name in ("warehouse.duckdb", "custody.sqlite", "publication.sqlite"):
        assert (ran.data / name).stat().st_mode & 0o077 == 0, name
    for path in (ran.data / "custody").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (ran.data / "published" / "internal.duckdb").stat().st_mode & 0o044 == 0o044


def test_secrets_in_the_configuration_are_refused_without_being_repeated(world: World, tmp_path: Path) -> None:
    for number, secret in enumerate(SECRETS):
        path = tmp_path / "config" / "sources" / f"source_{number}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"system: csv\noptions:\n    api_token: '{secret}'\n")
    other = World(tmp_path, tmp_path, world.environment | {"KPI_CONFIG_DIR": str(tmp_path / "config")})
    for command in (("check",), ("run", "--on", DAY), ("sources",)):
        result = other.kpi(*command)
        assert result.returncode == 1
        assert (result.stdout + result.stderr).count("CFG006") == len(SECRETS)
    assert not any(secret in text for text in other.printed for secret in SECRETS)
