"""Tests of the schemas for editors: the committed files are those of the models, and they say what the models say."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.config.json_schema import KINDS, json_schemas, schema_files
from kpi_pipeline.config.yaml_reader import Value, read_yaml

KPIS = "kpis/marketing.yaml"


def test_the_committed_schemas_are_those_of_the_models(checkout):
    folder = checkout / "schemas"
    if os.environ.get("KPI_ACCEPT") == "1":
        for name, text in schema_files().items():
            (folder / name).write_text(text, encoding="utf-8")
    committed = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert committed == schema_files(), "run `make accept` if the change is meant"


def test_a_field_explains_itself():
    schema = json_schemas()["kpis/*.yaml"]
    kpi = schema["$defs"]["Kpi"]
    assert kpi["description"].startswith("One commitment. Its audience is not written here")
    assert "Attributes" not in kpi["description"]
    assert kpi["properties"]["guardrails"]["description"] == "KPIs that must not suffer while this one improves."
    assert "class" in kpi["required"]
    assert kpi["additionalProperties"] is False


def as_json(value: Value) -> Any:
    """What an editor makes of the YAML: days are texts to it."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def errors(pattern: str, path: Path) -> list[str]:
    jsonschema = pytest.importorskip("jsonschema", reason="the package jsonschema is not installed")
    validator = jsonschema.Draft202012Validator(json_schemas()[pattern])
    content = as_json(read_yaml(path.read_bytes(), path).value)
    return [f"{path.name}: {error.json_path}: {error.message}" for error in validator.iter_errors(content)]


@pytest.mark.parametrize("pattern", KINDS)
def test_the_demo_configuration_is_valid_for_an_editor(checkout, pattern):
    found = [error for path in sorted((checkout / "config").glob(pattern)) for error in errors(pattern, path)]
    assert found == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "version: one"),
        ("class: function", "class: team"),
        ("    status: active\n", ""),
        ("every_weeks: 4", "every_weeks: 0"),
        ("when: off_track", "when: always"),
        ("objective: int_relevance", "objective: Int Relevance"),
        ("ctr_ads:\n    metric", "CTR:\n    metric"),
        ("answers: [clicks]", "answers: clicks"),
        ("    version: 1", "    audience: internal\n    version: 1"),
    ],
)
def test_an_editor_refuses_what_the_program_refuses(folder, old, new):
    assert errors("kpis/*.yaml", folder.path / KPIS) == []
    folder.change(KPIS, old, new)
    assert errors("kpis/*.yaml", folder.path / KPIS) != []


def test_a_file_of_the_configuration_names_its_schema(checkout):
    for pattern, (name, _) in KINDS.items():
        for path in (checkout / "config").glob(pattern):
            first_line = path.read_text(encoding="utf-8").splitlines()[0]
            schema = path.parent / first_line.removeprefix("# yaml-language-server: $schema=")
            assert schema.resolve() == checkout / "schemas" / f"{name}.json", path


def test_schemas_are_json(checkout):
    assert all(json.loads(text)["$schema"].endswith("2020-12/schema") for text in schema_files().values())
