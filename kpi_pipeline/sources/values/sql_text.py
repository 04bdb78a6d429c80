"""Pieces of SQL text: quoting, and patterns for RE2.

Here: what every module that writes SQL needs. Nothing about files or columns.
"""

import re


def literal(text: str) -> str:
    """Quote a text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Quote a name."""
    return '"' + name.replace('"', '""') + '"'


def escaped(text: str) -> str:
    """Escape a text for RE2, which does not know an escaped space."""
    return re.escape(text).replace(r"\ ", " ")
