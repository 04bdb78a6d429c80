"""Lines below the rows of a CSV file that are no rows: a title, a date range, a copyright notice.

Here: finding them in the file's last bytes, and a copy without them, since DuckDB takes every line for a row. Which
lines a platform writes there belongs to the contract; total rows belong to ``csv_tail``.
"""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.sources.files.stated_range import stated_range

FOOTER_BYTES = 8_192
_CHUNK = 1 << 20
_PADDING = " ,;\t\r\n"


@dataclass(frozen=True)
class CsvFooter:
    """What stands below the rows.

    Attributes:
        lines: without the separators that a spreadsheet pads them with; none where there is no footer.
        size: how many bytes it takes.
    """

    lines: tuple[str, ...]
    size: int


def read_csv_footer(path: Path, pattern: str) -> CsvFooter:
    """Read the footer of a UTF-8 file.

    Args:
        path: the file.
        pattern: regular expression of a whole line of the footer. It begins with such a line; a date range may follow.
    """
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - FOOTER_BYTES, 0))
        end = file.read()
    found = CsvFooter((), 0)
    texts: list[str] = []
    size = 0
    for line in reversed(end.splitlines(keepends=True)[1:]):
        text = line.decode("utf-8", errors="replace").strip(_PADDING).strip('"').strip()
        size += len(line)
        if not text:
            continue
        texts.insert(0, text)
        if re.fullmatch(pattern, text):
            found = CsvFooter(tuple(texts), size)
        elif stated_range([text]) is None:
            break
    return found


def copy_without_footer(path: Path, footer: CsvFooter, scratch: Path) -> Path:
    """Write a copy of a file that ends above its footer into ``scratch``; the caller deletes it."""
    scratch.mkdir(parents=True, exist_ok=True)
    left = path.stat().st_size - footer.size
    with (
        path.open("rb") as source,
        tempfile.NamedTemporaryFile("wb", dir=scratch, suffix=".csv", delete=False) as copy,
    ):
        while chunk := source.read(min(_CHUNK, left)):
            copy.write(chunk)
            left -= len(chunk)
    return Path(copy.name)
