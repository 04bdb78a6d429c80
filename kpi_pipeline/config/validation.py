"""From the values of a YAML file to a typed model, and from pydantic's errors to short problems with a line.

Here: validating one value. Which files and entries there are belongs to ``draft``; rules that need more than one entry
to the check modules.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kpi_pipeline.config.model import CURRENCY_PATTERN, IDENTIFIER_PATTERN, Model
from kpi_pipeline.config.problems import Problem, did_you_mean
from kpi_pipeline.config.yaml_reader import Location, Value, YamlDocument

AnyModel = TypeVar("AnyModel", bound=Model)

EXPECTED_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a day such as 2026-11-21",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping of fields",
}
EXPECTED_LIMITS = {
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "string_too_short": "at least {min_length} character(s)",
    "string_too_long": "at most {max_length} character(s)",
    "too_short": "a list of at least {min_length}",
    "literal_error": "{expected}",
}


def validate(model: type[AnyModel], document: YamlDocument, location: Location) -> AnyModel | list[Problem]:
    """Return the model of the value at ``location``, or all that is wrong with it."""
    try:
        return model.model_validate(document.at(location))
    except ValidationError as error:
        return list(_problems(error, model, document, location))


def not_an_identifier(path: Path, line: int, name: str) -> Problem:
    """Return the problem of an id that is not written as ids are."""
    hint = "use 2 to 64 small letters, digits and underscores, a letter first"
    return Problem(path, line, "CFG012", f'"{name}" is not an id', hint)


def _problems(
    error: ValidationError, model: type[Model], document: YamlDocument, location: Location
) -> Iterator[Problem]:
    wrong_types: dict[Location, list[ErrorDetails]] = {}
    for details in error.errors():
        place = document.nearest((*location, *details["loc"]))
        kind, field = details["type"], details["loc"]
        if kind == "extra_forbidden":
            name = str(field[-1])
            hint = did_you_mean(name, _fields_around(model, field))
            yield Problem(document.path, document.line_of(place), "KPI002", f'unknown field "{name}"', hint)
        elif kind == "missing":
            code = _code(field, "KPI030" if field[-2:] == ("target", "deadline") else "CFG010")
            yield Problem(document.path, document.line_of(place), code, f'the field "{field[-1]}" is missing')
        else:
            wrong_types.setdefault(place, []).append(details)
    for place, several in wrong_types.items():
        yield _wrong_value(document, place, several)


def _wrong_value(document: YamlDocument, place: Location, several: list[ErrorDetails]) -> Problem:
    """One problem for one value, which a union of types reports once per type."""
    first = several[0]
    found, kind, context = first["input"], first["type"], first.get("ctx", {})
    name = next((str(part) for part in reversed(place) if isinstance(part, str)), "the file")
    path, line = document.path, document.line_of(place)
    if kind == "string_pattern_mismatch" and context["pattern"] == IDENTIFIER_PATTERN:
        return not_an_identifier(path, line, found)
    if kind == "string_pattern_mismatch" and context["pattern"] == CURRENCY_PATTERN:
        return Problem(path, line, "CFG021", f"{name}: {_written(found)} is not a currency", "write a code such as EUR")
    expected = " or ".join(dict.fromkeys(_expected(details) for details in several))
    hint = ""
    if kind == "literal_error" and isinstance(found, str):
        hint = did_you_mean(found, re.findall(r"'([^']*)'", context["expected"]))
    elif kind == "string_type" and isinstance(found, bool | int | float | date):
        hint = "put it in quotes"
    message = f"{name}: expected {expected}, found {_written(found)}"
    return Problem(path, line, _code(first["loc"], "CFG011"), message, hint)


def _code(field: Location, otherwise: str) -> str:
    return "KPI040" if field[-2:] == ("who", "accountable") else otherwise


def _expected(details: ErrorDetails) -> str:
    if details["type"] in EXPECTED_TYPES:
        return EXPECTED_TYPES[details["type"]]
    if details["type"] in EXPECTED_LIMITS:
        return EXPECTED_LIMITS[details["type"]].format(**details["ctx"])
    return details["msg"]


def _written(value: Value) -> str:
    """The value as the reader of the file knows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "a list"
    return "a mapping" if isinstance(value, dict) else str(value)


def _fields_around(model: type[Model], field: Location) -> set[str]:
    """Names that are allowed beside an unknown field."""
    models: list[type[BaseModel]] = [model]
    for part in field[:-1]:
        annotations = [found.model_fields[part].annotation for found in models if part in found.model_fields]
        models = [inner for annotation in annotations for inner in _models_in(annotation)] or models
    return {name for found in models for name in found.model_fields}


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
