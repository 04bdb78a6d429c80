"""Strict YAML: plain values with the line of every key, and problems instead of surprises.

Here: reading one file. YAML 1.1 turns ``no`` into a boolean, ``12:30`` into 750 and ``0123`` into 83, and keeps the
last of two equal keys in silence; all of that is refused here. What the values mean belongs to the models.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from kpi_pipeline.config.phrase import Phrase
from kpi_pipeline.config.problems import Problem

Location = tuple[str | int, ...]
Value = None | bool | int | float | date | str | tuple["Value", ...] | dict[str, "Value"]

MAXIMUM_BYTES = 1_000_000
MAXIMUM_DEPTH = 20

WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
DAY = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}")
SPLIT_NUMBER = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9]*)?|[-+]?[0-9][0-9_]*_[0-9_.]*")
CODED_NUMBER = re.compile(r"[-+]?0([0-9]+|[xob][0-9a-fA-F_]+)")
TRUE_OR_FALSE = {"true": True, "false": False}
NO_VALUE = {"", "~", "null"}
HALF_BOOLEANS = {"yes", "no", "on", "off"}
LATIN_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫", "01234567890123456789.")
GREGORIAN_YEARS = range(1900, 2200)
FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
# The parser in C reads ten times as fast; builds of PyYAML without it parse the same.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class YamlDocument:
    """What a file says. Lists are tuples; a value with a problem is kept as text.

    Attributes:
        lines: location of each key and list item, as keys and positions from the top → line, counted from 1.
        problems: everything that is wrong with the YAML itself.
    """

    path: Path
    value: Value
    lines: Mapping[Location, int]
    problems: tuple[Problem, ...]

    def at(self, location: Location) -> Value:
        """Return the value at a location of ``lines``, or the whole one at the empty location."""
        value = self.value
        for part in location:
            value = value[part]  # type: ignore[index]
        return value

    def line_of(self, location: Location) -> int:
        """Return the line of a location, or of the nearest thing around it that has one."""
        return self.lines.get(self.nearest(location), 1)

    def nearest(self, location: Location) -> Location:
        """Return the location itself if it is in the file, else the nearest one around it."""
        while location and location not in self.lines:
            location = location[:-1]
        return location


def read_yaml(content: bytes, path: Path) -> YamlDocument:
    """Read one file's content; ``path`` is how problems name the file."""
    if len(content) > MAXIMUM_BYTES:
        message = Phrase(
            "{size} bytes; a configuration file has at most {limit}",
            size=f"{len(content):,}",
            limit=f"{MAXIMUM_BYTES:,}",
        )
        return _unreadable(path, 1, message)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _unreadable(path, line, Phrase("not UTF-8"), Phrase("save the file as UTF-8"))
    if found := FORBIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = Phrase("not YAML: the character {character} is not allowed", character=repr(found.group()))
        return _unreadable(path, line, message)
    reader = _Reader(path, text)
    try:
        value = reader.document()
    except _TooDeepError as error:
        problem = Problem(path, error.line, "CFG005", Phrase("more than {limit} levels", limit=MAXIMUM_DEPTH))
        return YamlDocument(path, None, {}, (problem,))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        hint = Phrase("texts with special characters such as : ? # , [ {{ need quotes")
        message = Phrase("not YAML: {error}", error=error.problem)
        return _unreadable(path, mark.line + 1 if mark else 1, message, hint)
    return YamlDocument(path, value, reader.lines, tuple(reader.problems))


def _unreadable(path: Path, line: int, message: str, hint: str = "") -> YamlDocument:
    return YamlDocument(path, None, {}, (Problem(path, line, "CFG001", message, hint),))


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


