"""The end of a CSV file: is it all there, and what does it say its rows add up to.

Here: the last bytes of the file only. Comparing the totals belongs to ``reading``.
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

TAIL_BYTES = 65_536


@dataclass(frozen=True)
class CsvTail:
    """What stands at the end of a CSV file.

    Attributes:
        ends_with_line_break: without one the last row may be cut.
        last_rows: the last rows that stand on one line each, in the file's order.
    """

    ends_with_line_break: bool
    last_rows: tuple[tuple[str, ...], ...]

    def rows_labelled(self, label: str) -> tuple[tuple[str, ...], ...]:
        """Return the unbroken run of rows at the very end whose first cell matches a regular expression."""
        pattern = re.compile(label)
        run: list[tuple[str, ...]] = []
        for row in reversed(self.last_rows):
            if not pattern.search(row[0]):
                break
            run.append(row)
        return tuple(reversed(run))


def read_csv_tail(path: Path, delimiter: str) -> CsvTail:
    """Read the end of a UTF-8 file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(size - TAIL_BYTES, 0))
        end = file.read()
    if size > TAIL_BYTES:
        end = end[end.find(b"\n") + 1 :]
    lines = end.decode("utf-8", errors="replace").splitlines()
    rows = [tuple(row) for line in lines[-200:] for row in csv.reader([line], delimiter=delimiter) if row]
    return CsvTail(end.endswith((b"\n", b"\r")), tuple(rows))
