"""A table without a header line, whose columns the source's configuration names in their order.

Here: the same rows below a header, with cells separated by one character or by runs of spaces. What the columns mean
belongs to the source's mapping.
"""

from collections.abc import Iterator

from kpi_pipeline.sources.files.header_binding import comparable
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten, write_rows
from kpi_pipeline.sources.layouts.csv_records import Record, csv_records, refuse_cut_end

HEADER_OPTION = "header"
SPACES = " "


def rewrite(file: FileToRewrite) -> Rewritten:
    """Write the rows below the declared names.

    Raises:
        RefusedFile: a row has more or fewer cells than there are names, or the first one holds the names themselves.
    """
    header = list(file.contract.option(HEADER_OPTION))
    delimiter = file.contract.delimiter or ","
    refuse_cut_end(file)
    records = _separated_by_spaces(file) if delimiter == SPACES else csv_records(file, delimiter)
    if not write_rows(file.target, header, _rows(file, header, records)):
        raise RefusedFile(file.file_name, found="an empty file", expected="rows")
    return Rewritten()


def _separated_by_spaces(file: FileToRewrite) -> Iterator[Record]:
    with file.path.open("rb") as content:
        for line, written in enumerate(content, start=1):
            try:
                text = written.decode("utf-8-sig" if line == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise RefusedFile(
                    file.file_name,
                    line=line,
                    found="bytes that are not UTF-8",
                    expected="UTF-8",
                    advice="Declare the encoding (cp1252, cp1256) in the source's configuration.",
                ) from error
            yield line, [cell for cell in text.rstrip("\r\n").split(SPACES) if cell]


def _rows(file: FileToRewrite, header: list[str], records: Iterator[Record]) -> Iterator[tuple[int, list[str]]]:
    names = list(map(comparable, header))
    is_first = True
    for line, cells in records:
        if not cells:
            continue
        if is_first and sum(map(str.__eq__, names, map(comparable, cells))) >= min(2, len(names)):
            raise RefusedFile(
                file.file_name,
                line=line,
                found="a line with names of columns",
                expected="rows only, as the source's configuration says",
                advice="Take header out of the source's configuration, so that columns are found by their names.",
            )
        is_first = False
        if len(cells) != len(header):
            raise RefusedFile(
                file.file_name,
                line=line,
                column=header[len(cells)] if len(cells) < len(header) else None,
                found=f"{len(cells)} cells",
                expected=f"{len(header)} cells: {', '.join(header)}",
                advice="The file may be cut, or its cells are separated otherwise; see header and delimiter.",
            )
        yield line, cells
