"""Where the rows of a CSV file stand in what the user sent: the physical line, the sheet's row, the rewritten line.

Here: the slow walk through a file with Python's csv module, taken only for a message. What is wrong with a row belongs
to ``diagnosis``.
"""

import csv
from collections.abc import Iterator, Sequence
from itertools import islice

from kpi_pipeline.sources.files.opened_file import CsvPlace

_SCANNED_CHARACTERS = 1 << 20


class BrokenQuotesError(Exception):
    """Raised where quotation marks do not fit together.

    Attributes:
        line: the physical line.
        cell: the number of the cell in its record, counted from 0.
    """

    def __init__(self, line: int, cell: int, reason: csv.Error) -> None:
        self.line = line
        self.cell = cell
        super().__init__(str(reason))


def records(place: CsvPlace) -> Iterator[tuple[int | None, list[str]]]:
    """Yield line and cells of each row below the header, as Python's csv module separates them.

    Raises:
        BrokenQuotesError: a row cannot be separated into cells.
    """
    for number, (line, cells) in enumerate(_all_records(place), start=1):
        if number <= place.records_before_data or not cells:
            continue
        if place.lines == "first_cell":
            yield (int(cells[0]) if cells[0].isdecimal() else None), cells
        else:
            yield (number if place.lines == "records" else line), cells


def line_of(place: CsvPlace, row: int) -> int | None:
    """Return the line of a row, counted from 1 below the header; None where it cannot be told."""
    try:
        return next((line for number, (line, _cells) in enumerate(records(place), start=1) if number == row), None)
    except BrokenQuotesError:
        return None


def line_of_cells(place: CsvPlace, cells: Sequence[str]) -> int | None:
    """Return the line of the last record with these cells, wherever in the file it is."""
    found = None
    try:
        for number, (line, record) in enumerate(_all_records(place), start=1):
            if tuple(record) == tuple(cells):
                found = number if place.lines == "records" else line
    except BrokenQuotesError:
        return None
    return found


def last_line(place: CsvPlace) -> int:
    """Return the number of a file's last line."""
    with place.path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) + 1


def _all_records(place: CsvPlace) -> Iterator[tuple[int, list[str]]]:
    """Yield the first physical line and the cells of every record."""
    with place.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=place.delimiter, strict=True)
        before = 0
        try:
            for cells in reader:
                first_line, before = before + 1, reader.line_num
                yield first_line, cells
        except csv.Error as error:
            raise BrokenQuotesError(*_broken_cell(place, before), error) from error


def _broken_cell(place: CsvPlace, lines_before: int) -> tuple[int, int]:
    """Return line and cell of the first quotation mark that does not fit in the record below so many lines."""
    line, cell, opened = lines_before + 1, 0, (lines_before + 1, 0)
    state = "start"
    with place.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        text = "".join(islice(file, lines_before, None))[:_SCANNED_CHARACTERS]
    for character in text:
        if state == "quoted":
            state = "closed" if character == '"' else state
        elif character == '"' and state in ("start", "closed"):
            state, opened = "quoted", (line, cell)
        elif character in (place.delimiter, "\r", "\n"):
            state, cell = "start", cell + 1 if character == place.delimiter else 0
        elif state == "closed":
            return line, cell
        else:
            state = "plain"
        line += character == "\n"
    return opened
