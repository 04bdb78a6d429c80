"""Plain tables of the pages.

Here: a row of texts that may lead to a page of its own. Tables of reports have forms of their own in ``reports``.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """The cells of one row, of which the first one names it and links to its page where it has one."""

    cells: tuple[str, ...]
    address: str = ""


@dataclass(frozen=True)
class Table:
    """Names of columns and rows."""

    columns: tuple[str, ...]
    rows: Sequence[Row]
    title: str = ""
    note: str = ""