class _Reader:
    """Builds values from the parser's events, because the composer of PyYAML would follow aliases and any depth."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines: dict[Location, int] = {}
        self.problems: list[Problem] = []
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=LOADER)

    def document(self) -> Value:
        next(self._events)  # start of the stream
        if not isinstance(next(self._events), yaml.DocumentStartEvent):
            self._refuse("CFG001", 1, Phrase("the file is empty"))
            return None
        value = self._value(next(self._events), ())
        next(self._events)  # end of the document
        if isinstance(after := next(self._events), yaml.DocumentStartEvent):
            hint = Phrase("remove the line ---")
            self._refuse("CFG001", _line(after), Phrase("a second document starts here"), hint)
        return value

    def _refuse(self, code: str, line: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.path, line, code, message, hint))

    def _value(self, event: yaml.Event, location: Location) -> Value:
        if isinstance(event, yaml.AliasEvent):
            message = Phrase("alias {name}", name=f"*{event.anchor}")
            self._refuse("CFG005", _line(event), message, Phrase("write the value out"))
            return None
        assert isinstance(event, yaml.CollectionStartEvent | yaml.ScalarEvent)
        if event.anchor is not None:
            message = Phrase("anchor {name}", name=f"&{event.anchor}")
            self._refuse("CFG005", _line(event), message, Phrase("write the value out where it is used"))
        if event.tag is not None:
            self._refuse("CFG005", _line(event), Phrase("tag {name}", name=event.tag), Phrase("remove it"))
        if len(location) > MAXIMUM_DEPTH:
            raise _TooDeepError(_line(event))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(location)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(location)
        return self._scalar(event)

    def _mapping(self, location: Location) -> dict[str, Value]:
        mapping: dict[str, Value] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line(event)
            key = self._key(event, location)
            value_event = next(self._events)
            if key in mapping:
                first = self.lines[*location, key]
                message = Phrase('"{key}" is already set in line {line}', key=key, line=first)
                self._refuse("CFG003", line, message, Phrase("keep one of the two"))
                self._value(value_event, (*location, f"{key} again"))
                continue
            self.lines[*location, key] = line
            mapping[key] = self._value(value_event, (*location, key))
        return mapping

    def _key(self, event: yaml.Event, location: Location) -> str:
        value = self._value(event, (*location, "key"))
        if value == "<<":
            self._refuse("CFG005", _line(event), Phrase("merge key <<"), Phrase("write the fields out"))
        if isinstance(value, str):
            return value
        written = event.value if isinstance(event, yaml.ScalarEvent) else Phrase("a list or mapping")
        message = Phrase("a key must be a text, found {found}", found=written)
        self._refuse("CFG005", _line(event), message, Phrase('write "{value}"', value=written))
        return str(written)

    def _sequence(self, location: Location) -> tuple[Value, ...]:
        items: list[Value] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            here = (*location, len(items))
            self.lines[here] = _line(event)
            items.append(self._value(event, here))
        return tuple(items)

    def _scalar(self, event: yaml.Event) -> Value:
        assert isinstance(event, yaml.ScalarEvent)
        text = event.value
        if event.style:  # a plain text has no style, or an empty one
            return text
        if text.lower() in NO_VALUE:
            return None
        if text.lower() in TRUE_OR_FALSE:
            return TRUE_OR_FALSE[text.lower()]
        if text.lower() in HALF_BOOLEANS:
            hint = Phrase('write "{value}", or true or false', value=text)
            self._refuse("CFG004", _line(event), Phrase("{text} without quotes", text=text), hint)
            return text
        latin = text.translate(LATIN_DIGITS)
        if SPLIT_NUMBER.fullmatch(latin) or CODED_NUMBER.fullmatch(latin):
            hint = Phrase('write "{value}" for a text, or a plain decimal number', value=text)
            self._refuse("CFG004", _line(event), Phrase("{text} without quotes", text=text), hint)
            return text
        if WHOLE_NUMBER.fullmatch(latin):
            return int(latin)
        if NUMBER.fullmatch(latin) and math.isfinite(float(latin)):
            return float(latin)
        if match := DAY.fullmatch(latin):
            return self._day(event, latin, int(match.group(1)))
        return text

    def _day(self, event: yaml.Event, text: str, year: int) -> date | str:
        if year not in GREGORIAN_YEARS:
            hint = Phrase("write 2026-11-21 for 1405-08-30")
            self._refuse("CFG004", _line(event), Phrase("{text} is not a Gregorian date", text=text), hint)
            return text
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._refuse("CFG004", _line(event), Phrase("there is no day {text}", text=text))
            return text


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
