"""The first rows of a file that nobody has described yet, as texts.

Here: telling the format, the encoding and the delimiter from the bytes, for a suggestion that a person will read. A
source's files are never read like that: their configuration says what they are.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

import duckdb

from kpi_pipeline.sources.contracts.contract import Contract, FileFormat
from kpi_pipeline.sources.files.archives import ZIP_MAGIC, unpacked_copy
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.spreadsheet import sheet_copy
from kpi_pipeline.sources.values.sql_text import literal

READ_ROWS = 5000
READ_CHARACTERS = 8_000_000
HEADER_SEARCH_LINES = 50
_PARQUET_MAGIC = b"PAR1"
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Sample:
    """What a file begins with.

    Attributes:
        encoding: what must be declared; None for UTF-8 and for what begins with a byte order mark.
        other_encodings: encodings in which the file can be read as well, with what its first foreign text is then.
        delimiter: of a text with separated values.
        rows: the cells below the header, each row as wide as the header.
    """

    format: FileFormat
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    encoding: str | None = None
    other_encodings: tuple[str, ...] = ()
    delimiter: str = ","

    def column(self, position: int) -> list[str]:
        """Return the texts of a column that are not empty."""
        return [text for row in self.rows if (text := row[position].strip())]


def read_sample(path: Path, file_name: str, scratch: Path) -> Sample:
    """Read the beginning of a file.

    Raises:
        RefusedFile: it is empty, damaged, or has no header that can be found.
    """
    unpacked = unpacked_copy(path, file_name, scratch)
    try:
        return _plain_sample(unpacked or path, file_name, scratch)
    finally:
        if unpacked:
            unpacked.unlink()


def _plain_sample(path: Path, file_name: str, scratch: Path) -> Sample:
    with path.open("rb") as file:
        start = file.read(4)
    if start == _PARQUET_MAGIC:
        return _parquet(path, file_name)
    if start == ZIP_MAGIC:
        contract = Contract("sample", "xlsx", ("xlsx",), (), ())
        copy = sheet_copy(path, file_name, contract, scratch)
        try:
            return _separated(copy.read_text(encoding="utf-8"), file_name, "xlsx")
        finally:
            copy.unlink()
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _separated(_read(path, "utf-16"), file_name, "csv")
    encodings = [name for name in ("utf-8-sig", "cp1256", "cp1252") if _can_be(path, name)]
    if not encodings:
        raise RefusedFile(file_name, found="bytes in an unknown encoding", expected="a text, a workbook or Parquet")
    text = _read(path, encodings[0])
    if encodings[0] == "utf-8-sig":
        return _json_lines(text, file_name) if text.lstrip().startswith("{") else _separated(text, file_name, "csv")
    # Both can decode nearly anything; Persian and Arabic texts have many letters of one script beside each other.
    is_arabic = "cp1256" in encodings and _arabic_share(_read(path, "cp1256")) > 0.3
    likely = "cp1256" if is_arabic else encodings[-1]
    sample = _separated(_read(path, likely), file_name, "csv")
    others = tuple(name for name in encodings if name != likely)
    return Sample("csv", sample.header, sample.rows, likely, others, sample.delimiter)


def _can_be(path: Path, encoding: str) -> bool:
    try:
        _read(path, encoding)
    except UnicodeDecodeError:
        return False
    return True


def _read(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        return file.read(READ_CHARACTERS)


def _arabic_share(text: str) -> float:
    foreign = [character for character in text if ord(character) > 127]
    pairs = sum(1 for first, second in pairwise(text) if "؀" <= first <= "ۿ" and "؀" <= second <= "ۿ")
    return pairs / max(1, len(foreign))


def _separated(text: str, file_name: str, file_format: FileFormat) -> Sample:
    candidates = [(delimiter, list(_records(text, delimiter))) for delimiter in _DELIMITERS]
    delimiter, records = max(candidates, key=lambda candidate: _regularity(candidate[1]))
    # A file of one column has nothing that tells it from a text.
    width = max(2, _usual_width(records))
    for number, cells in enumerate(records[:HEADER_SEARCH_LINES]):
        names = [cell.strip() for cell in cells]
        if len(cells) == width and all(names) and not any(any(map(str.isdigit, name[:1])) for name in names):
            rows = tuple(tuple(row) for row in records[number + 1 :] if len(row) == width)
            return Sample(file_format, tuple(names), rows[:READ_ROWS], delimiter=delimiter)
    raise RefusedFile(
        file_name,
        found=f"no header in the first {HEADER_SEARCH_LINES} lines",
        expected="a line with a name for every column",
    )


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    try:
        yield from islice((row for row in reader if any(cell.strip() for cell in row)), READ_ROWS + HEADER_SEARCH_LINES)
    except csv.Error:
        return


def _usual_width(records: list[list[str]]) -> int:
    widths = Counter(len(row) for row in records)
    return widths.most_common(1)[0][0] if widths else 0


def _regularity(records: list[list[str]]) -> tuple[float, int]:
    width = _usual_width(records)
    if width < 2:
        return (0.0, width)
    return (sum(len(row) == width for row in records) / len(records), width)


def _json_lines(text: str, file_name: str) -> Sample:
    records: list[dict[str, object]] = []
    for number, line in enumerate(islice(text.splitlines(), READ_ROWS), start=1):
        try:
            record = json.loads(line) if line.strip() else None
        except ValueError as error:
            raise RefusedFile(
                file_name, line=number, found="a line that is not JSON", expected="one object in each line"
            ) from error
        if isinstance(record, dict):
            records.append(record)
    keys = dict.fromkeys(
        key for record in records for key, value in record.items() if not isinstance(value, dict | list)
    )
    rows = tuple(tuple(_json_text(record.get(key)) for key in keys) for record in records)
    return Sample("jsonl", tuple(keys), rows)


def _json_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _parquet(path: Path, file_name: str) -> Sample:
    try:
        with duckdb.connect() as connection:
            found = connection.execute(f"select * from read_parquet({literal(str(path))}) limit {READ_ROWS}")
            header = tuple(column[0] for column in found.description or ())
            rows = found.fetchall()
    except duckdb.Error as error:
        raise RefusedFile(file_name, found="a damaged Parquet file", expected="a complete one") from error
    return Sample("parquet", header, tuple(tuple(_json_text(value) for value in row) for row in rows))
