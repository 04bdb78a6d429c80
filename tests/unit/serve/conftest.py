"""Published snapshots that are served for the tests of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.reports.conftest import SnapshotMaker
from tests.unit.reports.full_snapshot import HOSTILE
from tests.unit.serve.visitor import Visitor, publish, served


def new_maker(folder: Path, audience: str, name: str = "first") -> SnapshotMaker:
    maker = SnapshotMaker(folder / audience / f"{name}.duckdb", audience)
    maker.add_snapshot()
    maker.add_objectives()
    return maker


@pytest.fixture(scope="module", params=["internal", "executive"])
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder = publish(new_maker(tmp_path_factory.mktemp("published"), request.param), HOSTILE)
    with served(folder, request.param) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder = publish(new_maker(tmp_path_factory.mktemp("published"), "internal"), "Name")
    with served(folder, "internal") as visitor:
        yield visitor
