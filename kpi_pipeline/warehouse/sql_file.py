"""One SQL file: the table that it makes, what that table reads, and what its columns mean.

Here: reading a file by itself. Add to ``SqlFile`` what a new consumer must know about one table. The header's grammar
belongs to ``sql_header``, what a good file must hold to ``sql_rules``, what needs the other files to ``sql_project``.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlglot import TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from kpi_pipeline.config.problems import Problem
from kpi_pipeline.errors import SqlTableError
from kpi_pipeline.warehouse.sql_header import Check, CoveredBy, Header, MeasureKind, read_header
from kpi_pipeline.warehouse.sql_lint import line_of
from kpi_pipeline.warehouse.sql_rules import Column, find_problems

AGE_COLUMN = "age_days"
# A grain column that no metric can be split by: it identifies a customer or the age of a cohort.
KEY_COLUMN = re.compile(rf"\w+_key|{AGE_COLUMN}")


@dataclass(frozen=True)
class Measure:
    """One measure of a ``measures`` table.

    Attributes:
        kind: ``sum`` adds ``column`` up; ``distinct`` counts its different values; ``last`` takes the last day's;
            ``median`` and ``percentile_90`` are taken over the rows.
        where: predicate on the rows that count; it may name ``period_start`` and ``period_end``.
    """

    name: str
    kind: MeasureKind
    table: str
    column: str
    where: str | None
    note: str
    line: int


@dataclass(frozen=True)
class SqlFile:
    """One SQL file.

    Attributes:
        place: the path from the SQL folder's name on, as messages show it.
        query: the whole text, header included: one SELECT.
        fingerprint: SHA-256 of the text.
        reads: table → line on which it is read.
        measures: empty but for tables of the schema ``measures``.
    """

    place: Path
    table: str
    query: str
    fingerprint: str
    sentence: str
    grain: tuple[str, ...]
    incremental: bool
    checks: tuple[Check, ...]
    covered_by: CoveredBy | None
    basis: str
    apart: tuple[str, ...]
    columns: tuple[Column, ...]
    reads: Mapping[str, int]
    measures: tuple[Measure, ...]

    @property
    def schema(self) -> str:
        """The folder."""
        return self.table.partition(".")[0]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The tables that the query reads."""
        return tuple(self.reads)

    @property
    def has_day(self) -> bool:
        """Whether the table has a column ``day``."""
        return any(column.name == "day" for column in self.columns)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the grain that are neither the day nor a dimension."""
        counted = {measure.column for measure in self.measures if measure.kind != "sum"}
        return tuple(name for name in self.grain if name in counted or KEY_COLUMN.fullmatch(name))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The columns of the grain that measures can be split by."""
        return tuple(name for name in self.grain if name != "day" and name not in self.keys)

    @property
    def description(self) -> str:
        """What one row is, and the grain."""
        return f"{self.sentence} Grain: {', '.join(self.grain)}." if self.grain else self.sentence

    @property
    def column_notes(self) -> dict[str, str]:
        """Column → description."""
        return {column.name: column.note for column in self.columns}


def parse_sql_file(path: Path, schema: str) -> SqlFile:
    """Read one file as the table ``<schema>.<file stem>``.

    Raises:
        SqlTableError: with everything that is wrong in the file.
    """
    file, problems = read_sql_file(path, schema)
    if file is None or problems:
        raise SqlTableError("\n".join(str(problem) for problem in problems))
    return file


def read_sql_file(path: Path, schema: str) -> tuple[SqlFile | None, tuple[Problem, ...]]:
    """Read one file; return it, or None where its SELECT cannot be read, and everything that is wrong in it."""
    place = Path(*path.parts[-3:])
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return None, (Problem(place, 1, "SQL001", f"not UTF-8: {error}", "save the file as UTF-8"),)
    return _read(text, place, schema)


# Parsing is the expensive part of reading a project; equal text gives an equal file, so a cached one is never stale.
@lru_cache(maxsize=1024)
def _read(text: str, place: Path, schema: str) -> tuple[SqlFile | None, tuple[Problem, ...]]:
    header = read_header(text, place)
    try:
        query = _single_select(text)
        reads = dict(sorted(_tables_read(query)))
    except _NotOneSelectError as error:
        return None, (*header.problems, Problem(place, error.line, "SQL002", str(error), "write one SELECT"))
    columns = tuple(Column(item.alias_or_name, _note(item), line_of(item)) for item in query.selects)
    table = f"{schema}.{place.stem}"
    file = SqlFile(
        place=place,
        table=table,
        query=text,
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
        sentence=header.sentence,
        grain=header.grain,
        incremental=header.incremental,
        checks=header.checks,
        covered_by=header.covered_by,
        basis=header.basis,
        apart=header.apart,
        columns=columns,
        reads=reads,
        measures=tuple(_measures(header, columns, table)) if schema == "measures" else (),
    )
    found = find_problems(place=place, schema=schema, header=header, columns=columns, query=query)
    return file, tuple(sorted((*header.problems, *found)))


class _NotOneSelectError(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _single_select(text: str) -> exp.Select | exp.SetOperation:
    dialect = Dialect.get_or_raise("duckdb")
    try:
        tokens = dialect.tokenize(text)
        for token in tokens:
            if token.token_type == TokenType.SEMICOLON:
                raise _NotOneSelectError(token.line, "a semicolon")
        statements = dialect.parser().parse(tokens, text)
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        line = int(first.get("line") or 1)
        raise _NotOneSelectError(line, f"no valid SQL: {first.get('description') or error}") from error
    except SqlglotError as error:
        raise _NotOneSelectError(1, f"no valid SQL: {error}") from error
    query = statements[0] if len(statements) == 1 else None
    if not isinstance(query, exp.Select | exp.SetOperation):
        raise _NotOneSelectError(1, f"{type(query).__name__.lower() if query else 'nothing'} instead of a SELECT")
    if not query.selects:
        raise _NotOneSelectError(1, "a SELECT without columns")
    if change := query.find(exp.DML, exp.DDL, exp.Into):
        raise _NotOneSelectError(line_of(change), f"{type(change).__name__.lower()} inside the SELECT")
    return query


def _tables_read(query: exp.Query) -> Iterator[tuple[str, int]]:
    try:
        scopes = traverse_scope(query)
    except SqlglotError as error:
        raise _NotOneSelectError(1, f"no valid SQL: {error}") from error
    for scope in scopes:
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                # A table function has no name; its text is no known table either, and is refused as such.
                parts = [part for part in (source.catalog, source.db, source.name) if part]
                yield ".".join(parts) or source.this.sql("duckdb"), line_of(source)


def _note(item: exp.Expr) -> str:
    # A trailing comment comes last in the list; one above the item, which gives a reason, comes before it.
    return item.comments[-1].strip() if item.comments else ""


def _measures(header: Header, columns: tuple[Column, ...], table: str) -> Iterator[Measure]:
    no_sums = set(header.grain).union(*(special.columns for special in header.special_measures))
    for column in columns:
        if column.name not in no_sums:
            yield Measure(column.name, "sum", table, column.name, None, column.note, column.line)
    notes = {column.name: column.note for column in columns}
    for special in header.special_measures:
        note = notes.get(special.column, "")
        yield Measure(special.name, special.kind, table, special.column, special.where, note, special.line)
