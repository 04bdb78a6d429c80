"""The head of a CSV file: encoding, lines above the header, the header itself and the first row.

Here: what must be known before DuckDB may read the rest, found in the file's first bytes. The header is searched for by
its names, since people delete and add lines above it. Binding the names belongs to ``header_binding``, the end of the
file to ``csv_tail``.
"""

import csv
import re
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.header_binding import recognised_cells
from kpi_pipeline.sources.files.refused_file import RefusedFile

HEAD_BYTES = 262_144
HEADER_SEARCH_LINES = 50
FIRST_ROWS = 50
_DELIMITERS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r'"?sep=([^"\w\s]|\t)"?[\s,;]*', re.IGNORECASE)
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_UTF8_BOM = b"\xef\xbb\xbf"
_UNDECODED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class CsvHead:
    """What stands at the beginning of a CSV file.

    Attributes:
        preamble: the lines above the header.
        header_line: its physical line, counted from 1.
        records_before_data: how many records stand above the first row.
        first_rows: the first records below the header.
    """

    delimiter: str
    preamble: tuple[str, ...]
    header: tuple[str, ...]
    header_line: int
    records_before_data: int
    first_rows: tuple[tuple[str, ...], ...]

    @property
    def first_row(self) -> tuple[str, ...] | None:
        """The first record below the header, None where there is none."""
        return self.first_rows[0] if self.first_rows else None

    def rows_labelled(self, label: str) -> tuple[tuple[str, ...], ...]:
        """Return the unbroken run of rows right below the header whose first cell matches a regular expression."""
        return tuple(takewhile(lambda row: re.search(label, row[0]), self.first_rows))


def read_csv_head(path: Path, file_name: str, contract: Contract) -> CsvHead:
    """Read the head of a UTF-8 file.

    Raises:
        RefusedFile: the file is empty, not UTF-8, or has no line with the contract's names.
    """
    with path.open("rb") as file:
        start = file.read(HEAD_BYTES)
    lines = _lines(start, file_name)
    if contract.lines_before_header is not None:
        candidates = [contract.lines_before_header]
        wanted = 1
    else:
        candidates = list(range(min(len(lines), HEADER_SEARCH_LINES)))
        wanted = min(2, len({entry.headers[0] for entry in contract.fields}))
    stated = _SEPARATOR_LINE.fullmatch(lines[0])
    delimiters = (stated[1],) if stated else (contract.delimiter,) if contract.delimiter else _DELIMITERS
    for index in candidates:
        records = {delimiter: _records(lines, index, delimiter, count=1) for delimiter in delimiters}
        counts = {
            delimiter: recognised_cells(found[0], contract) if found else 0 for delimiter, found in records.items()
        }
        delimiter = max(counts, key=lambda candidate: counts[candidate])
        if counts[delimiter] >= wanted:
            preamble = tuple(lines[:index])
            _refuse_open_quotes(preamble, file_name, records[delimiter][0][0])
            rows = _records(lines, index, delimiter, count=1 + FIRST_ROWS)
            _refuse_undecoded(lines, file_name, rows[0], index, delimiter)
            return CsvHead(
                delimiter=delimiter,
                preamble=preamble,
                header=tuple(rows[0]),
                header_line=index + 1,
                records_before_data=index + 1,
                first_rows=tuple(map(tuple, rows[1:])),
            )
    wanted_column = next((entry.headers[0] for entry in contract.fields if entry.required), "")
    _refuse_undecoded(lines, file_name, [wanted_column])
    raise RefusedFile(
        file_name,
        line=1,
        column=wanted_column,
        found=f"no header in the first {HEADER_SEARCH_LINES} lines{_first_line(lines, contract)}",
        expected="a line with the columns "
        + ", ".join(repr(entry.headers[0]) for entry in contract.fields if entry.required),
        advice="Export in a language whose column names the source knows, or name the columns in its configuration.",
    )


def _lines(start: bytes, file_name: str) -> list[str]:
    if not start.strip():
        raise RefusedFile(file_name, line=1, found="an empty file", expected="a header and rows")
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise RefusedFile(
            file_name,
            found="an old spreadsheet (.xls), or one with a password",
            expected="a text file with separated values, or an .xlsx without a password",
            advice="Save it as .xlsx, or export again as .csv.",
        )
    whole = start if len(start) < HEAD_BYTES else start[: start.rfind(b"\n") + 1]
    # What is not UTF-8 becomes a mark that nothing else does, so that it can be refused with its column.
    return _LINE_BREAK.split(whole.removeprefix(_UTF8_BOM).decode("utf-8", errors="surrogateescape"))


def _refuse_undecoded(
    lines: list[str], file_name: str, header: list[str], header_index: int = 0, delimiter: str = ","
) -> None:
    for index, line in enumerate(lines):
        if line.isascii() or not (mark := _UNDECODED.search(line)):
            continue
        cells = _records([line[: mark.start()]], 0, delimiter, count=1) if index >= header_index else []
        column = header[min(max(len(cells[0]) if cells else 1, 1), len(header)) - 1]
        raise RefusedFile(
            file_name,
            line=index + 1,
            column=_UNDECODED.sub("\ufffd", column),
            found=f"the byte {ord(mark[0]) & 0xFF:#04x}, which is not UTF-8",
            expected="UTF-8, or UTF-16 with a byte order mark",
            advice="Export as UTF-8, or declare the encoding (cp1252, cp1256) in the source's configuration.",
        )


def _records(lines: list[str], index: int, delimiter: str, *, count: int) -> list[list[str]]:
    """Read the record that begins at a line and the next ones, if they end within the head."""
    records: list[list[str]] = []
    reader = csv.reader((line + "\n" for line in islice(lines, index, None)), delimiter=delimiter)
    try:
        for record in reader:
            if record or not records:
                records.append(record)
            if len(records) == count:
                break
    except csv.Error:
        return records
    return records


def _refuse_open_quotes(preamble: tuple[str, ...], file_name: str, first_column: str) -> None:
    for number, line in enumerate(preamble, start=1):
        if line.count('"') % 2:
            raise RefusedFile(
                file_name,
                line=number,
                column=first_column,
                found="a quotation mark that is not closed",
                expected="a title or a date range",
                advice="Delete the lines above the header.",
            )


def _first_line(lines: list[str], contract: Contract) -> str:
    if any(entry.personal for entry in contract.fields):
        return ""
    line = next((line for line in lines if line.strip()), "")
    return f"; the first line is {line[:120]!r}"
