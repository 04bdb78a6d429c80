"""The documentation speaks of what there is."""

import re
from pathlib import Path
from typing import get_args

import click
import pytest

from kpi_pipeline.analysis.pace import Status as PaceStatus
from kpi_pipeline.catalogue.formulas.edge_rules import EDGE_RULES
from kpi_pipeline.cli.main import kpi
from kpi_pipeline.config.goals import Level
from kpi_pipeline.config.kpi import How, Kpi, Status, Target, When, Where, Who
from kpi_pipeline.config.metric import EdgeRule, Metric
from kpi_pipeline.config.paths import CHECKOUT
from kpi_pipeline.console.metrics import REASONS
from kpi_pipeline.warehouse.sql_header import MEASURE_KINDS

COMMAND = re.compile(r"(?:\.venv/bin/|`|^)kpi ((?:[a-z]+ ?){1,2})", re.MULTILINE)
PAGES = [*sorted((CHECKOUT / "docs").glob("*.md")), CHECKOUT / "README.md"]


@pytest.fixture(scope="module")
def glossary() -> set[str]:
    text = (CHECKOUT / "docs" / "glossary.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([^`]+)` \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE))


def test_glossary_has_every_word_that_is_written_or_shown(glossary: set[str]) -> None:
    fields = {
        field.alias or name
        for model in (Metric, Kpi, Target, Who, Where, When, How)
        for name, field in model.model_fields.items()
    }
    words = {word for words in (Level, Status, PaceStatus) for word in get_args(words)}
    wanted = {*fields, *words, *REASONS, *MEASURE_KINDS, "final", "provisional", "partial"} - {"sum"}
    # Fields that are named after the thing that they refer to.
    assert wanted - {"value"} <= glossary


def test_glossary_is_written_in_persian_letters() -> None:
    text = (CHECKOUT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert not set("يك٤٥٦") & set(text)


def test_every_edge_rule_has_its_texts() -> None:
    assert set(EDGE_RULES) == set(get_args(EdgeRule))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_the_pages_exist(page: Path) -> None:
    for named in COMMAND.findall(page.read_text(encoding="utf-8")):
        group: click.Command = kpi
        for word in named.split():
            if isinstance(group, click.Group):
                assert word in group.commands, f"{page.name}: kpi {named}"
                group = group.commands[word]
