"""Lists without any date, whose file name says the day on which they were exported.

Here: the same rows with that day in a column of its own. What the rows mean belongs to the systems.
"""

import re
from collections.abc import Iterator
from datetime import date
from itertools import chain

from kpi_pipeline.sources.files.header_binding import bind_header, recognised_cells
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten, write_rows
from kpi_pipeline.sources.layouts.csv_records import Record, csv_records, refuse_cut_end, refuse_other_width

DAY_COLUMN = "export day"

_DELIMITERS = (",", ";", "\t")
_DAY = re.compile(r"(?<![0-9])(20[0-9]{2})-?([0-9]{2})-?([0-9]{2})(?![0-9])")


def rewrite(file: FileToRewrite) -> Rewritten:
    """Write the rows with the day of the file's name.

    Raises:
        RefusedFile: the name says no day, or the rows do not fit the header.
    """
    day = _day(file)
    refuse_cut_end(file)
    headers = {delimiter: next(csv_records(file, delimiter), (1, [])) for delimiter in _DELIMITERS}
    delimiter = file.contract.delimiter or max(
        _DELIMITERS, key=lambda candidate: recognised_cells(headers[candidate][1], file.contract)
    )
    records = csv_records(file, delimiter)
    line, header = next(records, (1, []))
    binding = bind_header(file.file_name, [DAY_COLUMN, *header], file.contract, line)
    write_rows(file.target, [DAY_COLUMN, *header], _dated_rows(file, day, header, records))
    return Rewritten(unknown_columns=binding.unknown)


def _dated_rows(
    file: FileToRewrite, day: date, header: list[str], records: Iterator[Record]
) -> Iterator[tuple[int, list[str]]]:
    for line, cells in records:
        if cells:
            refuse_other_width(file, header, (line, cells))
            yield line, list(chain([day.isoformat()], cells))


def _day(file: FileToRewrite) -> date:
    try:
        match = _DAY.search(file.file_name)
        if match:
            return date(*map(int, match.groups()))
    except ValueError:
        pass
    raise RefusedFile(
        file.file_name,
        found="no date, neither in the rows nor in the file's name",
        expected="the day of the export in the name, such as customers_export_2026-11-20.csv",
        advice="Rename the file.",
    )
