"""Opening a CSV file: its head and tail checked, its rows left to DuckDB.

Here: how head, tail and contract come together in one query. What the head and the tail say belongs to ``csv_head`` and
``csv_tail``.
"""

import re
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest

import duckdb

from kpi_pipeline.sources.contracts.contract import Contract, TotalRows
from kpi_pipeline.sources.contracts.field import SPACES
from kpi_pipeline.sources.files.check_connection import check_cursor
from kpi_pipeline.sources.files.csv_head import CsvHead, read_csv_head
from kpi_pipeline.sources.files.csv_tail import CsvTail, read_csv_tail
from kpi_pipeline.sources.files.file_language import line_notes, number_style
from kpi_pipeline.sources.files.header_binding import Binding, bind_header
from kpi_pipeline.sources.files.opened_file import CsvPlace, FileNote, OpenedFile, date_rows
from kpi_pipeline.sources.files.plain_file import PlainFile
from kpi_pipeline.sources.files.record_lines import last_line
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.stated_range import stated_range
from kpi_pipeline.sources.values.date_styles import with_decided_styles
from kpi_pipeline.sources.values.file_query import FileFacts, FileQuery
from kpi_pipeline.sources.values.sql_text import literal

_EMPTY = "''"
_NO_CELL = "\x01\x02"


def open_csv_file(plain: PlainFile) -> OpenedFile:
    """Check the head and the tail of a CSV file.

    Raises:
        RefusedFile: they break the contract.
    """
    path, file_name, contract, rewritten = plain.path, plain.file_name, plain.contract, plain.rewritten
    head = read_csv_head(path, file_name, contract)
    binding = bind_header(file_name, head.header, contract, None if rewritten else head.header_line)
    contract = replace(contract, number_style=number_style(contract, head.header, head.delimiter))
    stated = stated_range(head.preamble + plain.footer) if contract.has_preamble else None
    if rewritten is not None:
        stated = rewritten.stated_range
        binding = replace(binding, unknown=rewritten.unknown_columns)
    tail = read_csv_tail(path, head.delimiter)
    total_rows = _total_rows(contract.totals, head, tail, binding)
    dating = date_rows(file_name, contract, binding, stated, None if rewritten else head.header_line)
    has_total_below_header = bool(contract.totals and contract.totals.place == "extra_cell" and total_rows)
    is_marked_empty = head.first_row is not None and [cell for cell in head.first_row if cell] == [
        contract.empty_marker
    ]
    place = CsvPlace(
        path,
        head.delimiter,
        head.records_before_data + has_total_below_header,
        "first_cell" if rewritten else "records" if plain.arrived_as == "xlsx" else "physical",
    )
    query = FileQuery(
        contract,
        file_rows=_no_rows(len(head.header)) if is_marked_empty else _read_csv(place, len(head.header)),
        cells={name: f"c{position}" for name, position in binding.positions.items()},
        facts=FileFacts(
            binding.currency or (rewritten and rewritten.currency) or contract.currency,
            dating.first_day,
            dating.only_day,
        ),
        dropped=None if has_total_below_header else _dropped(contract.totals, total_rows, binding),
    )
    totals = _control_totals(contract.totals, total_rows, query, len(head.header))
    if rewritten is not None:
        totals = dict(rewritten.control_totals)
    if contract.final_line_break and not (tail.ends_with_line_break or totals or is_marked_empty):
        raise RefusedFile(
            file_name,
            line=last_line(place),
            column=head.header[max(min(len(tail.last_row), len(head.header)), 1) - 1],
            found="no line break after the last row",
            expected="a complete last row",
            advice="The file may be cut; export it again. Exports that always end like this: final_line_break: false.",
        )
    if not (is_marked_empty or has_total_below_header):
        _compare_first_row(file_name, head, query)
    is_end_proven = bool(totals) or is_marked_empty or bool(plain.footer) or plain.arrived_as == "xlsx"
    return OpenedFile(
        query=with_decided_styles(query, file_name, binding, place),
        binding=binding,
        csv_place=place,
        stated_range=dating.stated_range,
        control_totals=totals,
        is_end_verifiable=is_end_proven or bool(rewritten and rewritten.is_end_verifiable),
        notes=dating.notes
        + _absence_notes(contract, binding)
        + line_notes(contract, head.preamble + plain.footer, stated)
        + (rewritten.notes if rewritten else ()),
        temporary=plain.temporary,
        total_row=_compared_row(contract.totals, total_rows) or (),
    )


