"""The records of a CSV file one by one, with the line on which each begins.

Here: reading for rewriters, as strict as the reader of plain tables is. What the records mean belongs to each layout.
"""

import csv
from collections.abc import Iterator

from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite

Record = tuple[int, list[str]]


def csv_records(file: FileToRewrite, delimiter: str) -> Iterator[Record]:
    """Yield the line and the cells of each record, lines without any cell included.

    Raises:
        RefusedFile: quotation marks do not fit together, or bytes are not UTF-8.
    """
    line = 1
    with file.path.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise RefusedFile(
                file.file_name,
                line=line,
                found=f"quotation marks that do not fit together ({error})",
                expected="cells quoted as in RFC 4180",
                advice="The file may be cut or edited; export it again.",
            ) from error
        except UnicodeDecodeError as error:
            raise RefusedFile(
                file.file_name,
                line=line,
                found="bytes that are not UTF-8",
                expected="UTF-8",
                advice="Export as UTF-8, or declare the encoding in the source's configuration.",
            ) from error


def refuse_other_width(file: FileToRewrite, header: list[str], record: Record) -> None:
    """Refuse a record that does not have as many cells as the header."""
    line, cells = record
    if len(cells) != len(header):
        raise RefusedFile(
            file.file_name,
            line=line,
            column=header[len(cells) - 1] if 0 < len(cells) < len(header) else None,
            found=f"{len(cells)} cells",
            expected=f"{len(header)} cells, as in the header",
            advice="The file may be cut or edited; export it again.",
        )


def refuse_cut_end(file: FileToRewrite) -> None:
    """Refuse a file that does not end with a line break, unless its source says that it always ends so."""
    with file.path.open("rb") as content:
        content.seek(0, 2)
        content.seek(max(content.tell() - 1, 0))
        ends_with_line_break = content.read() in (b"\n", b"\r")
    if file.contract.final_line_break and not ends_with_line_break:
        raise RefusedFile(
            file.file_name,
            found="no line break after the last row",
            expected="a complete last row",
            advice="The file may be cut; export it again. Exports that always end like this: final_line_break: false.",
        )
