"""Names and values as SQL text.

Here: everything that turns a Python value into a piece of a statement. Add a function when a new kind of value must
stand in a statement that takes no parameters. Whole statements do not belong here.
"""

from collections.abc import Collection
from datetime import date


def quoted_name(name: str) -> str:
    """Return an identifier that means exactly this name, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


def quoted_table(table: str) -> str:
    """Return ``schema.table`` (or ``database.schema.table``) with every part quoted."""
    return ".".join(quoted_name(part) for part in table.split("."))


def quoted_text(text: str) -> str:
    """Return a text literal."""
    return "'" + text.replace("'", "''") + "'"


def day_condition(days: Collection[date]) -> str:
    """Return the predicate that holds for rows of these days, of which there must be at least one.

    The range stands beside the list because engines skip whole blocks of rows by ranges.
    """
    listed = ", ".join(f"date '{day.isoformat()}'" for day in sorted(days))
    return f"day between date '{min(days).isoformat()}' and date '{max(days).isoformat()}' and day in ({listed})"