def _read_csv(place: CsvPlace, width: int) -> str:
    """Return the FROM item of the rows; an empty cell is NULL.

    DuckDB forgives a row one cell too many if that cell is NULL, and the cells before it may then be shifted; with a
    text for NULL that no cell has, it forgives none.
    """
    names = [f"c{index}" for index in range(width)]
    columns = ", ".join(f"'{name}': 'varchar'" for name in names)
    return (
        f"(select {', '.join(f'nullif({name}, {_EMPTY}) as {name}' for name in names)}"
        f" from read_csv({literal(str(place.path))}, columns = {{{columns}}}, auto_detect = false, header = false,"
        f" skip = {place.records_before_data}, delim = {literal(place.delimiter)}, quote = '\"', escape = '\"',"
        f" nullstr = {literal(_NO_CELL)}, strict_mode = true, compression = 'none'))"
    )


def _no_rows(width: int) -> str:
    return f"(select {', '.join(f'cast(null as varchar) as c{index}' for index in range(width))} where false)"


def _total_rows(
    totals: TotalRows | None, head: CsvHead, tail: CsvTail, binding: Binding
) -> tuple[tuple[str, ...], ...]:
    if totals is None:
        return ()
    if totals.place == "last_rows":
        return tuple(dict.fromkeys(head.rows_labelled(totals.label) + tail.rows_labelled(totals.label)))
    first = head.first_row or ()
    if totals.place == "extra_cell":
        is_total = len(first) == len(head.header) + 1 and first[-1].strip() == totals.label
        return (first,) if is_total else ()
    positions = [binding.positions[name] for name in totals.names if name in binding.positions]
    return tuple(
        row
        for row in dict.fromkeys((first, tail.last_row))
        if len(row) == len(head.header) and positions and not any(row[position].strip() for position in positions)
    )


def _dropped(totals: TotalRows | None, rows: tuple[tuple[str, ...], ...], binding: Binding) -> str | None:
    if totals is None or not rows:
        return None
    if totals.place == "last_rows":
        return f"c0 in ({', '.join(literal(label) for label in dict.fromkeys(row[0] for row in rows))})"
    cells = [f"c{binding.positions[name]}" for name in totals.names if name in binding.positions]
    return " and ".join(f"coalesce(trim({cell}, {literal(SPACES)}), '') = ''" for cell in cells)


def _control_totals(
    totals: TotalRows | None, rows: tuple[tuple[str, ...], ...], query: FileQuery, width: int
) -> dict[str, Decimal | int]:
    row = _compared_row(totals, rows)
    if totals is None or row is None:
        return {}
    names = tuple(name for _column, name in totals.sums if name in query.cells)
    if not names:
        return {}
    cells = [*row, *[""] * width][:width]
    values = ", ".join(literal(cell) for cell in cells)
    columns = ", ".join(f"c{index}" for index in range(width))
    with check_cursor() as cursor:
        result = cursor.execute(query.totals(f"(values ({values})) as total_row({columns})", names)).fetchone() or ()
    order = [entry.name for entry in query.contract.fields if entry.name in names]
    found = dict(zip(order, result, strict=True))
    return {
        column: value if isinstance(value, int) else Decimal(str(value))
        for column, name in totals.sums
        if (value := found.get(name)) is not None
    }


def _compared_row(totals: TotalRows | None, rows: tuple[tuple[str, ...], ...]) -> tuple[str, ...] | None:
    if totals is None or not rows:
        return None
    if not totals.compared:
        return rows[0]
    return next((row for label in totals.compared for row in rows if re.search(label, row[0])), None)


def _compare_first_row(file_name: str, head: CsvHead, query: FileQuery) -> None:
    """Refuse a file whose first row DuckDB reads differently than Python does, e.g. since it skipped another header."""
    if head.first_row is None:
        return
    with check_cursor() as cursor:
        try:
            row = cursor.execute(f"select * from {query.file_rows} limit 1").fetchone()
        except duckdb.Error:
            return  # The whole file is about to be refused for this, with its line.
    cells = tuple(cell or "" for cell in row or ())
    expected = head.first_row[: len(cells)] if not any(head.first_row[len(cells) :]) else head.first_row
    if cells != expected:
        pairs = zip_longest(cells, expected, head.header)
        raise RefusedFile(
            file_name,
            line=head.header_line + 1,
            column=next((name for ours, theirs, name in pairs if ours != theirs and name), head.header[-1]),
            found="a first row that two readers understand differently",
            expected="cells separated and quoted as in RFC 4180",
        )


def _absence_notes(contract: Contract, binding: Binding) -> tuple[FileNote, ...]:
    return tuple(
        FileNote(absence.kind, f"no column {contract.field(absence.field).headers[0]!r}", absence.message)
        for absence in contract.noted_absences
        if absence.field not in binding.positions
    )
