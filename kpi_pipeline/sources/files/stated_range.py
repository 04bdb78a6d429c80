"""The date range that an export states about itself, in the lines above its header or below its rows.

Here: the attested ways of writing it. Add a pattern with a real file that needs it.
"""

import re
from collections.abc import Sequence
from datetime import date

# The name of a month may be cut anywhere after its third letter.
_MONTHS = (
    ("january", "janvier", "januar"),
    ("february", "février", "februar"),
    ("march", "mars", "märz"),
    ("april", "avril"),
    ("may", "mai"),
    ("june", "juin", "juni"),
    ("july", "juillet", "juli"),
    ("august", "août"),
    ("september", "septembre"),
    ("october", "octobre", "oktober"),
    ("november", "novembre"),
    ("december", "décembre", "dezember"),
)
_MONTH_FIRST = r"(?P<month>[^\W\d]{3,10})\.? (?P<day>\d{1,2}), (?P<year>\d{4})"
_DAY_FIRST = r"(?P<day>\d{1,2})\.? (?P<month>[^\W\d]{3,10})\.? (?P<year>\d{4})"
_NUMBERS = (
    r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})",
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})",
)
_DATES = tuple(map(re.compile, (_MONTH_FIRST, _DAY_FIRST, *_NUMBERS)))
_LONG_DATE = r"(?:[^\W\d]{3,10}\.? \d{1,2}, \d{4}|\d{1,2}\.? [^\W\d]{3,10}\.? \d{4}|\d{4}-\d{2}-\d{2})"
_RANGES = (
    re.compile(rf"({_LONG_DATE})(?:\s*[-–—]\s*({_LONG_DATE}))?"),
    re.compile(r"#?\s*(\d{8})-(\d{8})"),
    re.compile(r'Report Time:[",;\s]*(\d{1,2}/\d{1,2}/\d{4})[",;\s]+(\d{1,2}/\d{1,2}/\d{4})'),
)
_START = re.compile(r"#\s*Start date:\s*(\d{8})")
_END = re.compile(r"#\s*End date:\s*(\d{8})")


def stated_range(lines: Sequence[str]) -> tuple[date, date] | None:
    """Return first and last day as stated, or None where no line states them."""
    start = end = None
    for line in lines:
        text = " ".join(line.strip().rstrip(",;\t").strip('"').split())
        for pattern in _RANGES:
            if match := pattern.fullmatch(text):
                first, last = _day(match[1]), _day(match[2] or match[1])
                if first and last and first <= last:
                    return first, last
        if match := _START.fullmatch(text):
            start = _day(match[1])
        if match := _END.fullmatch(text):
            end = _day(match[1])
    return (start, end) if start and end and start <= end else None


def _day(text: str) -> date | None:
    for pattern in _DATES:
        if match := pattern.fullmatch(text):
            month = int(match["month"]) if match["month"].isdigit() else _month(match["month"])
            try:
                return date(int(match["year"]), month, int(match["day"]))
            except ValueError:
                return None
    return None


def _month(word: str) -> int:
    """Return the number of a month, 0 where the word is the beginning of none or of several."""
    found = [
        number
        for number, names in enumerate(_MONTHS, start=1)
        if any(name.startswith(word.casefold()) for name in names)
    ]
    return found[0] if len(found) == 1 else 0
