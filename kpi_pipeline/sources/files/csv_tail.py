"""The end of a CSV file: is it all there, and what does it say its rows add up to.

Here: the last bytes of the file only. Comparing the totals belongs to ``reading``.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

TAIL_BYTES = 65_536


@dataclass(frozen=True)
class CsvTail:
    """What stands at the end of a CSV file.

    Attributes:
        ends_with_line_break: without one the last row may be cut.
        lines: the last lines, in the file's order; a row that takes several is not put together.
    """

    ends_with_line_break: bool
    lines: tuple[str, ...]
    delimiter: str

    @property
    def last_row(self) -> tuple[str, ...]:
        """The last line that is not empty, as a row."""
        return next(self._rows(), ())

    def rows_labelled(self, label: str) -> tuple[tuple[str, ...], ...]:
        """Return the unbroken run of rows at the very end whose first cell matches a regular expression."""
        pattern = re.compile(label)
        run = list(takewhile(lambda row: pattern.search(row[0]), self._rows()))
        return tuple(reversed(run))

    def _rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the rows, last first."""
        for line in reversed(self.lines):
            if row := next(csv.reader([line], delimiter=self.delimiter), None):
                yield tuple(row)


def read_csv_tail(path: Path, delimiter: str) -> CsvTail:
    """Read the end of a UTF-8 file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(size - TAIL_BYTES, 0))
        end = file.read()
    if size > TAIL_BYTES:
        end = end[end.find(b"\n") + 1 :]
    lines = end.decode("utf-8", errors="replace").splitlines()
    return CsvTail(end.endswith((b"\n", b"\r")), tuple(lines[-200:]), delimiter)
