"""A Salesforce report: a table, and below it blank lines, the number of records and two legal lines.

Here: taking the lines below the table away, and comparing the number that they state with the rows. Exports that have
no such lines are passed on as they are; whether those are complete cannot be proved.
"""

import re
from collections.abc import Iterator

from kpi_pipeline.sources.files.csv_head import read_csv_head
from kpi_pipeline.sources.files.header_binding import bind_header
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten, write_rows
from kpi_pipeline.sources.layouts.csv_records import Record, csv_records, refuse_cut_end, refuse_other_width

_COUNT = re.compile(r"Grand Totals \(([0-9][0-9.,' ]*) records?\)")
_LEGAL = ("Confidential Information", "Copyright (c)")


def rewrite(file: FileToRewrite) -> Rewritten:
    """Write the report's rows without the lines below them.

    Raises:
        RefusedFile: a row stands below those lines, or there are not as many rows as they state.
    """
    head = read_csv_head(file.path, file.file_name, file.contract)
    header = list(head.header)
    binding = bind_header(file.file_name, header, file.contract, head.header_line)
    records = (record for record in csv_records(file, head.delimiter) if record[0] > head.header_line)
    footer: list[Record] = []
    count = write_rows(file.target, header, _rows(file, header, records, footer))
    stated = _stated_count(footer)
    if stated is None:
        refuse_cut_end(file)
    elif stated[1] != count:
        raise RefusedFile(
            file.file_name,
            line=stated[0],
            found=f"{count} rows",
            expected=f"{stated[1]}, as the report's own last lines say",
            advice="Rows are missing or repeated; export the report again.",
        )
    return Rewritten(is_end_verifiable=stated is not None, unknown_columns=binding.unknown)


def _rows(
    file: FileToRewrite, header: list[str], records: Iterator[Record], footer: list[Record]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows above the footer, and collect the footer."""
    for record in records:
        line, cells = record
        filled = [cell for cell in cells if cell.strip()]
        if not filled or (len(filled) == 1 and _is_footer(filled[0])):
            footer.append((line, filled))
        elif footer:
            raise RefusedFile(
                file.file_name,
                line=line,
                column=header[0],
                found="a row below the end of the report",
                expected="blank lines, the number of records and the legal lines",
                advice="Files may have been joined; export the report again.",
            )
        else:
            refuse_other_width(file, header, record)
            yield line, cells


def _is_footer(text: str) -> bool:
    return bool(_COUNT.match(text)) or text.startswith(_LEGAL)


def _stated_count(footer: list[Record]) -> tuple[int, int] | None:
    for line, cells in footer:
        if match := _COUNT.match(cells[0] if cells else ""):
            return line, int(re.sub(r"[^0-9]", "", match[1]))
    return None
