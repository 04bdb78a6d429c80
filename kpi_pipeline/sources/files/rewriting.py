"""Files of another shape: rewritten as plain CSV before the reader sees them.

Here: what a rewriter is given and what it returns. A rewriter is a function ``rewrite`` in the module that the contract
names: under ``layouts`` for shapes of files, under ``systems`` for stored API answers. It changes the shape alone:
values are passed on as they are written, so that the contract still checks every one of them.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from kpi_pipeline.sources.contracts.contract import Contract
from kpi_pipeline.sources.files.opened_file import FileNote

# The name of the column that keeps where a row stood in the original, for messages.
LINE_COLUMN = "file line"


@dataclass(frozen=True)
class FileToRewrite:
    """A file that arrived, in UTF-8 and unpacked.

    Attributes:
        path: where the bytes are.
        file_name: the name that the file arrived with, for messages.
        target: where the CSV goes.
    """

    path: Path
    file_name: str
    contract: Contract
    target: Path


@dataclass(frozen=True)
class Rewritten:
    """What a rewriter found out on its way.

    Attributes:
        stated_range: first and last day that the file says it speaks for.
        currency: currency that the file states for all rows.
        control_totals: column of the first table's subject → what the file says it adds up to.
        is_end_verifiable: whether something in the file proves that nothing is missing at its end.
        unknown_columns: columns of the original that the rewriter did not know.
    """

    stated_range: tuple[date, date] | None = None
    currency: str | None = None
    control_totals: Mapping[str, Decimal | int] = field(default_factory=dict)
    is_end_verifiable: bool = False
    unknown_columns: tuple[str, ...] = ()
    notes: tuple[FileNote, ...] = ()


class Rewriter(Protocol):
    """What the module that a contract names offers."""

    def rewrite(self, file: FileToRewrite) -> Rewritten:
        """Write ``file.target``.

        Raises:
            RefusedFile: the file does not have the shape.
        """


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite a file with the rewriter that its contract names."""
    rewriter = cast(Rewriter, import_module(f"kpi_pipeline.sources.{file.contract.rewriter}"))
    return rewriter.rewrite(file)


def write_rows(target: Path, header: Sequence[str], rows: Iterable[tuple[int | None, Sequence[str | None]]]) -> int:
    """Write rows, each with the line where it stood, and return how many there are.

    Args:
        target: the file to write.
        header: accepted names of the contract's fields.
        rows: line in the original (None where lines mean nothing) and cells; None becomes an empty cell.
    """
    count = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([LINE_COLUMN, *header])
        for line, cells in rows:
            writer.writerow(["" if line is None else line, *("" if cell is None else cell for cell in cells)])
            count += 1
    return count
