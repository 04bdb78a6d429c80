"""Workbooks (``.xlsx``): one sheet written as CSV, so that it passes the same checks as any other export.

Here: which sheet is read, how large a workbook may be, and its rows. Every row of the sheet is one record of the copy,
empty ones too, so that the number of a record is the number of its row. What a cell becomes belongs to ``sheet_cells``,
what the values mean to the contract.
"""

import csv
import re
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Any

from kpi_pipeline.sources.contracts.contract import SHEET_OPTION, Contract
from kpi_pipeline.sources.files.archives import ByteCounter, open_zip, zip_chunks
from kpi_pipeline.sources.files.file_language import number_style
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.sheet_cells import CellTexts, WorkbookReader

# All parts but the sheets are held in memory while a workbook is read.
MAX_HELD_BYTES = 32 << 20
MAX_ROWS = 1_048_576
MAX_CELLS = 20_000_000
_FIRST_ROWS = 60
# What no workbook has: declarations, which could define entities, and encodings in which they could hide.
_UNUSUAL_XML = re.compile(rb"<!DOCTYPE|<!ENTITY|\x00|<\?xml[^>]*encoding=[\"'](?!utf-8[\"'])", re.IGNORECASE)


def sheet_copy(path: Path, file_name: str, contract: Contract, scratch: Path) -> Path:
    """Write a workbook's sheet as CSV into ``scratch``; the caller deletes it.

    The sheet is the first one, or the one that the source's option ``sheet`` names.

    Raises:
        RefusedFile: the workbook is damaged or too large, or a cell has no usable value.
    """
    _refuse_oversize(path, file_name)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=scratch, suffix=".csv", delete=False
    ) as copy:
        target = Path(copy.name)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of styles and extensions that do not matter here
                _write(csv.writer(copy, lineterminator="\n"), path, file_name, contract)
        except (RefusedFile, OSError):
            target.unlink()
            raise
        except Exception as error:  # whatever a broken workbook makes its reader raise
            target.unlink()
            cause = error.__cause__ or error
            raise RefusedFile(
                file_name,
                found=f"a workbook that cannot be read ({type(cause).__name__}: {str(cause)[:120]})",
                expected="a complete .xlsx",
                advice="Export it again, or save the sheet as CSV.",
            ) from error
    return target


def _refuse_oversize(path: Path, file_name: str) -> None:
    """Read every part once, without keeping anything: only then is it known how large they are."""
    counter = ByteCounter(file_name, path.stat().st_size)
    held = 0
    with open_zip(path, file_name) as archive:
        for member in archive.infolist():
            is_sheet = member.filename.startswith("xl/worksheets/")
            is_held = not is_sheet and member.filename.endswith((".xml", ".rels"))
            is_xml = member.filename.endswith((".xml", ".rels"))
            end = b""
            try:
                for chunk in zip_chunks(archive, member):
                    counter.add(len(chunk))
                    held += len(chunk) if is_held else 0
                    if is_xml and _UNUSUAL_XML.search(end + chunk):
                        raise RefusedFile(
                            file_name,
                            found=f"a declaration or an unusual encoding in the part {member.filename!r}",
                            expected="a workbook as spreadsheet programs write it",
                            advice="Save the sheet as CSV.",
                        )
                    end = chunk[-200:]
                    if held > MAX_HELD_BYTES:
                        raise RefusedFile(
                            file_name,
                            found=f"a workbook with more than {MAX_HELD_BYTES} bytes of texts and formats",
                            expected="a smaller one",
                            advice="Save the sheet as CSV.",
                        )
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
                raise RefusedFile(
                    file_name,
                    found=f"a damaged workbook ({str(error)[:120]})",
                    expected="a complete .xlsx without a password",
                    advice="The file may be cut; export it again.",
                ) from error


def _write(writer: Any, path: Path, file_name: str, contract: Contract) -> None:
    # An open file: the reader judges paths by their suffix, and stored files have none.
    with path.open("rb") as file:
        reader = WorkbookReader(file)
        title = _title(reader, file_name, contract)
        expects_percent_signs = any("%" in entry.strip for entry in contract.fields)
        cells = CellTexts(
            file_name,
            title,
            percent_styles=reader.percent_styles() if expects_percent_signs else frozenset(),
            decimal_separator=contract.number_style.decimal_separator,
        )
        with reader.archive.open(reader.parts[title]) as source:
            rows = reader.rows(source)
            first = list(islice(rows, _FIRST_ROWS))
            # A cell with a number is written as the texts around it are read.
            for number, row in first:
                style = number_style(contract, cells.texts(number, row), ",")
                if style != contract.number_style:
                    cells.decimal_separator = style.decimal_separator
            texts = [(number, cells.texts(number, row)) for number, row in first]
            width = max((len(row) for _number, row in texts), default=0)
            more = ((number, cells.texts(number, row)) for number, row in rows)
            _write_rows(writer, file_name, chain(texts, more), width)
        # A layout knows which of its rows are totals, and some programs write every total as a formula of value 0.
        if not contract.rewriter:
            cells.refuse_uncalculated()


def _title(reader: WorkbookReader, file_name: str, contract: Contract) -> str:
    wanted = contract.option(SHEET_OPTION)
    titles = list(reader.parts)
    if wanted and wanted[0] in titles:
        return wanted[0]
    if wanted or not titles:
        raise RefusedFile(
            file_name,
            found=f"the sheets {', '.join(map(repr, titles))}" if titles else "no sheet",
            expected=f"a sheet {wanted[0]!r}" if wanted else "a sheet with rows",
            advice="Correct options.sheet in the source's configuration." if wanted else "",
        )
    return titles[0]


def _write_rows(writer: Any, file_name: str, rows: Iterable[tuple[int, list[str]]], width: int) -> None:
    """Write every row in its place and at least as wide as the widest of the first ones, among which the header is."""
    written = 0
    for number, row in rows:
        if not row:
            continue
        if not written < number <= MAX_ROWS or number * width > MAX_CELLS:
            raise RefusedFile(
                file_name,
                line=number,
                found=f"row {number} after row {written}, of {width} columns",
                expected=f"rows in their order, at most {MAX_CELLS} cells",
                advice="Save the sheet as CSV.",
            )
        writer.writerows([] for _empty in range(written + 1, number))
        writer.writerow([*row, *[""] * (width - len(row))])
        written = number
