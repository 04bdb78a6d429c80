"""Texts of a commitment that end with a day in parentheses, as the catalogue holds tasks and assumptions.

Here: telling text and day apart, and writing both in the language of the report.
"""

import re
from datetime import date

from kpi_pipeline.wording.dates import format_day
from kpi_pipeline.wording.language import Language
from kpi_pipeline.wording.outside_text import MESSAGE_LIMIT, clean_text

_DAY_AT_END = re.compile(r"^(.*) \((\d{4}-\d{2}-\d{2})\)$")


def dated_texts(joined: str | None) -> list[tuple[str, date | None]]:
    """Return the texts of a column that holds one per line, each with its day."""
    return [_split(line) for line in (joined or "").split("\n") if line.strip()]


def written(text: str, day: date | None, language: Language) -> str:
    """Write a text with its day."""
    return text if day is None else f"{text} ({format_day(day, language)})"


def _split(line: str) -> tuple[str, date | None]:
    found = _DAY_AT_END.match(line)
    if found is None:
        return clean_text(line, MESSAGE_LIMIT), None
    try:
        return clean_text(found[1], MESSAGE_LIMIT), date.fromisoformat(found[2])
    except ValueError:
        return clean_text(line, MESSAGE_LIMIT), None
