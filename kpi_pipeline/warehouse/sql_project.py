"""All SQL files together: which table reads which, in which order they are built.

Here: what only the whole of ``sql/`` shows. Add a rule about several files together with its code. What one file must
hold belongs to ``sql_rules``; building belongs to ``build``.

======  ================================================================================================================
Code    Problem
======  ================================================================================================================
SQL001  a file is not UTF-8, has no plain name, or lies in a folder that is no schema
SQL002  a file is not one SELECT without semicolon
SQL003  no sentence says what one row is
SQL004  the grain is missing or names what is no column
SQL005  a line of the header that means nothing, or comes twice
SQL006  a check or measure of the header that cannot be read, or names what is no column
SQL007  ``incremental`` by something else than ``day``, or without that column
SQL008  ``covered by`` that cannot be read, or names no subject
SQL009  a measures table without day or coverage; a measure declared elsewhere
SQL010  ``*`` in the last SELECT; a column without name, or whose name comes twice
SQL011  a column without note
SQL020  an unknown table
SQL021  a table of a folder to the right
SQL022  tables that read each other in a circle
SQL030  a measure whose name another table has taken
SQL040  a construct that is not repeatable, or means something else on other engines
SQL041  a division that nothing keeps from dividing by zero
SQL042  a ratio or mean where only sums belong
======  ================================================================================================================
"""

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from kpi_pipeline.config.problems import Problem, did_you_mean
from kpi_pipeline.errors import SqlTableError
from kpi_pipeline.warehouse.sql_file import Measure, SqlFile, read_sql_file
from kpi_pipeline.warehouse.sql_header import NAME

FOLDERS = ("staging", "core", "measures", "views")
# A table reads its own schema and those to its left; kpi, which metrics fill, is thereby for views alone.
READING_ORDER = ("raw", "staging", "core", "measures", "kpi", "views")


@dataclass(frozen=True)
class SqlProject:
    """The files of one SQL folder.

    Attributes:
        files: in build order: every file after those that it reads.
        external_tables: the tables that no file makes.
    """

    files: tuple[SqlFile, ...]
    external_tables: frozenset[str]

    @cached_property
    def _by_table(self) -> dict[str, SqlFile]:
        return {file.table: file for file in self.files}

    @cached_property
    def measures(self) -> dict[str, tuple[SqlFile, Measure]]:
        """Measure → the file that makes it, and what it is."""
        return {measure.name: (file, measure) for file in self.files for measure in file.measures}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over all files."""
        lines = sorted(f"{file.table} {file.fingerprint}\n" for file in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def file(self, table: str) -> SqlFile:
        """Return the file that makes a table.

        Raises:
            SqlTableError: if none does.
        """
        if table not in self._by_table:
            hint = did_you_mean(table, self._by_table) or f"the files make {', '.join(sorted(self._by_table))}"
            raise SqlTableError(f"no SQL file makes the table {table}; {hint}")
        return self._by_table[table]

    def inputs(self, table: str) -> tuple[str, ...]:
        """Return the tables that a table's file reads; none for an external table."""
        return () if table in self.external_tables else self.file(table).inputs

    def ancestors(self, table: str) -> frozenset[str]:
        """Return all tables that a table is made from, directly or through others, external ones included."""
        found: set[str] = set()
        pending = list(self.inputs(table))
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending.extend(self.inputs(name))
        return frozenset(found)


def load_sql_project(directory: Path, external_tables: Collection[str]) -> SqlProject:
    """Read every file under ``directory``; ``external_tables`` are those that the program itself fills.

    Raises:
        SqlTableError: with everything that is wrong in all files.
    """
    project, problems = check_sql_project(directory, external_tables)
    if project is None:
        raise SqlTableError("\n".join(str(problem) for problem in problems))
    return project


