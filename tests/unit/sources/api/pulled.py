"""Pulling in a test: from a server to canonical rows, the way that an ingest takes, without a warehouse."""

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.config.secrets import Secrets
from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.pull import PullRequest, pulled_system, store_pull
from kpi_pipeline.sources.contracts.contract import build_contract
from kpi_pipeline.sources.files.refused_file import RefusedFile
from tests.fault_figures import note_figures
from tests.unit.sources.api.api_server import TRANSPORT_FAULTS, ApiServer, TransportFault, Vendor
from tests.unit.sources.api.instants import NOW, FakeTime
from tests.unit.sources.read_files import ReadFile, read

# `make faults` asks for fifty.
SCHEDULES = int(os.environ.get("KPI_FAULT_SCHEDULES", "8"))


@dataclass(frozen=True)
class PulledApi:
    """One system's API in tests.

    Attributes:
        vendor: makes an emulator of the vendor's API that has not been asked yet.
        secrets: name → value, e.g. ``{"access_token": "..."}``.
        yaml: of the source, beside ``system`` and ``pull``.
    """

    system: str
    vendor: Any
    secrets: Mapping[str, str]
    yaml: Mapping[str, Any]
    first_day: date
    last_day: date
    changed_since: datetime | None = None
    page_limit: int = 200

    def source(self, url: str) -> Source:
        pull = {"starts_on": self.first_day, "endpoint": url, "page_limit": self.page_limit}
        return Source.model_validate({"system": self.system, "pull": pull, **self.yaml}, strict=False)

    def request(self, url: str, waiting: FakeTime) -> PullRequest:
        system = pulled_system(self.system)
        assert system is not None
        environment = {f"KPI_SHOP_{name.upper()}": value for name, value in self.secrets.items()}
        return PullRequest(
            "shop",
            self.source(url),
            system.API,
            Secrets(environment),
            waiting.pacing,
            self.first_day,
            self.last_day,
            self.changed_since,
            NOW,
        )

    def pull(self, url: str, target: Path, waiting: FakeTime | None = None) -> None:
        """Ask the server and store the answers."""
        system = pulled_system(self.system)
        assert system is not None
        store_pull(self.request(url, waiting or FakeTime()), system, target)

    def rows(self, folder: Path, vendor: Vendor | None = None, **faults: TransportFault) -> ReadFile:
        """Pull from a server of its own and read what was stored; ``q3="500"`` fails the question number 3."""
        numbered = {int(name[1:]): fault for name, fault in faults.items()}
        with ApiServer(vendor or self.vendor(), numbered) as server:
            return self.rows_from(server, folder)

    def rows_from(self, server: ApiServer, folder: Path) -> ReadFile:
        target = folder / "stored.pull"
        self.pull(server.url, target)
        return read(target, build_contract("shop", self.source(server.url)))

    def refusal(self, folder: Path, vendor: Vendor, faults: Mapping[int, TransportFault] | None = None) -> RefusedFile:
        """Return why a pull is refused, while it is asked or when it is read."""
        with ApiServer(vendor, faults) as server:
            try:
                self.rows_from(server, folder)
            except RefusedFile as refused:
                return refused
        pytest.fail("the pull was accepted")


def random_schedule(seed: int, questions: int) -> dict[int, TransportFault]:
    """Return faults for about every third question, now and then more in a row than the client has patience for."""
    generator = random.Random(seed)
    share = generator.choice((0.1, 0.3, 0.5, 0.9))
    return {
        number: generator.choice(TRANSPORT_FAULTS) for number in range(questions * 4 + 8) if generator.random() < share
    }


def survive_fault_schedules(api: PulledApi, folder: Path) -> None:
    """Pull under random faults: each time the rows are those of a pull without faults, or the pull is refused."""
    with ApiServer(api.vendor()) as server:
        wanted = _comparable(api.rows_from(server, folder))
        questions = len(server.questions)
    assert any(wanted.values()), "the emulator must have something to answer"
    complete = 0
    for seed in range(SCHEDULES):
        with ApiServer(api.vendor(), random_schedule(seed, questions)) as server:
            try:
                found = api.rows_from(server, folder)
            except RefusedFile as refusal:
                assert refusal.found
                continue
        assert _comparable(found) == wanted, f"schedule {seed}"
        complete += 1
    note_figures(api.system, schedules=SCHEDULES, complete=complete)
    # Most schedules leave the client patience enough, or the test would show nothing.
    assert complete >= SCHEDULES * 0.4


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def _comparable(found: ReadFile) -> dict[str, list[str]]:
    return {subject: sorted(map(repr, rows)) for subject, rows in found.rows.items()}
