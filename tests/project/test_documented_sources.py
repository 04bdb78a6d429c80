"""Every source that the documentation shows can be connected as it stands there."""

import re
from pathlib import Path

import pytest

from kpi_pipeline.config.source import Source
from kpi_pipeline.config.yaml_reader import read_yaml
from kpi_pipeline.sources.contracts.contract import build_contract

PAGES = ("sources.md", "apis.md")


@pytest.mark.parametrize("page", PAGES)
def test_examples_are_accepted(page: str, checkout: Path) -> None:
    text = (checkout / "docs" / page).read_text(encoding="utf-8")
    examples = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "system:" in block]
    assert len(examples) >= 5
    for number, example in enumerate(examples):
        if "tables:" not in example and "subject:" not in example and "columns:" in example:
            continue  # shows columns alone
        document = read_yaml(example.encode(), Path("example.yaml"))
        assert document.problems == ()
        source = Source.model_validate(document.value)
        assert build_contract(f"example_{number}", source).tables


@pytest.mark.parametrize("page", PAGES)
def test_every_system_is_listed(page: str, checkout: Path) -> None:
    text = (checkout / "docs" / page).read_text(encoding="utf-8")
    systems = {path.stem for path in (checkout / "kpi_pipeline" / "sources" / "systems").glob("[a-z]*.py")}
    wanted = {name for name in systems if name.endswith("_api") == (page == "apis.md")}
    rows = "\n".join(line for line in text.splitlines() if line.startswith("| `"))
    assert {name for name in wanted if f"`{name}`" not in rows} == set()
