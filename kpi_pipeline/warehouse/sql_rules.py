"""What every SQL file must hold: a sentence, a grain, named and described columns, checks on columns that exist.

Here: the rules that one file can be held to by itself. Add a rule together with its code in the table of
``sql_project``. Banned constructs belong to ``sql_lint``; rules about several files belong to ``sql_project``.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from kpi_pipeline.config.problems import Problem, did_you_mean
from kpi_pipeline.warehouse.sql_header import MEASURE_KINDS, Check, Header, SpecialMeasure
from kpi_pipeline.warehouse.sql_lint import find_banned

SCHEMAS_WITH_GRAIN = ("core", "measures", "views")
SCHEMAS_WITH_NOTES = ("core", "measures", "views")


@dataclass(frozen=True)
class Column:
    """One column of a table with its description, empty if it has none."""

    name: str
    note: str
    line: int


def find_problems(
    *, place: Path, schema: str, header: Header, columns: tuple[Column, ...], query: exp.Query
) -> Iterator[Problem]:
    """Yield everything that is wrong in a file whose SELECT could be read."""
    for line, code, message, hint in (
        *_column_problems(schema, columns, query),
        *_header_problems(schema, header, columns),
        *_measure_problems(schema, header),
    ):
        yield Problem(place, line, code, message, hint)
    for finding in find_banned(query, schema):
        yield Problem(place, finding.line, finding.code, finding.message, finding.hint)


Found = tuple[int, str, str, str]


def _column_problems(schema: str, columns: tuple[Column, ...], query: exp.Query) -> Iterator[Found]:
    copies = Counter(column.name for column in columns)
    for item, column in zip(query.selects, columns, strict=True):
        line = column.line
        if item.is_star or item.find(exp.Columns):
            yield line, "SQL010", "the last SELECT selects *", "list its columns"
        elif not isinstance(item, exp.Alias | exp.Column):
            yield line, "SQL010", f"{item.sql('duckdb')} has no name", "give it a name with as"
        elif copies[column.name] > 1:
            yield line, "SQL010", f'the column "{column.name}" comes twice', "keep one or rename one"
        elif schema in SCHEMAS_WITH_NOTES and not column.note:
            yield line, "SQL011", f'the column "{column.name}" has no note', "describe it in a comment behind it"


def _header_problems(schema: str, header: Header, columns: tuple[Column, ...]) -> Iterator[Found]:
    names = [column.name for column in columns]
    if not header.sentence.endswith("."):
        hint = "begin with -- and what one row is, ending in a full stop"
        yield 1, "SQL003", "no sentence at the top says what one row is", hint
    grain_line = header.lines.get("grain", 1)
    if schema in SCHEMAS_WITH_GRAIN and not header.grain:
        yield grain_line, "SQL004", "the grain is missing", "write: -- grain: column, column"
    for name in header.grain:
        if name not in names:
            yield grain_line, "SQL004", f'the grain names "{name}", which is no column', did_you_mean(name, names)
    predicates: tuple[Check | SpecialMeasure, ...] = (*header.checks, *header.special_measures)
    for predicate in predicates:
        for name in sorted(predicate.columns.difference(names)):
            message = f'"{predicate.name}" names "{name}", which is no column of this table'
            yield predicate.line, "SQL006", message, did_you_mean(name, names)
    if header.incremental and "day" not in names:
        message = "incremental by day, without a column day"
        yield header.lines["incremental"], "SQL007", message, "add the column or remove the line"


def _measure_problems(schema: str, header: Header) -> Iterator[Found]:
    if schema == "measures":
        if header.grain and "day" not in header.grain:
            yield header.lines["grain"], "SQL009", "the grain has no day", "measures are sums per day: add day"
        for name in header.apart:
            if name not in header.grain:
                hint = did_you_mean(name, header.grain) or "name dimensions of the grain"
                yield header.lines["apart"], "SQL009", f'apart names "{name}", which the grain does not hold', hint
        if "covered by" not in header.lines:
            yield 1, "SQL009", "covered by is missing", "name the subjects that must be there: -- covered by: orders"
        return
    for keyword in ("covered by", "basis", "apart", *MEASURE_KINDS):
        if keyword in header.lines:
            message = f'"{keyword}" belongs to files in measures alone'
            yield header.lines[keyword], "SQL009", message, "remove the line or move the file"
