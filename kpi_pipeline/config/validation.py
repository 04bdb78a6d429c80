"""From the values of a YAML file to a typed model, and from pydantic's errors to short problems with a line.

Here: validating one value. Which files and entries there are belongs to ``draft``; rules that need more than one entry
to the check modules.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kpi_pipeline.config.model import CURRENCY_PATTERN, IDENTIFIER_PATTERN, TIME_PATTERN, Model
from kpi_pipeline.config.phrase import Phrase, either
from kpi_pipeline.config.problems import Problem, did_you_mean
from kpi_pipeline.config.unknown_fields import models_around, unknown_field
from kpi_pipeline.config.yaml_reader import Location, Value, YamlDocument

AnyModel = TypeVar("AnyModel", bound=Model)

EXPECTED_TYPES = {
    "string_type": Phrase("a text"),
    "int_type": Phrase("a whole number"),
    "float_type": Phrase("a number"),
    "decimal_type": Phrase("a number"),
    "decimal_parsing": Phrase("a number"),
    "bool_type": Phrase("true or false"),
    "date_type": Phrase("a day such as 2026-11-21"),
    "tuple_type": Phrase("a list"),
    "dict_type": Phrase("a mapping"),
    "model_type": Phrase("a mapping of fields"),
}


def validate(model: type[AnyModel], document: YamlDocument, location: Location) -> AnyModel | list[Problem]:
    """Return the model of the value at ``location``, or all that is wrong with it."""
    try:
        return model.model_validate(document.at(location))
    except ValidationError as error:
        return list(_problems(error, model, document, location))


def not_an_identifier(path: Path, line: int, name: str) -> Problem:
    """Return the problem of an id that is not written as ids are."""
    hint = Phrase("use 2 to 64 small letters, digits and underscores, a letter first")
    return Problem(path, line, "CFG012", Phrase('"{id}" is not an id', id=name), hint)


def _problems(
    error: ValidationError, model: type[Model], document: YamlDocument, location: Location
) -> Iterator[Problem]:
    wrong_types: dict[Location, list[ErrorDetails]] = {}
    for details in error.errors():
        place = document.nearest((*location, *details["loc"]))
        kind, field = details["type"], details["loc"]
        if kind == "extra_forbidden":
            yield unknown_field(document, place, field, models_around(model, field))
        elif kind == "missing":
            code, hint = _code(field, "KPI030" if field[-2:] == ("target", "deadline") else "CFG010")
            message = Phrase('the field "{field}" is missing', field=field[-1])
            yield Problem(document.path, document.line_of(place), code, message, hint)
        else:
            wrong_types.setdefault(place, []).append(details)
    for place, several in wrong_types.items():
        yield _wrong_value(document, place, several)


def _wrong_value(document: YamlDocument, place: Location, several: list[ErrorDetails]) -> Problem:
    """One problem for one value, which a union of types reports once per type."""
    first = several[0]
    found, kind, context = first["input"], first["type"], first.get("ctx", {})
    name = next((str(part) for part in reversed(place) if isinstance(part, str)), Phrase("the file"))
    path, line = document.path, document.line_of(place)
    if kind == "string_pattern_mismatch" and context["pattern"] == IDENTIFIER_PATTERN:
        return not_an_identifier(path, line, found)
    if kind == "string_pattern_mismatch" and context["pattern"] == CURRENCY_PATTERN:
        message = Phrase("{field}: {found} is not a currency", field=name, found=_written(found))
        return Problem(path, line, "CFG021", message, Phrase("write a code such as EUR"))
    expected = either(dict.fromkeys(_expected(details) for details in several))
    hint = ""
    if kind == "literal_error" and isinstance(found, str):
        hint = did_you_mean(found, re.findall(r"'([^']*)'", context["expected"]))
    elif kind == "string_type" and isinstance(found, bool | int | float | date):
        hint = Phrase("put it in quotes")
    message = Phrase(
        "{field}: expected {expected}, found {found}", field=name, expected=expected, found=_written(found)
    )
    code, reason = _code(first["loc"], "CFG011")
    return Problem(path, line, code, message, hint or reason)


def _code(field: Location, otherwise: str) -> tuple[str, str]:
    if field[-2:] == ("who", "accountable"):
        return "KPI040", Phrase("name exactly one owner")
    return otherwise, Phrase("without it nobody knows when it has failed") if otherwise == "KPI030" else ""


def _expected(details: ErrorDetails) -> str:
    if details["type"] in EXPECTED_TYPES:
        return EXPECTED_TYPES[details["type"]]
    limits: dict[str, object] = details.get("ctx", {})
    match details["type"]:
        case "string_pattern_mismatch" if limits["pattern"] == TIME_PATTERN:
            return Phrase('a time of day such as "06:00"')
        case "greater_than_equal":
            return Phrase("{limit} or more", limit=limits["ge"])
        case "less_than_equal":
            return Phrase("{limit} or less", limit=limits["le"])
        case "greater_than":
            return Phrase("more than {limit}", limit=limits["gt"])
        case "less_than":
            return Phrase("less than {limit}", limit=limits["lt"])
        case "string_too_short":
            return Phrase("at least {limit} character(s)", limit=limits["min_length"])
        case "string_too_long":
            return Phrase("at most {limit} character(s)", limit=limits["max_length"])
        case "too_short":
            return Phrase("a list of at least {limit}", limit=limits["min_length"])
        case "literal_error":
            *others, last = re.findall(r"'[^']*'", str(limits["expected"])) or [limits["expected"]]
            return either([", ".join(others), last]) if others else last
    return details["msg"]


def _written(value: Value) -> str:
    """The value as the reader of the file knows it."""
    if value is None:
        return Phrase("nothing")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return Phrase("a list")
    return Phrase("a mapping") if isinstance(value, dict) else str(value)
