"""Really served pages, and somebody who asks for them.

Here: starting a server on a free port of this machine, and following links. What pages must hold is said by the tests.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urldefrag

import uvicorn

from kpi_pipeline.config.report import Audience
from kpi_pipeline.serve.application import application
from kpi_pipeline.serve.listening import LOOPBACK, OWN_HOSTS, listening
from tests.unit.reports.full_snapshot import WEEK, full_snapshot
from tests.unit.reports.markup import Page


@dataclass(frozen=True)
class Answer:
    """What came back; header names in small letters."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class Visitor:
    """Somebody on this machine."""

    port: int

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def ask(self, place: str, method: str = "GET", host: str | None = None) -> Answer:
        connection = HTTPConnection(LOOPBACK, self.port, timeout=20)
        try:
            connection.request(method, place, headers={} if host is None else {"Host": host})
            response = connection.getresponse()
            body = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def all_pages(self, first: str, *, weeks: Collection[str] | None = None) -> dict[str, Answer]:
        """Every page that links lead to, by its address; of single weeks only those given, all when absent."""
        found: dict[str, Answer] = {}
        waiting = [first]
        while waiting:
            place = waiting.pop()
            if place not in found:
                found[place] = self.ask(place)
                links = [urldefrag(link["href"] or "").url for link in Page(found[place].text).all("a")]
                waiting += [link for link in links if link and _is_of(link, weeks)]
        return found


def _is_of(place: str, weeks: Collection[str] | None) -> bool:
    days = re.findall(r"\d{4}-\d\d-\d\d", place)
    return weeks is None or not days or "until" in place or days[0] in weeks


@contextmanager
def served(folder: Path, audience: Audience) -> Iterator[Visitor]:
    """Serve what is published in a folder, until the end of the block."""
    with listening(LOOPBACK, 0) as listener:
        app = application(folder, audience, OWN_HOSTS, "en")
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", server_header=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield Visitor(listener.getsockname()[1])
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()


def publish(maker: Any, text: str = "Name") -> Path:
    """Publish a snapshot in which every text from outside is ``text``, with what only pages show; return the folder."""
    place = {"kpi_id": "conversion", "week_start": WEEK, "audience": maker.audience}
    maker.add("reported", **place, value=5.25, status="provisional", snapshot_id="first", published_at="2026-11-16")
    maker.add("reported", **place, value=5.5, status="final", snapshot_id="second", published_at="2026-11-17")
    found = {"metric_id": "conversion", "source": text, "message": text}
    maker.add("quality", kind="missing_days", first_day=WEEK, last_day=WEEK, **found)
    file = {"source": text, "batch_id": "7", "rows_loaded": 40, "first_day": WEEK, "last_day": WEEK}
    maker.add("lineage", metric_id="conversion", file_name=f"{text}.csv", **file)
    if maker.audience == "internal":
        maker.add_value("conversion", 7.0, dimension="channel", member=text)
    path = full_snapshot(maker, text)
    point_to(path)
    return path.parents[1]


def point_to(path: Path) -> None:
    """Make a snapshot the current one of its audience."""
    link = path.parents[1] / f"{path.parent.name}.duckdb"
    link.unlink(missing_ok=True)
    link.symlink_to(path)
