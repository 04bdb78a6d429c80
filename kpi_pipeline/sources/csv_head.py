"""The head of a CSV file: encoding, lines above the header, the header itself and the first row.

Here: what must be known before DuckDB may read the rest, found in the file's first bytes. The header is searched for by
its names, since people delete and add lines above it. Binding the names belongs to ``header_binding``, the end of the
file to ``csv_tail``.
"""

import csv
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kpi_pipeline.sources.contract import Contract
from kpi_pipeline.sources.header_binding import recognised_cells
from kpi_pipeline.sources.refused_file import RefusedFile

HEAD_BYTES = 262_144
HEADER_SEARCH_LINES = 50
_DELIMITERS = (",", ";", "\t")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class CsvHead:
    """What stands at the beginning of a CSV file.

    Attributes:
        preamble: the lines above the header.
        header_line: its physical line, counted from 1.
        records_before_data: how many records stand above the first row.
        first_row: the first record below the header, None where there is none.
    """

    delimiter: str
    preamble: tuple[str, ...]
    header: tuple[str, ...]
    header_line: int
    records_before_data: int
    first_row: tuple[str, ...] | None


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
    delimiters = (contract.delimiter,) if contract.delimiter else _DELIMITERS
    for index in candidates:
        records = {delimiter: _two_records(lines, index, delimiter) for delimiter in delimiters}
        counts = {
            delimiter: recognised_cells(found[0], contract) if found else 0 for delimiter, found in records.items()
        }
        delimiter = max(counts, key=lambda candidate: counts[candidate])
        if counts[delimiter] >= wanted:
            preamble = tuple(lines[:index])
            _refuse_open_quotes(preamble, file_name)
            rows = records[delimiter]
            return CsvHead(
                delimiter=delimiter,
                preamble=preamble,
                header=tuple(rows[0]),
                header_line=index + 1,
                records_before_data=index + 1,
                first_row=tuple(rows[1]) if len(rows) > 1 else None,
            )
    raise RefusedFile(
        file_name,
        line=1,
        found=f"no header in the first {HEADER_SEARCH_LINES} lines{_first_line(lines, contract)}",
        expected="a line with the columns "
        + ", ".join(repr(entry.headers[0]) for entry in contract.fields if entry.required),
        advice="Export in a language whose column names the source knows, or name the columns in its configuration.",
    )


def _lines(start: bytes, file_name: str) -> list[str]:
    if not start.strip():
        raise RefusedFile(file_name, found="an empty file", expected="a header and rows")
    if start.startswith((b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")):
        raise RefusedFile(
            file_name,
            found="a spreadsheet or a compressed file",
            expected="a text file with separated values",
            advice="Export again as .csv.",
        )
    whole = start if len(start) < HEAD_BYTES else start[: start.rfind(b"\n") + 1]
    try:
        text = whole.removeprefix(_UTF8_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedFile(
            file_name,
            line=whole.count(b"\n", 0, error.start) + 1,
            found=f"the byte {whole[error.start]:#04x}, which is not UTF-8",
            expected="UTF-8, or UTF-16 with a byte order mark",
            advice="Export as UTF-8, or declare the encoding (cp1252, cp1256) in the source's configuration.",
        ) from error
    return _LINE_BREAK.split(text)


def _two_records(lines: list[str], index: int, delimiter: str) -> list[list[str]]:
    """Read the record that begins at a line and the next one, if they end within the head."""
    records: list[list[str]] = []
    reader = csv.reader((line + "\n" for line in islice(lines, index, None)), delimiter=delimiter)
    try:
        for record in reader:
            if record or not records:
                records.append(record)
            if len(records) == 2:
                break
    except csv.Error:
        return records
    return records


def _refuse_open_quotes(preamble: tuple[str, ...], file_name: str) -> None:
    for number, line in enumerate(preamble, start=1):
        if line.count('"') % 2:
            raise RefusedFile(
                file_name,
                line=number,
                found="a quotation mark that is not closed",
                expected="a title or a date range",
                advice="Delete the lines above the header.",
            )


def _first_line(lines: list[str], contract: Contract) -> str:
    if any(entry.personal for entry in contract.fields):
        return ""
    line = next((line for line in lines if line.strip()), "")
    return f"; the first line is {line[:120]!r}"
