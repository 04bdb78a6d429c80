"""The asset graph as a text file, so that a change of the graph shows as a change of text."""

import os
from pathlib import Path

import pytest
from dagster import Definitions

from kpi_pipeline.calendar.clock import SystemClock
from kpi_pipeline.config.paths import Paths
from kpi_pipeline.defs.assembly import assemble
from kpi_pipeline.pipeline import Installation

GOLDEN = Path(__file__).with_name("asset_graph.txt")


@pytest.fixture(scope="module")
def loaded_definitions(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    paths = Paths(checkout / "config", checkout / "sql", tmp_path_factory.mktemp("data"))
    return assemble(Installation(paths, SystemClock(), hash_key=None))


def listing(loaded: Definitions) -> str:
    lines = []
    graph = loaded.resolve_asset_graph()
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        partitions = type(node.partitions_def).__name__.removesuffix("Definition") if node.partitions_def else "-"
        parents = " ".join(sorted(parent.to_user_string() for parent in node.parent_keys)) or "-"
        checks = " ".join(sorted(check.name for check in node.check_keys)) or "-"
        lines.append(f"{key.to_user_string()}\n  group   {node.group_name}\n  parts   {partitions}")
        lines.append(f"  from    {parents}\n  checks  {checks}")
    return "\n".join(lines) + "\n"


def test_asset_graph_is_the_committed_one(loaded_definitions: Definitions) -> None:
    actual = listing(loaded_definitions)
    if os.environ.get("KPI_ACCEPT") == "1":
        GOLDEN.write_text(actual, encoding="utf-8")
    assert actual == GOLDEN.read_text(encoding="utf-8"), "run `make accept` if the change is meant"


def test_every_asset_says_what_it_is(loaded_definitions: Definitions) -> None:
    graph = loaded_definitions.resolve_asset_graph()
    silent = [key.to_user_string() for key in graph.get_all_asset_keys() if not graph.get(key).description]
    assert silent == []
