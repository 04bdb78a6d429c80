"""Reports of Google Analytics 4: several tables under each other, each with comment lines above its header.

Here: taking such a file apart, and choosing the table that the source wants: the one that it names, else the only one
that has what its subject needs. Tables that have nothing but the same days beside their figures are joined by day. What
the columns mean belongs to ``ga4_columns``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.header_binding import comparable, recognised_cells
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten, write_rows
from kpi_pipeline.sources.layouts.csv_records import csv_records

TABLE_OPTION = "table"
_COMMENT = "#"
_DATE_LINE = re.compile(r"[^\d]*(\d{8})")
_NO_TITLE = re.compile(r"-*|(Account|Property): .*")


@dataclass
class Table:
    """One table of a report.

    Attributes:
        titles: the comment lines above it that are neither rules nor dates.
        dates: first and last day, as far as the comment lines state them.
        header_line: physical line of the header, counted from 1.
        rows: physical line and cells of each row.
        is_last: no table follows that would prove that all of its rows are there.
    """

    titles: tuple[str, ...]
    dates: tuple[date, ...]
    header: tuple[str, ...]
    header_line: int
    rows: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    is_last: bool = False

    @property
    def stated_range(self) -> tuple[date, date] | None:
        """First and last day of the table, None where its comment lines do not state exactly two."""
        return (self.dates[0], self.dates[1]) if len(self.dates) == 2 and self.dates[0] <= self.dates[1] else None

    @property
    def name(self) -> str:
        """How messages and sources call it."""
        return ",".join(self.header)


def rewrite(file: FileToRewrite) -> Rewritten:
    """Write the table that the source wants.

    Raises:
        RefusedFile: the file is no such report, or the table cannot be chosen.
    """
    contract = file.contract
    tables = read_tables(file)
    chosen = _named(file.file_name, tables, contract) or _fitting(file.file_name, tables, contract)
    if len(chosen) == 1:
        header: tuple[str, ...] = chosen[0].header
        rows = chosen[0].rows
    else:
        header, rows = _joined(file.file_name, chosen, contract)
    write_rows(file.target, header, rows)
    return Rewritten(
        stated_range=chosen[0].stated_range,
        is_end_verifiable=not any(table.is_last for table in chosen),
        unknown_columns=tuple(cell for cell in header if not recognised_cells([cell], contract)),
    )


def read_tables(file: FileToRewrite) -> list[Table]:
    """Take a report apart.

    Raises:
        RefusedFile: it cannot be read, or a row has more or fewer cells than its header.
    """
    delimiter = file.contract.delimiter or ","
    tables: list[Table] = []
    comments: list[str] = []
    current: Table | None = None
    for line, cells in csv_records(file, delimiter):
        if not any(cells):
            # A blank line ends a table; older files have one between the comment lines and the header, too.
            current = None
        elif cells[0].startswith(_COMMENT):
            _refuse_open_quotes(file.file_name, line, cells)
            current = None
            comments.append(delimiter.join(cells).strip(delimiter).lstrip(_COMMENT).strip())
        elif current is None:
            current = _begun(line, cells, comments)
            comments = []
            tables.append(current)
        else:
            current.rows.append((line, _cells_of_row(file.file_name, current, line, cells)))
    if not tables:
        raise RefusedFile(file.file_name, line=1, found="no table", expected="a report of Google Analytics 4")
    tables[-1].is_last = True
    return tables


def _refuse_open_quotes(file_name: str, line: int, cells: Sequence[str]) -> None:
    if any("\n" in cell or "\r" in cell for cell in cells):
        raise RefusedFile(
            file_name,
            line=line,
            found="a quotation mark that is not closed",
            expected="a comment line, closed in itself",
            advice="Rename what has a quotation mark in its name, and export the report again.",
        )


def _begun(line: int, cells: Sequence[str], comments: Sequence[str]) -> Table:
    dates = [match[1] for comment in comments if (match := _DATE_LINE.fullmatch(comment))]
    titles = [comment for comment in comments if not (_NO_TITLE.fullmatch(comment) or _DATE_LINE.fullmatch(comment))]
    header = list(cells)
    while not header[-1].strip():  # a spreadsheet pads lines with empty cells
        header.pop()
    return Table(tuple(titles), tuple(day for text in dates if (day := _day(text))), tuple(header), line)


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None


def _cells_of_row(file_name: str, table: Table, line: int, cells: Sequence[str]) -> tuple[str, ...]:
    width = len(table.header)
    if len(cells) < width or any(cells[width:]):
        raise RefusedFile(
            file_name,
            line=line,
            found=f"{len(cells)} cells",
            expected=f"{width} cells, as in the header in line {table.header_line}",
            advice="The file may be cut; export it again. An exploration is read by the system ga4_exploration.",
        )
    return tuple(cells[:width])


def _named(file_name: str, tables: Sequence[Table], contract: Contract) -> list[Table]:
    """Return the tables that the source names, none where it names none."""
    chosen: list[Table] = []
    for wanted in contract.option(TABLE_OPTION):
        found = [
            table
            for table in tables
            if _same(wanted, table.name) or any(_same(wanted, title) for title in table.titles)
        ]
        if not found:
            raise _no_choice(file_name, tables, contract, f"no table {wanted!r}")
        chosen += [table for table in found if table not in chosen]
    return chosen


def _same(wanted: str, name: str) -> bool:
    return re.sub(r"\s*,\s*", ",", comparable(wanted)) == comparable(name)


def _fitting(file_name: str, tables: Sequence[Table], contract: Contract) -> list[Table]:
    fitting = [table for table in tables if _has_what_is_needed(table, contract)]
    dated = [table for table in fitting if _has(table, contract.dated_by, contract)]
    if dated and (len(dated) == 1 or all(_has_only_days(table, contract) for table in dated)):
        return dated
    if len(fitting) == 1:
        return fitting
    raise _no_choice(file_name, tables, contract, f"{len(fitting)} tables that fit")


def _has_what_is_needed(table: Table, contract: Contract) -> bool:
    required = [(entry.name,) for entry in contract.fields if entry.required]
    return all(_has(table, names, contract) for names in (*required, *contract.one_of))


def _has(table: Table, names: Sequence[str], contract: Contract) -> bool:
    accepted = {comparable(header) for name in names for header in contract.field(name).headers}
    return any(comparable(cell) in accepted for cell in table.header)


def _has_only_days(table: Table, contract: Contract) -> bool:
    """Tell whether a table has its days in the first column and figures in all others."""
    figures = {
        comparable(header)
        for entry in contract.fields
        if entry.kind in ("integer", "decimal", "double") and entry.name not in contract.dated_by
        for header in entry.headers
    } | set(map(comparable, contract.ignored_headers))
    first = {comparable(header) for name in contract.dated_by for header in contract.field(name).headers}
    return comparable(table.header[0]) in first and all(comparable(cell) in figures for cell in table.header[1:])


def _joined(
    file_name: str, tables: Sequence[Table], contract: Contract
) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]]]:
    first = tables[0]
    figures = [cell for table in tables for cell in table.header[1:]]
    is_joinable = (
        all(_has_only_days(table, contract) and table.header[0] == first.header[0] for table in tables)
        and len({table.stated_range for table in tables}) == 1
        and len(set(figures)) == len(figures)
        and all(len({cells[0] for _line, cells in table.rows}) == len(table.rows) for table in tables)
    )
    if not is_joinable:
        raise _no_choice(file_name, tables, contract, f"{len(tables)} tables that cannot be joined by day")
    lines: dict[str, int] = {}
    found: dict[tuple[str, str], str] = {}
    for table in tables:
        for line, (day, *cells) in table.rows:
            lines.setdefault(day, line)
            found |= {(day, name): cell for name, cell in zip(table.header[1:], cells, strict=True)}
    rows = [(line, (day, *(found.get((day, name), "") for name in figures))) for day, line in lines.items()]
    return (first.header[0], *figures), rows


def _no_choice(file_name: str, tables: Sequence[Table], contract: Contract, found: str) -> RefusedFile:
    needed = [entry.headers[0] for entry in contract.fields if entry.required]
    needed += [" or ".join(contract.field(name).headers[0] for name in group) for group in contract.one_of]
    days = " or ".join(contract.field(name).headers[0] for name in contract.dated_by)
    return RefusedFile(
        file_name,
        line=tables[0].header_line,
        column=needed[0],
        found=f"{found}; there are " + ", ".join(repr(table.name) for table in tables),
        expected=f"one table with {' and '.join(needed)}, best with {days}",
        advice="Name the table in the source's configuration: options: {table: ...} with its title or its columns;"
        " options: {subject: ...} says what it delivers.",
    )
