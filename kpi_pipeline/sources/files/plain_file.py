"""From a file as it arrived to one that DuckDB can read: unpacked, a sheet as CSV, in UTF-8, of one table.

Here: the order of these steps, and the copies that they leave. Each step has its module (``archives``, ``spreadsheet``,
``text_encoding``, ``rewriting``); a file that needs none of them is read where it lies.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from kpi_pipeline.sources.contracts.contract import Contract, FileFormat
from kpi_pipeline.sources.contracts.field import ISO, Field
from kpi_pipeline.sources.files.archives import ZIP_MAGIC, unpacked_copy
from kpi_pipeline.sources.files.csv_footer import copy_without_footer, read_csv_footer
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten, rewrite
from kpi_pipeline.sources.files.spreadsheet import sheet_copy
from kpi_pipeline.sources.files.text_encoding import file_encoding, utf8_copy

_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True)
class PlainFile:
    """A file that can be read as it is.

    Attributes:
        contract: the source's contract, as it holds for the copy.
        arrived_as: what the file was inside its archive.
        rewritten: what a rewriter found out.
        footer: the lines that stood below the rows; ``path`` ends above them.
        temporary: the copy, if ``path`` is one; the caller deletes it.
    """

    path: Path
    file_name: str
    contract: Contract
    arrived_as: FileFormat
    rewritten: Rewritten | None = None
    footer: tuple[str, ...] = ()
    temporary: Path | None = None


def plain_file(path: Path, file_name: str, contract: Contract, scratch: Path) -> PlainFile:
    """Take all steps that a file needs.

    Raises:
        RefusedFile: it is damaged, or of a format that the contract does not read.
    """
    copies = _Copies()
    try:
        current = copies.instead_of(path, unpacked_copy(path, file_name, scratch))
        arrived_as = _format(current, file_name, contract)
        plain = PlainFile(current, file_name, contract, arrived_as)
        if arrived_as == "xlsx":
            current = copies.instead_of(current, sheet_copy(current, file_name, contract, scratch))
            plain = replace(plain, contract=_contract_of_sheet(contract))
        elif arrived_as == "csv":
            encoding = file_encoding(current, contract.encoding)
            if encoding != "utf-8":
                current = copies.instead_of(current, utf8_copy(current, file_name, encoding, scratch))
        if contract.rewriter:
            scratch.mkdir(parents=True, exist_ok=True)
            target = copies.expect(scratch / f"{uuid4().hex}.csv")
            rewritten = rewrite(FileToRewrite(current, file_name, plain.contract, target))
            current = copies.instead_of(current, target)
            plain = replace(plain, contract=_contract_of_rewritten(plain.contract), rewritten=rewritten)
        elif contract.footer:
            footer = read_csv_footer(current, contract.footer)
            if footer.lines:
                current = copies.instead_of(current, copy_without_footer(current, footer, scratch))
                plain = replace(plain, footer=footer.lines)
    except BaseException:
        copies.delete()
        raise
    return replace(plain, path=current, temporary=None if current == path else current)


class _Copies:
    """The copies made so far: each step's replaces the one before it."""

    def __init__(self) -> None:
        self._paths: list[Path] = []

    def expect(self, copy: Path) -> Path:
        """Remember a copy before it is written."""
        self._paths.append(copy)
        return copy

    def instead_of(self, current: Path, copy: Path | None) -> Path:
        """Return the copy, if there is one, and delete what it was made from if that is a copy too."""
        if copy is None:
            return current
        if current in self._paths:
            current.unlink()
            self._paths.remove(current)
        if copy not in self._paths:
            self._paths.append(copy)
        return copy

    def delete(self) -> None:
        for path in self._paths:
            path.unlink(missing_ok=True)


def _format(path: Path, file_name: str, contract: Contract) -> FileFormat:
    with path.open("rb") as file:
        start = file.read(4)
    text_format: FileFormat = "jsonl" if "jsonl" in contract.formats and "csv" not in contract.formats else "csv"
    found: FileFormat = "parquet" if start == _PARQUET_MAGIC else "xlsx" if start == ZIP_MAGIC else text_format
    readable = {*contract.formats, *(("xlsx",) if "csv" in contract.formats else ())}
    if found not in readable:
        raise RefusedFile(file_name, found=f"a {found} file", expected=f"a file of {' or '.join(contract.formats)}")
    return found


def _contract_of_sheet(contract: Contract) -> Contract:
    """Return the contract for a sheet's copy, where a date may be a real one whatever style texts are written in."""
    return replace(
        contract, encoding=None, delimiter=",", local_styles=(), fields=tuple(map(_with_real_dates, contract.fields))
    )


def _with_real_dates(field: Field) -> Field:
    written = field.styles or (field.style or ISO,)
    if field.kind not in ("date", "timestamp") or ISO in written:
        return field
    return replace(field, style=None, styles=(ISO, *written))


def _contract_of_rewritten(contract: Contract) -> Contract:
    return replace(contract, delimiter=",", lines_before_header=0, totals=None, empty_marker="")