def check_sql_project(
    directory: Path, external_tables: Collection[str]
) -> tuple[SqlProject | None, tuple[Problem, ...]]:
    """Read every file under ``directory``; return the project, or None and everything that is wrong in it."""
    root = Path(directory.name)
    if not directory.is_dir():
        return None, (Problem(root, 1, "SQL001", f"{directory} is no folder", "set KPI_SQL_DIR or create it"),)
    external = frozenset(external_tables)
    known = set(external)
    files: list[SqlFile] = []
    problems: list[Problem] = []
    for path in sorted(directory.rglob("*.sql")):
        place = root / path.relative_to(directory)
        if path.parent.parent != directory or path.parent.name not in FOLDERS:
            problems.append(Problem(place, 1, "SQL001", "lies where no table is made", f"use {', '.join(FOLDERS)}"))
            continue
        table = f"{path.parent.name}.{path.stem}"
        if not re.fullmatch(NAME, path.stem):
            problems.append(Problem(place, 1, "SQL001", f'"{path.stem}" is no table name', "use a-z, 0-9 and _"))
        if table in external:
            problems.append(Problem(place, 1, "SQL001", f"{table} is filled by the program itself", "rename the file"))
        known.add(table)
        file, found = read_sql_file(path, path.parent.name)
        problems.extend(found)
        if file:
            files.append(file)
    for file in files:
        problems.extend(_reading_problems(file, known))
    problems.extend(_measure_problems(files, external))
    ordered, circle = _in_build_order(files)
    problems.extend(circle)
    return (None if problems else SqlProject(ordered, external)), tuple(sorted(problems))


def _reading_problems(file: SqlFile, known: Collection[str]) -> Iterator[Problem]:
    for table, line in file.reads.items():
        schema = table.partition(".")[0]
        if table not in known:
            same_name = [name for name in sorted(known) if name.partition(".")[2] == table]
            hint = f'did you mean "{same_name[0]}"?' if same_name else did_you_mean(table, known)
            message = f'reads the unknown table "{table}"'
            yield Problem(
                file.place, line, "SQL020", message, hint or "known are the files' tables and raw, by schema.name"
            )
        elif READING_ORDER.index(schema) > READING_ORDER.index(file.schema):
            message = f'reads "{table}": {file.schema} stands to the left of {schema}'
            yield Problem(
                file.place, line, "SQL021", message, "move this file to the right or the other one to the left"
            )


def _measure_problems(files: Collection[SqlFile], external: Collection[str]) -> Iterator[Problem]:
    taken: dict[str, SqlFile] = {}
    # Besides what files deliver, core.coverage may name subjects that it makes itself, such as goals with a value.
    coverage = next((file.query for file in files if file.table == "core.coverage"), "")
    subjects = [*(table.partition(".")[2] for table in external), *re.findall(rf"'({NAME})' as subject", coverage)]
    for file in files:
        for measure in file.measures:
            other = taken.setdefault(measure.name, file)
            if other is not file:
                message = f'the measure "{measure.name}" is also made by {other.place}'
                yield Problem(file.place, measure.line, "SQL030", message, "rename one of them")
        for subject in file.covered_by.subjects if file.covered_by else ():
            if subject not in subjects:
                hint = did_you_mean(subject, subjects)
                yield Problem(file.place, 1, "SQL008", f'covered by "{subject}", which is no subject', hint)


def _in_build_order(files: Collection[SqlFile]) -> tuple[tuple[SqlFile, ...], tuple[Problem, ...]]:
    by_table = {file.table: file for file in files}
    graph = {file.table: [table for table in file.inputs if table in by_table] for file in files}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # graphlib names each table before the one that reads it.
        circle = list(reversed(error.args[1]))
        file = by_table[circle[0]]
        message = " reads ".join(circle)
        line = file.reads[circle[1]]
        return (), (Problem(file.place, line, "SQL022", message, "take the common part into a file of its own"),)
    # Sorting is stable: inside a folder the order by dependency stays.
    return tuple(sorted((by_table[table] for table in order), key=lambda file: FOLDERS.index(file.schema))), ()
