"""The cells of a workbook's sheet, as texts.

Here: numbers without float noise, dates as ISO; an error, a formula without a value or a number of more digits than a
spreadsheet keeps is refused with its address. Which sheet is read, and how large it may be, belongs to ``spreadsheet``,
which also refuses the declarations that a fast parser would expand.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any
from xml.etree.ElementTree import Element, iterparse

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._reader import FORMULA_TAG, ROW_TAG, VALUE_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from kpi_pipeline.sources.files.refused_file import RefusedFile

MAX_COLUMNS = 1000
# A spreadsheet program keeps 15 digits of a number: a longer one may have been another.
FIRST_UNSAFE_NUMBER = 10**15
_MAIN = f"{{{SHEET_MAIN_NS}}}"
_TEXT = f"{_MAIN}t"


class WorkbookReader(ExcelReader):
    """A workbook whose rows are read one by one.

    Attributes:
        parts: title of each sheet with cells → the part of the archive that holds it.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self.parts: dict[str, str] = {}
        self.read()

    def read_strings(self) -> None:
        """Read the texts that several cells may share."""
        package: Any = self.package
        part = package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                self.shared_strings = list(_strings(source))

    def read_worksheets(self) -> None:
        """Note where the sheets are; none is read yet."""
        for sheet, relation in self.parser.find_sheets():
            if relation.target in self.valid_files and "chartsheet" not in relation.Type:
                self.parts[sheet.name] = relation.target

    def rows(self, source: IO[bytes]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Yield number and cells of each row of an opened part."""
        workbook: Any = self.wb
        parser: Any = _SheetParser(
            source,
            self.shared_strings,
            data_only=True,
            epoch=workbook.epoch,
            date_formats=workbook._date_formats,
            timedelta_formats=workbook._timedelta_formats,
        )
        for _event, element in iterparse(source):
            if element.tag == ROW_TAG:
                yield parser.parse_row(element)
                element.clear()

    def percent_styles(self) -> frozenset[int]:
        """Return the cell styles that show a percent sign."""
        workbook: Any = self.wb

        def is_percent(format_id: int) -> bool:
            if format_id < BUILTIN_FORMATS_MAX_SIZE:
                return "%" in BUILTIN_FORMATS.get(format_id, "")
            return "%" in workbook._number_formats[format_id - BUILTIN_FORMATS_MAX_SIZE]

        return frozenset(index for index, style in enumerate(workbook._cell_styles) if is_percent(style.numFmtId))


def _strings(source: Any) -> Iterator[str]:
    for _event, element in iterparse(source):
        if element.tag == f"{_MAIN}si":
            runs = [child.find(_TEXT) if child.tag == f"{_MAIN}r" else child for child in element]
            texts = (run.text or "" for run in runs if run is not None and run.tag == _TEXT)
            yield "".join(texts).replace("x005F_", "")
            element.clear()


class _SheetParser(WorkSheetParser):
    """Tells of each cell also whether it is a formula and whether it has a value at all."""

    def parse_cell(self, element: Element) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        cell["is_formula"] = element.find(FORMULA_TAG) is not None
        cell["is_calculated"] = bool(element.findtext(VALUE_TAG)) or cell["data_type"] == "str"
        return cell


class CellTexts:
    """The texts of one sheet's cells.

    Attributes:
        decimal_separator: how numbers are written, so that they are read like the texts around them.
    """

    def __init__(self, file_name: str, sheet: str, *, percent_styles: frozenset[int], decimal_separator: str) -> None:
        self.decimal_separator = decimal_separator
        self._file_name = file_name
        self._sheet = sheet
        self._percent_styles = percent_styles
        self._first_zero_formula: tuple[int, int] | None = None
        self._has_calculated = False

    def texts(self, number: int, row: Sequence[dict[str, Any]]) -> list[str]:
        """Return the texts of a row without the empty ones at its end."""
        texts: list[str] = []
        for cell in row:
            if text := self._text(number, cell):
                column = cell["column"]
                if column > MAX_COLUMNS:
                    raise self._refused(number, column, "a value far to the right", f"at most {MAX_COLUMNS} columns")
                texts.extend([""] * (column - len(texts)))
                texts[column - 1] = text
        return texts

    def refuse_uncalculated(self) -> None:
        """Refuse a sheet whose formulas all have the value 0: the program that wrote it did not calculate them."""
        if self._first_zero_formula and not self._has_calculated:
            raise self._refused(
                *self._first_zero_formula,
                "only formulas with the value 0",
                "calculated values",
                "Open the workbook, save it, and put it into the inbox again.",
            )

    def _text(self, number: int, cell: dict[str, Any]) -> str:
        value, column = cell["value"], cell["column"]
        if cell["data_type"] == "e":
            raise self._refused(number, column, f"the error {value}", "a value")
        if cell["is_formula"]:
            if not cell["is_calculated"]:
                advice = "Open the workbook, save it, and put it into the inbox again."
                raise self._refused(number, column, "a formula without a value", "a value", advice)
            if value == 0 and not isinstance(value, bool):
                self._first_zero_formula = self._first_zero_formula or (number, column)
            else:
                self._has_calculated = True
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return self._number(number, column, value, cell["style_id"] in self._percent_styles)
        return _plain_text(value)

    def _number(self, number: int, column: int, value: int | float, is_percent: bool) -> str:
        exact = Decimal(repr(value))
        if exact.is_finite() and abs(exact) < FIRST_UNSAFE_NUMBER:
            text = f"{exact * 100 if is_percent else exact:f}"
            text = text.rstrip("0").rstrip(".") if "." in text else text
            return text.replace(".", self.decimal_separator) + ("%" if is_percent else "")
        raise self._refused(
            number,
            column,
            f"the number {value!r}",
            "a number of at most 15 digits",
            "A spreadsheet keeps 15 digits of a number; export identifiers as text, or export CSV.",
        )

    def _refused(self, number: int, column: int, found: str, expected: str, advice: str = "") -> RefusedFile:
        letter = get_column_letter(column)
        return RefusedFile(
            self._file_name,
            line=number,
            column=letter,
            found=f"{found} in cell {letter}{number} of the sheet {self._sheet!r}",
            expected=expected,
            advice=advice,
        )


def _plain_text(value: datetime | date | time | timedelta | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return value if isinstance(value, str) else value.isoformat()
