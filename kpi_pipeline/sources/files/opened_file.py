"""A file whose head and tail kept the contract: what reading and diagnosis both start from.

Here: the value that ``csv_file`` and ``record_file`` produce, and the rule for rows without a day, which is the same
for both.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.header_binding import Binding
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.values.file_query import FileQuery


@dataclass(frozen=True)
class FileNote:
    """Something about an accepted file that readers of its numbers should know.

    Attributes:
        kind: ``undated_rows``, ``name_as_id`` ... as in ``kpi.quality``.
        found: what stands in the file.
        message: what it means for the numbers.
    """

    kind: str
    found: str
    message: str


@dataclass(frozen=True)
class CsvPlace:
    """Where the rows of a CSV file are, for finding a row's physical line again.

    Attributes:
        path: the file or its copy in UTF-8.
        records_before_data: how many records stand above the first row.
        lines: what a row's line is for the user: the ``physical`` line, the number of the record (``records``, a
            sheet's row), or what the ``first_cell`` says.
    """

    path: Path
    delimiter: str
    records_before_data: int
    lines: Literal["physical", "records", "first_cell"] = "physical"


@dataclass(frozen=True)
class OpenedFile:
    """The outcome of checking a file's head and tail.

    Attributes:
        csv_place: for CSV files, where the rows are.
        stated_range: the days that the file says it speaks for.
        control_totals: column of the first table's subject → what the file says it adds up to.
        total_row: the cells of the row that says so.
        temporary: a copy that the query reads.
    """

    query: FileQuery
    binding: Binding
    csv_place: CsvPlace | None
    stated_range: tuple[date, date] | None
    control_totals: dict[str, Decimal | int]
    is_end_verifiable: bool
    notes: tuple[FileNote, ...]
    temporary: Path | None
    total_row: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dating:
    """How the rows of a file get their day.

    Attributes:
        stated_range: the days that the file speaks for.
        first_day: the first of them.
        only_day: the day of all rows, where the file has no column for it.
    """

    stated_range: tuple[date, date] | None
    first_day: date | None
    only_day: date | None = None
    notes: tuple[FileNote, ...] = ()


def date_rows(
    file_name: str,
    contract: Contract,
    binding: Binding,
    stated: tuple[date, date] | None,
    header_line: int | None = None,
) -> Dating:
    """Decide how the rows of a file get their day.

    Raises:
        RefusedFile: the rows are totals of several days and the source does not accept that.
    """
    first, last = stated or (None, None)
    if not contract.dated_by or any(name in binding.positions for name in contract.dated_by):
        return Dating(stated, first)
    wanted = contract.field(contract.dated_by[0]).headers[0]
    if first is None or last is None:
        raise RefusedFile(
            file_name,
            line=header_line,
            column=wanted,
            found="no such column, and no date range above the header",
            expected="one row per day",
            advice=contract.undated_advice,
        )
    if first == last:
        return Dating(stated, first, last)
    if contract.undated_rows == "refuse":
        raise RefusedFile(
            file_name,
            line=header_line,
            column=wanted,
            found=f"no such column: the rows are totals of {first} to {last}",
            expected="one row per day",
            advice=contract.undated_advice,
        )
    note = FileNote("undated_rows", f"totals of {first} to {last}", f"Everything of these days is counted on {last}.")
    return Dating((last, last), first, last, (note,))
