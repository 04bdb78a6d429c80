"""The table of an accounting report: lines of a label and amounts, with one column per month or one for all.

Here: finding the table below its title, what its columns stand for, and its lines one by one. Spellings of periods
belong to ``statement_periods``, those of amounts to ``statement_amounts``, the meaning of the lines to each report.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NoReturn

from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.files.opened_file import FileNote
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite
from kpi_pipeline.sources.layouts.csv_records import Record, csv_records
from kpi_pipeline.sources.layouts.statement_amounts import Amount, is_no_amount, read_amount
from kpi_pipeline.sources.layouts.statement_periods import Period, month_end, named_period, stated_period

_TOTAL_COLUMN = "total"
_BASIS = re.compile(r"(accrual|cash) basis\b.*", re.IGNORECASE)
_TITLE_LINES = 3  # the report, the company, the period
_MOST_LINES = 10_000


@dataclass(frozen=True)
class Line:
    """One line: where it stands, its label, and one amount per column, None where there is nothing."""

    number: int
    label: str
    amounts: tuple[Amount | None, ...]

    @property
    def key(self) -> str:
        """The label without the differences that do not count."""
        return comparable(self.label)

    @property
    def is_title(self) -> bool:
        """Whether the line has no amount at all."""
        return not any(self.amounts)


@dataclass(frozen=True)
class Statement:
    """A report's table.

    Attributes:
        columns: the names of the columns of amounts.
        periods: what each column is the sum of; None where it is the sum of the other columns.
        basis: ``accrual`` or ``cash`` as the footer says, else nothing.
    """

    columns: tuple[str, ...]
    periods: tuple[Period | None, ...]
    lines: tuple[Line, ...]
    basis: str

    @property
    def range(self) -> Period:
        """First and last day of all columns."""
        known = [period for period in self.periods if period]
        return min(first for first, _ in known), max(last for _, last in known)


def read_statement(file: FileToRewrite) -> Statement:
    """Read the table of a report.

    Raises:
        RefusedFile: there is none, its columns are no periods, or a cell is no amount.
    """
    for delimiter in (file.contract.delimiter,) if file.contract.delimiter else (",", ";", "\t"):
        records = [record for record in csv_records(file, delimiter) if any(cell.strip() for cell in record[1])]
        header = next((index for index, (_line, cells) in enumerate(records) if _is_header(cells)), None)
        if header is not None:
            break
    else:
        refuse(
            file,
            1,
            found="no line with 'Total' or months such as 'Jan 2026' above the amounts",
            expected="a report of an accounting program",
            advice="Export the report itself, with one column per month.",
        )
    if len(records) > _MOST_LINES:
        refuse(file, records[_MOST_LINES][0], found="more lines than a report has", expected=f"at most {_MOST_LINES}")
    columns, periods = _columns(file, records[header], _stated(file, records[:header]))
    lines, basis = [], ""
    for record in records[header + 1 :]:
        if match := _BASIS.fullmatch(",".join(record[1]).strip(", ")):
            basis = match[1].lower()
        else:
            lines.append(_line(file, columns, periods, record))
    return Statement(columns, periods, tuple(lines), basis)


def length_notes(file: FileToRewrite, statement: Statement) -> tuple[FileNote, ...]:
    """Return what to say about a column that sums up more than a month.

    Raises:
        RefusedFile: the source does not accept such sums.
    """
    for name, period in zip(statement.columns, statement.periods, strict=True):
        if period is None or period[1] <= month_end(period[0]):
            continue
        found = f"sums of {period[0]} to {period[1]}"
        if file.contract.undated_rows == "refuse":
            refuse(
                file,
                column=name,
                found=found,
                expected="one column per month",
                advice="Display columns by month and export again; undated_rows: period_end spreads sums evenly.",
            )
        return (FileNote("undated_rows", found, "They are spread evenly over these days."),)
    return ()


def refuse_sum(file: FileToRewrite, line: Line, column: str, total: Decimal, amount: Amount | None) -> NoReturn:
    """Refuse a file for a line that is not the sum that it should be."""
    refuse(
        file,
        line.number,
        column,
        found=f"{line.label!r} of {amount.text if amount else 'nothing'}",
        expected=f"{total:,f}, as the rows add up to",
        advice="Rows are missing, repeated or collapsed; expand all accounts and export again.",
    )


def differs(amount: Amount | None, total: Decimal) -> bool:
    """Tell whether an amount is not a sum; books add up to the last digit."""
    return (amount.value if amount else Decimal(0)) != total


def refuse(
    file: FileToRewrite,
    line: int | None = None,
    column: str | None = None,
    *,
    found: str,
    expected: str,
    advice: str = "",
) -> NoReturn:
    """Refuse a file."""
    raise RefusedFile(file.file_name, line=line, column=column, found=found, expected=expected, advice=advice)


def _stated(file: FileToRewrite, title: Sequence[Record]) -> Period | None:
    """Return the period that the title names: it tells whether the last month is over."""
    stated = stated_period([cells[0] for _line, cells in title])
    if stated is None and len(title) >= _TITLE_LINES:
        line, cells = title[_TITLE_LINES - 1]
        refuse(
            file,
            line,
            found=repr(cells[0]),
            expected="the report's period, such as 'January 1-31, 2026'",
            advice="Where all months are whole ones, delete the lines above the table.",
        )
    return stated


def _is_header(cells: Sequence[str]) -> bool:
    names = [cell for cell in cells[1:] if cell.strip()]
    return bool(names) and (comparable(names[0]) == _TOTAL_COLUMN or named_period(names[0]) is not None)


def _columns(
    file: FileToRewrite, header: Record, stated: Period | None
) -> tuple[tuple[str, ...], tuple[Period | None, ...]]:
    line, cells = header
    names = [cell.strip() for cell in cells[1:]]
    while not names[-1]:
        names.pop()
    if [comparable(name) for name in names] == [_TOTAL_COLUMN]:
        if stated is None:
            refuse(file, line, names[0], found="no period above the table", expected="a line such as 'January 2026'")
        return tuple(names), (stated,)
    periods: list[Period | None] = []
    for name in names:
        period = None if comparable(name) == _TOTAL_COLUMN else named_period(name)
        if period is None and comparable(name) != _TOTAL_COLUMN:
            refuse(file, line, name or None, found=repr(name), expected="a month such as 'Jan 2026', or 'Total'")
        periods.append(_cut(period, stated) if period and stated else period)
    for (_, last), (first, _) in pairwise(sorted(period for period in periods if period)):
        if first != last + timedelta(days=1):
            refuse(
                file,
                line,
                found=f"a column up to {last} and the next one from {first}",
                expected="months that follow each other",
                advice="A newer report replaces all days from its first to its last: export consecutive months.",
            )
    return tuple(names), tuple(periods)


def _cut(period: Period, stated: Period) -> Period:
    """Shorten the month in which the stated range begins or ends."""
    first = stated[0] if period[0] < stated[0] <= period[1] else period[0]
    last = stated[1] if period[0] <= stated[1] < period[1] else period[1]
    return first, last


def _line(file: FileToRewrite, columns: tuple[str, ...], periods: tuple[Period | None, ...], record: Record) -> Line:
    number, cells = record
    width = len(columns)
    if any(cell.strip() for cell in cells[width + 1 :]):
        refuse(file, number, found=f"{len(cells)} cells", expected=f"{width + 1} cells, as in the header")
    amounts: list[Amount | None] = []
    for column, cell in zip(columns, [*cells[1:], *[""] * width][:width], strict=True):
        amount = read_amount(cell, file.contract.number_style, file.contract.currency)
        if amount is None and not is_no_amount(cell):
            refuse(file, number, column, found=repr(cell), expected=f"an amount in {file.contract.currency}")
        amounts.append(amount)
    line = Line(number, cells[0].strip(), tuple(amounts))
    months = [amount.value for amount, period in zip(amounts, periods, strict=True) if amount and period]
    total = sum(months, Decimal(0))
    for column, amount, period in zip(columns, amounts, periods, strict=True):
        if period is None and differs(amount, total):
            refuse_sum(file, line, column, total, amount)
    return line
