"""What the UI shows beside an event.

Here: small tables, and what a value may be. Rows that name people do not belong into the orchestrator's log, which
everybody may read.
"""

from collections.abc import Iterable, Sequence

import dagster as dg

Metadata = dict[str, dg.MetadataValue | bool | int | float | str]


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], otherwise: str) -> dg.MarkdownMetadataValue:
    """Return rows as a table, or a text where there are none."""
    lines = [_line(row) for row in rows]
    head = [_line(headings), "|" + "---|" * len(headings)]
    return dg.MetadataValue.md("\n".join([*head, *lines]) if lines else otherwise)


def _line(cells: Iterable[object]) -> str:
    # A bar or a line break in a file's name would end the cell.
    texts = ("" if cell is None else str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(texts)} |"
