"""The comment at the top of an SQL file: what one row is, the grain, the checks.

Here: the grammar of that comment. Add a keyword to ``KEYWORDS`` and to ``_Reader``. What the SELECT below it must look
like belongs to ``sql_file``; running the checks belongs to ``checks``.

The comment ends at the first line that is not a comment. Its first sentence may run over several lines; a line indented
by three spaces or more continues the line above::

    -- One row per campaign and day.
    -- grain: day, campaign_id
    -- incremental: day
    -- covered by: ad_performance
    -- basis: ad shown
    -- apart: platform
    -- distinct buyers: customer_key where is_paid
    -- sum first_clicks: clicks where first_day >= period_start
    -- last followers: follower_count
    -- median hours_to_open: hours
    -- percentile_90 hours_to_open_p90: hours
    -- check clicks_not_negative: clicks >= 0
    -- warn clicks_within_impressions: clicks <= impressions
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import sqlglot
from sqlglot import exp

from kpi_pipeline.config.problems import Problem, did_you_mean

NAME = r"[a-z][a-z0-9_]*"
MeasureKind = Literal["sum", "distinct", "last", "median", "percentile_90"]
MEASURE_KINDS: tuple[MeasureKind, ...] = get_args(MeasureKind)
KEYWORDS = ("grain", "incremental", "covered by", "basis", "apart", "check", "warn", *MEASURE_KINDS)
KEYWORD_LINE = re.compile(rf"({NAME}(?: {NAME})?)\s*:\s*(.*)")
NAMED_KEYWORD = re.compile(rf"(check|warn|{'|'.join(MEASURE_KINDS)}) ({NAME})")
COUNTED_COLUMN = re.compile(rf"({NAME})(?:\s+where\s+(.+))?")
NAME_LIST = re.compile(rf"{NAME}(\s*,\s*{NAME})*")
CONTINUATION = "   "
# First and last day that count for the value asked for; a special measure's predicate may name them.
PERIOD_BOUNDS = frozenset({"period_start", "period_end"})


@dataclass(frozen=True)
class Check:
    """A predicate on one row. A row fails where it is false; as in SQL constraints, unknown (NULL) does not fail."""

    name: str
    predicate: str
    is_blocking: bool
    line: int
    columns: frozenset[str]


@dataclass(frozen=True)
class CoveredBy:
    """The subjects that must cover a day for it to be complete: all of them (``and``) or one of them (``or``)."""

    subjects: tuple[str, ...]
    joined_by: Literal["and", "or"]


@dataclass(frozen=True)
class SpecialMeasure:
    """A measure that is not the sum of a column of its own over all rows."""

    name: str
    kind: MeasureKind
    column: str
    where: str | None
    line: int
    columns: frozenset[str]


@dataclass(frozen=True)
class Header:
    """What the comment says; ``lines`` tells on which line each keyword first stands."""

    sentence: str
    grain: tuple[str, ...]
    incremental: bool
    covered_by: CoveredBy | None
    basis: str
    apart: tuple[str, ...]
    checks: tuple[Check, ...]
    special_measures: tuple[SpecialMeasure, ...]
    lines: dict[str, int]
    problems: tuple[Problem, ...]


def read_header(text: str, place: Path) -> Header:
    """Read the comment at the top of a file; ``place`` is how problems name the file."""
    reader = _Reader(place)
    for line, content in _joined_lines(text):
        reader.read(line, content)
    return reader.header()


def _joined_lines(text: str) -> Iterator[tuple[int, str]]:
    pending: tuple[int, str] | None = None
    for line, raw in enumerate(text.splitlines(), start=1):
        if not raw.startswith("--"):
            if raw.strip() or pending:
                break
            continue
        content = raw[2:]
        if pending and content.startswith(CONTINUATION):
            pending = (pending[0], f"{pending[1]} {content.strip()}")
            continue
        if pending:
            yield pending
        pending = (line, content.strip())
    if pending:
        yield pending


class _Reader:
    def __init__(self, place: Path) -> None:
        self._place = place
        self._sentence: list[str] = []
        self._grain: tuple[str, ...] = ()
        self._covered_by: CoveredBy | None = None
        self._basis = ""
        self._apart: tuple[str, ...] = ()
        self._checks: list[Check] = []
        self._special_measures: list[SpecialMeasure] = []
        self._lines: dict[str, int] = {}
        self._names = {"grain"}
        self._problems: list[Problem] = []

    def header(self) -> Header:
        return Header(
            sentence=" ".join(self._sentence),
            grain=self._grain,
            incremental="incremental" in self._lines,
            covered_by=self._covered_by,
            basis=self._basis,
            apart=self._apart,
            checks=tuple(self._checks),
            special_measures=tuple(self._special_measures),
            lines=self._lines,
            problems=tuple(self._problems),
        )

    def read(self, line: int, content: str) -> None:
        found = KEYWORD_LINE.fullmatch(content)
        keyword, value = (found[1], found[2]) if found else ("", content)
        if named := NAMED_KEYWORD.fullmatch(keyword):
            self._read_named(line, named[1], named[2], value)
        elif keyword in ("grain", "incremental", "covered by", "basis", "apart"):
            self._read_single(line, keyword, value)
        elif self._lines or did_you_mean(keyword.partition(" ")[0], KEYWORDS):
            hint = (
                did_you_mean(keyword.partition(" ")[0], KEYWORDS)
                or f"write one of {', '.join(KEYWORDS)}; indent a continued line"
            )
            self._problem(line, "SQL005", f'"{content}" is no line of a header', hint)
        else:
            self._sentence.append(content)

    def _read_single(self, line: int, keyword: str, value: str) -> None:
        if keyword in self._lines:
            self._problem(line, "SQL005", f'"{keyword}:" stands here a second time', "keep one of them")
        self._lines[keyword] = line
        if keyword == "grain" and NAME_LIST.fullmatch(value):
            self._grain = tuple(re.findall(NAME, value))
        elif keyword == "grain":
            self._problem(line, "SQL004", f'the grain "{value}" is no list of columns', "write: grain: day, source")
        elif keyword == "covered by":
            self._read_covered_by(line, value)
        elif keyword == "basis":
            self._basis = value
        elif keyword == "apart" and NAME_LIST.fullmatch(value):
            self._apart = tuple(re.findall(NAME, value))
        elif keyword == "apart":
            self._problem(line, "SQL009", f'"apart: {value}" is no list of dimensions', "write: apart: platform")
        elif value != "day":
            self._problem(line, "SQL007", f'incremental by "{value}" is not possible', "write: incremental: day")

    def _read_covered_by(self, line: int, value: str) -> None:
        words = value.split()
        subjects, joints = tuple(words[::2]), set(words[1::2])
        is_list = len(words) % 2 == 1 and all(re.fullmatch(NAME, subject) for subject in subjects)
        if is_list and joints <= {"and", "or"} and len(joints) < 2:
            self._covered_by = CoveredBy(subjects, "or" if "or" in joints else "and")
        else:
            hint = "name subjects joined by and, or subjects joined by or"
            self._problem(line, "SQL008", f'"covered by: {value}" cannot be read', hint)

    def _read_named(self, line: int, keyword: str, name: str, value: str) -> None:
        self._lines.setdefault(keyword, line)
        if name in self._names:
            self._problem(line, "SQL006", f'the name "{name}" is taken in this header', "choose another name")
        self._names.add(name)
        if keyword in ("check", "warn"):
            self._checks.append(Check(name, value, keyword == "check", line, self._columns_of(line, value)))
        elif counted := COUNTED_COLUMN.fullmatch(value):
            column, where = counted[1], counted[2]
            columns = frozenset({column}) | (self._columns_of(line, where) if where else frozenset())
            kind = cast(MeasureKind, keyword)
            self._special_measures.append(SpecialMeasure(name, kind, column, where, line, columns - PERIOD_BOUNDS))
        else:
            hint = f"write: {keyword} {name}: column where predicate"
            self._problem(line, "SQL006", f'"{value}" names no column', hint)

    def _columns_of(self, line: int, predicate: str) -> frozenset[str]:
        columns: frozenset[str] = frozenset()
        with suppress(sqlglot.errors.SqlglotError):
            condition = sqlglot.parse_one(predicate, dialect="duckdb", into=exp.Condition)
            if not isinstance(condition, exp.Block) and not condition.find(exp.Query):
                columns = frozenset(column.name for column in condition.find_all(exp.Column))
        if not columns:
            hint = "compare columns of this table, without subqueries"
            self._problem(line, "SQL006", f'"{predicate}" is no predicate on one row', hint)
        return columns

    def _problem(self, line: int, code: str, message: str, hint: str) -> None:
        self._problems.append(Problem(self._place, line, code, message, hint))
