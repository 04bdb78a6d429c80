"""Which of several styles the dates of one file are written in.

Here: the decision for columns whose platform writes dates as its user's settings say (``03/04/2026``). It is made once
per file and column, over all of its values, and never value by value; where it cannot be made the file is refused.
Reading a date in a known style belongs to ``time_conversion``.
"""

from dataclasses import replace

import duckdb

from kpi_pipeline.sources.contracts.contract import MAPPED_SYSTEMS, Contract
from kpi_pipeline.sources.contracts.field import ISO, Field
from kpi_pipeline.sources.files.check_connection import check_cursor
from kpi_pipeline.sources.files.header_binding import Binding
from kpi_pipeline.sources.files.opened_file import CsvPlace
from kpi_pipeline.sources.files.record_lines import line_of
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.values.conversion import is_empty, value_or_null
from kpi_pipeline.sources.values.file_query import FIRST_POSSIBLE_DAY, LAST_POSSIBLE_DAY, FileQuery

# Enough rows to rule out all styles but one in nearly every file; only otherwise is the whole column read.
_FIRST_LOOK_ROWS = 20_000


class _UndecidedStyleError(Exception):
    """Raised where a column's style cannot be known.

    Attributes:
        row: number of the row in the file, counted from 1.
        found: what stands there.
        expected: what the refusal asks for.
    """

    def __init__(self, row: int, found: str, expected: str) -> None:
        self.row = row
        self.found = found
        self.expected = expected
        super().__init__(found)


def with_decided_styles(query: FileQuery, file_name: str, binding: Binding, place: CsvPlace | None) -> FileQuery:
    """Return a query whose contract has one style for each column.

    Args:
        query: the query of the file's rows, which are read only if a column has several styles.
        file_name: the name that the file arrived with, for messages.
        binding: the names of its columns.
        place: for CSV files, where the rows are.

    Raises:
        RefusedFile: several styles fit a column and mean different days, or none fits it.
    """
    fields: list[Field] = []
    for entry in query.contract.fields:
        try:
            fields.append(_decide(query, entry) if entry.styles else entry)
        except duckdb.Error:
            return query  # The rows cannot be separated: the whole file is about to be refused for that.
        except _UndecidedStyleError as undecided:
            raise RefusedFile(
                file_name,
                line=line_of(place, undecided.row) if place else undecided.row,
                column=binding.written_name(entry.name),
                found=undecided.found,
                expected=undecided.expected,
                advice=_advice(query.contract),
            ) from undecided
    return replace(query, contract=replace(query.contract, fields=tuple(fields)))


def _advice(contract: Contract) -> str:
    if contract.system in MAPPED_SYSTEMS:
        return 'Declare one `style` for the column in the source\'s configuration, e.g. style: "%d/%m/%Y".'
    return 'Declare it in the source\'s configuration: options: {date_style: "%d/%m/%Y"}, or "%m/%d/%Y".'


def _decided(field: Field, style: str) -> Field:
    return replace(field, style=None if style == ISO else style, styles=())


def _decide(query: FileQuery, entry: Field) -> Field:
    candidates = entry.styles
    if len(candidates) > 1 and entry.name in query.cells:
        candidates = _fitting(query, entry, candidates, _FIRST_LOOK_ROWS)
        if len(candidates) > 1:
            candidates = _fitting(query, entry, candidates, None)
            _refuse_ambiguous(query, entry, candidates)
        if not candidates:
            raise _misfit(query, entry)
    return _decided(entry, candidates[0])


def _fitting(query: FileQuery, entry: Field, styles: tuple[str, ...], rows: int | None) -> tuple[str, ...]:
    """Return the styles that fit every value of the first rows, or of all."""
    limit = "" if rows is None else f" limit {rows}"
    fits = ", ".join(f"coalesce(bool_and({_fits(query, entry, style)}), true)" for style in styles)
    kept = f" where not coalesce({query.dropped}, false)" if query.dropped else ""
    with check_cursor() as cursor:
        row = cursor.execute(f"select {fits} from (select * from {query.file_rows}{kept}{limit})").fetchone() or ()
    return tuple(style for style, is_fitting in zip(styles, row, strict=True) if is_fitting)


def _misfit(query: FileQuery, entry: Field) -> _UndecidedStyleError:
    """Return the row that breaks the style that holds longest: there the column stops being readable."""
    broken = [_first_row(query, entry, f"not {_fits(query, entry, style)}") for style in entry.styles]
    row, text = max(found for found in broken if found is not None)
    return _UndecidedStyleError(row, repr(text), f"{entry.expectation}, the same in the whole column")


def _refuse_ambiguous(query: FileQuery, entry: Field, styles: tuple[str, ...]) -> None:
    first, *others = (_value(query, entry, style) for style in styles)
    found = _first_row(query, entry, " or ".join(f"{first} <> {other}" for other in others) or "false")
    if found is None:
        return
    row, text = found
    values = ", ".join(_value(query, entry, style) for style in styles)
    with check_cursor() as cursor:
        read = cursor.execute(f"select {values} from (select $text as {query.cells[entry.name]})", {"text": text})
        days = read.fetchone() or ()
    meanings = " or ".join(f"{day.day} {day:%B %Y} ({style})" for style, day in zip(styles, days, strict=True))
    raise _UndecidedStyleError(
        row,
        f"{text!r}, which is {meanings}, and no other value of the column tells which",
        "dates that can be read in one way only",
    )


def _first_row(query: FileQuery, entry: Field, predicate: str) -> tuple[int, str] | None:
    cell = query.cells[entry.name]
    numbered = f"select row_number() over () as file_row, * from {query.file_rows}"
    kept = f" where not coalesce({query.dropped}, false)" if query.dropped else ""
    with check_cursor() as cursor:
        row = cursor.execute(
            f"select min(file_row) filter ({predicate}), min_by({cell}, file_row) filter ({predicate})"
            f" from ({numbered}){kept}"
        ).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def _fits(query: FileQuery, entry: Field, style: str) -> str:
    return f"({_value(query, entry, style)} is not null or {is_empty(entry, query.cells[entry.name])})"


def _value(query: FileQuery, entry: Field, style: str) -> str:
    """Return the expression of what a text means in a style, NULL where no export can mean it."""
    value = value_or_null(_decided(entry, style), query.cells[entry.name], query.contract.number_style)
    possible = f"cast({value} as date) between date '{FIRST_POSSIBLE_DAY}' and date '{LAST_POSSIBLE_DAY}'"
    return f"case when {possible} then {value} end"
