"""Which line and column of a file made its loading fail.

Here: the slow second look, taken only after a query of ``reading`` raised. The same expressions say what is wrong as
say what is loaded, so the two cannot disagree; Python's csv module is asked for the physical line of a row and for
rows that DuckDB could not even separate into cells.
"""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.check_connection import check_cursor
from kpi_pipeline.sources.files.opened_file import CsvPlace, OpenedFile
from kpi_pipeline.sources.files.reading import open_file
from kpi_pipeline.sources.files.record_lines import BrokenQuotesError, line_of, records
from kpi_pipeline.sources.files.refused_file import RefusedFile

_DUCKDB_LINE = re.compile(r"\b[Ll]ine:? (\d+)")
_QUOTED = re.compile(r"'[^\n]*'|\"[^\n]*\"|(?<=found )[^\n]*")
_SHOWN_CHARACTERS = 80


def diagnose(path: Path, file_name: str, contract: Contract, error: Exception) -> RefusedFile:
    """Return the refusal that a failed query means.

    Args:
        path: where the bytes are.
        file_name: the name that the file arrived with.
        contract: the contract that the query came from.
        error: what DuckDB raised when the query ran.
    """
    if isinstance(error, RefusedFile):
        return error
    with tempfile.TemporaryDirectory() as scratch:
        try:
            opened = open_file(path, file_name, contract, Path(scratch))
        except RefusedFile as refusal:
            return refusal
        return (
            _unreadable_value(file_name, opened)
            or _broken_record(file_name, opened)
            or _unexplained(file_name, contract, str(error).replace(str(path), file_name))
        )


def _unreadable_value(file_name: str, opened: OpenedFile) -> RefusedFile | None:
    """Ask the queries themselves; they answer only if every row has the right number of cells."""
    contract = opened.query.contract
    with check_cursor() as connection:
        try:
            defects = _row(connection, opened.query.defects())
            if defect := _first(defects):
                name, row, text = defect
                return _refusal(
                    file_name, opened, row, name, found=_shown(text), expected=contract.field(name).expectation
                )
            broken = _row(connection, opened.query.broken_rules())
            if defect := _first(broken):
                rule = contract.row_rules[int(defect[0].removeprefix("rule_"))]
                return _refusal(
                    file_name,
                    opened,
                    defect[1],
                    rule.shown,
                    found=_shown_field(contract, rule.shown, defect[2]),
                    expected=rule.expected,
                    advice=rule.advice,
                )
            for table in contract.tables:
                if table.group_by:
                    continue
                if defect := _first(_row(connection, opened.query.missing_values(table))):
                    name, row, text = defect
                    found = "nothing" if text is None else _shown(text)
                    expected = f"a value for {table.subject}.{name}, days between 1990 and 2040"
                    return _refusal(file_name, opened, row, name, found=found, expected=expected)
        except duckdb.Error:
            return None
    return None


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, object]:
    parameters = {name: b"" for name in ("inner_key", "outer_key") if f"${name}" in query}
    result = connection.execute(query, parameters)
    names = [column[0] for column in result.description or []]
    return dict(zip(names, result.fetchone() or (), strict=False))


def _first(defects: dict[str, object]) -> tuple[str, int, object] | None:
    found = [(value["file_row"], name, value["text"]) for name, value in defects.items() if isinstance(value, dict)]
    if not found:
        return None
    row, name, text = min(found, key=lambda entry: entry[0])
    return name, row, text


def _refusal(
    file_name: str, opened: OpenedFile, row: int, name: str, *, found: str, expected: str, advice: str = ""
) -> RefusedFile:
    line = line_of(opened.csv_place, row) if opened.csv_place else row
    return RefusedFile(
        file_name,
        line=line,
        column=opened.binding.written_name(name) or name,
        found=found,
        expected=expected,
        advice=advice,
    )


def _broken_record(file_name: str, opened: OpenedFile) -> RefusedFile | None:
    place = opened.csv_place
    if place is None:
        return None
    header = opened.binding.header
    width = len(header)
    try:
        for line, cells in records(place):
            if len(cells) != width:
                return RefusedFile(
                    file_name,
                    line=line,
                    column=_column(header, len(cells) - 1),
                    found=f"{len(cells)} cells",
                    expected=f"{width} cells, as in the header",
                    advice="The file may be cut or edited; export it again.",
                )
            if any("\ufffd" in cell for cell in cells):
                position = next(index for index, cell in enumerate(cells) if "\ufffd" in cell)
                return RefusedFile(
                    file_name,
                    line=line,
                    column=header[position],
                    found="bytes that are not UTF-8",
                    expected="UTF-8",
                    advice="Export as UTF-8, or declare the encoding in the source's configuration.",
                )
    except BrokenQuotesError as error:
        return RefusedFile(
            file_name,
            line=error.line,
            column=_column(header, error.cell),
            found=f"quotation marks that do not fit together ({error})",
            expected="cells quoted as in RFC 4180",
        )
    return _mixed_line_breaks(file_name, place, _column(header, width))


def _column(header: Sequence[str], position: int) -> str:
    """Return the name of a column, of the nearest one before it where it has none."""
    return next((name for name in reversed(header[: position + 1]) if name.strip()), header[0])


def _mixed_line_breaks(file_name: str, place: CsvPlace, column: str) -> RefusedFile | None:
    """Find the first line that ends differently from the first one; DuckDB cannot tell where such rows end."""
    with place.path.open(encoding="utf-8", errors="replace", newline="") as file:
        endings = (re.search(r"\r?\n?$", line) for line in file)
        first = next(endings, None)
        for number, ending in enumerate(endings, start=2):
            if first and ending and ending[0] not in ("", first[0]):
                return RefusedFile(
                    file_name,
                    line=number,
                    column=column,
                    found=f"a line that ends with {ending[0]!r} after lines that end with {first[0]!r}",
                    expected="the same line break everywhere",
                    advice="Parts of several files may have been joined; export it again.",
                )
    return None


def _unexplained(file_name: str, contract: Contract, message: str) -> RefusedFile:
    text = message.strip()
    if any(entry.personal or entry.free_text for entry in contract.fields):
        # DuckDB quotes what it cannot read; which column that stood in is not known here.
        text = _QUOTED.sub("(not shown)", text)
    match = _DUCKDB_LINE.search(text)
    return RefusedFile(
        file_name,
        line=int(match[1]) if match else None,
        found=_shown(text.splitlines()[0].removeprefix("Invalid Input Error: ")) if text else "an unreadable file",
        expected="rows as the contract of the source describes them",
    )


def _shown_field(contract: Contract, name: str, text: object) -> str:
    entry = next((entry for entry in contract.fields if entry.name == name), None)
    if entry is None or not (entry.personal or entry.free_text):
        return _shown(text)
    if text is None:
        return "nothing"
    return "a personal value" if entry.personal else f"a text of {len(str(text))} characters"


def _shown(text: object) -> str:
    value = "" if text is None else str(text)
    return repr(value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…")
