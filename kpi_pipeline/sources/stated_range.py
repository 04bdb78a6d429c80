"""The date range that an export states about itself, in the lines above its header.

Here: the attested ways of writing it. Add a pattern with a real file that needs it.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime

_LONG_DATE = r"(?:[A-Za-z]{3,9}\.? \d{1,2}, \d{4}|\d{1,2} [A-Za-z]{3,9}\.? \d{4}|\d{4}-\d{2}-\d{2})"
_SPOKEN_RANGE = re.compile(rf"^({_LONG_DATE})(?:\s*[-–—]\s*({_LONG_DATE}))?$")
_COMPACT_RANGE = re.compile(r"^#?\s*(\d{8})-(\d{8})$")
_START = re.compile(r"^#\s*Start date:\s*(\d{8})$")
_END = re.compile(r"^#\s*End date:\s*(\d{8})$")
_DATE_STYLES = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%Y-%m-%d", "%Y%m%d")


def stated_range(lines: Sequence[str]) -> tuple[date, date] | None:
    """Return first and last day as stated, or None where no line states them."""
    start = end = None
    for line in lines:
        text = " ".join(line.strip().rstrip(",;\t").strip('"').split())
        if match := _SPOKEN_RANGE.match(text) or _COMPACT_RANGE.match(text):
            first, last = _day(match[1]), _day(match[2] or match[1])
            if first and last and first <= last:
                return first, last
        if match := _START.match(text):
            start = _day(match[1])
        if match := _END.match(text):
            end = _day(match[1])
    return (start, end) if start and end and start <= end else None


def _day(text: str) -> date | None:
    for style in _DATE_STYLES:
        try:
            return datetime.strptime(text.replace(".", ""), style).date()
        except ValueError:
            continue
    return None
