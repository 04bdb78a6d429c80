"""JSON Schemas of the configuration files, so that an editor completes and checks them while one writes.

Here: from the models to schemas, one for each kind of file; what a model's docstring says about an attribute becomes
the text that the editor shows for the field. Rules that need more than one entry belong to the check modules.
"""

import inspect
import json
import re
from typing import Any

from pydantic import TypeAdapter

from kpi_pipeline.config.breaks import Break
from kpi_pipeline.config.company import Company
from kpi_pipeline.config.delivery import Delivery
from kpi_pipeline.config.draft import ALIASES
from kpi_pipeline.config.events import Event
from kpi_pipeline.config.goals import Goals
from kpi_pipeline.config.kpi import Kpi
from kpi_pipeline.config.metric import Metric
from kpi_pipeline.config.model import Identifier
from kpi_pipeline.config.report import Reports
from kpi_pipeline.config.source import Source

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# File pattern below the configuration folder → name of its schema and what the file holds.
KINDS: dict[str, tuple[str, Any]] = {
    "company.yaml": ("company", Company),
    "goals.yaml": ("goals", Goals),
    "reports.yaml": ("reports", Reports),
    "delivery.yaml": ("delivery", Delivery),
    "breaks.yaml": ("breaks", dict[Identifier, Break]),
    "events.yaml": ("events", dict[Identifier, Event]),
    "kpis/*.yaml": ("kpis", dict[Identifier, Kpi]),
    "metrics/*.yaml": ("metrics", dict[Identifier, Metric]),
    "sources/*.yaml": ("sources", Source),
}
ATTRIBUTE = re.compile(r"^    (?P<names>\w+(?:, \w+)*): (?P<text>.*(?:\n {8}.*)*)", re.MULTILINE)


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return file pattern → JSON Schema."""
    return {pattern: _schema(content) for pattern, (_, content) in KINDS.items()}


def schema_files() -> dict[str, str]:
    """Return name of a schema's file → its text."""
    schemas = json_schemas()
    return {
        f"{name}.json": json.dumps(schemas[pattern], indent=2, ensure_ascii=False) + "\n"
        for pattern, (name, _) in KINDS.items()
    }


def _schema(content: Any) -> dict[str, Any]:
    schema = TypeAdapter(content).json_schema(by_alias=True)
    if content is Goals:
        schema["properties"] |= {alias: schema["properties"][name] for alias, name in ALIASES.items()}
    for model in (schema, *schema.get("$defs", {}).values()):
        _explain(model)
    _close(schema)
    return {"$schema": DIALECT, **schema}


def _close(schema: Any) -> None:
    """Refuse keys that are no ids, wherever the keys are ids."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema["additionalProperties"] = False
        for inner in schema.values():
            _close(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _close(inner)


def _explain(model: dict[str, Any]) -> None:
    """Move what a docstring says about attributes to the properties that they are."""
    description, _, attributes = inspect.cleandoc(model.get("description", "")).partition("\n\nAttributes:\n")
    if description:
        model["description"] = _in_one_line(description)
    for found in ATTRIBUTE.finditer(attributes):
        for name in found["names"].split(", "):
            if name in model.get("properties", {}):
                model["properties"][name]["description"] = _in_one_line(found["text"])


def _in_one_line(text: str) -> str:
    return " ".join(text.replace("``", "`").split())
