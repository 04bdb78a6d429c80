"""Strict conversion of dates and time stamps, written as SQL expressions.

Here: ISO, declared strptime styles, and the way from a written time to UTC. Jalali dates have their own module.
"""

import re

from kpi_pipeline.sources.contracts.field import ISO, Field
from kpi_pipeline.sources.values.jalali_dates import jalali_date, jalali_timestamp
from kpi_pipeline.sources.values.sql_text import escaped, literal

_OFFSET = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})"
_ISO_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ISO_TIMESTAMP = _ISO_DATE + r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
STYLE_PATTERNS = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%m": "[0-9]{1,2}",
    "%d": "[0-9]{1,2}",
    "%H": "[0-9]{1,2}",
    "%I": "[0-9]{1,2}",
    "%M": "[0-9]{2}",
    "%S": "[0-9]{2}",
    "%f": "[0-9]{1,6}",
    "%b": "[A-Za-z]{3}",
    "%B": "[A-Za-z]+",
    "%p": "[AaPp][Mm]",
    "%z": _OFFSET,
}


def is_readable_style(style: str) -> bool:
    """Tell whether texts in this style can be read: ``iso``, ``jalali``, or directives that have a pattern."""
    directives = re.findall(r"%.", style)
    return style in (ISO, "jalali") or (bool(directives) and not set(directives) - set(STYLE_PATTERNS))


def calendar_day(field: Field, cell: str) -> str:
    """Return the expression of the date in ``cell``, NULL where it is none."""
    if field.style == "jalali":
        return jalali_date(cell)
    if field.style is None:
        # Written as DuckDB itself writes a date: cheaper than a pattern. The length excludes "infinity".
        value = f"try_cast({cell} as date)"
        return f"case when cast({value} as varchar) = {cell} and length({cell}) = 10 then {value} end"
    return (
        f"case when regexp_full_match({cell}, {literal(style_pattern(field.style))})"
        f" then cast(try_strptime({cell}, {literal(field.style)}) as date) end"
    )


def wall_time(field: Field, cell: str) -> str:
    """Return the expression of the time as written, without its offset; midnight where only a date is written."""
    if field.style == "jalali":
        return jalali_timestamp(cell)
    without_offset = f"regexp_replace({cell}, ' ?{_OFFSET}$', '')"
    if field.style is None:
        return (
            f"case when regexp_full_match({cell}, '{_ISO_TIMESTAMP}(?: ?{_OFFSET})?')"
            f" then try_cast({without_offset} as timestamp)"
            f" when regexp_full_match({cell}, '{_ISO_DATE}') then try_cast({cell} as timestamp) end"
        )
    bare = without_offset if "%z" in field.style else cell
    return (
        f"case when regexp_full_match({cell}, {literal(style_pattern(field.style))})"
        f" then try_strptime({bare}, {literal(field.style.replace('%z', '').rstrip())}) end"
    )


def instant(field: Field, cell: str, written: str, time_zone: str | None) -> str:
    """Return the expression of a time stamp in UTC.

    Args:
        field: a field of kind ``timestamp``.
        cell: the text as it stands in the file.
        written: expression of the time as written.
        time_zone: zone of texts without an offset; UTC when None.
    """
    local = written
    if time_zone not in (None, "UTC"):
        local = f"(({written}) at time zone {literal(str(time_zone))}) at time zone 'UTC'"
    if field.style is not None and "%z" not in field.style:
        return local
    offset = f"nullif(regexp_extract({cell}, '[+-][0-9]{{2}}:?[0-9]{{2}}$'), '')"
    minutes = f"to_minutes(60 * cast({offset}[2:3] as integer) + cast(right({offset}, 2) as integer))"
    return (
        f"case when ends_with({cell}, 'Z') then {written} when {offset}[1] = '-' then {written} + {minutes}"
        f" when {offset}[1] = '+' then {written} - {minutes} else {local} end"
    )


def style_pattern(style: str) -> str:
    """Return the regular expression of texts in a strptime style; neighbours without a sign between have full width."""
    pattern = ""
    pieces = re.findall(r"%.|[^%]+", style)
    for position, piece in enumerate(pieces):
        neighbours = pieces[max(position - 1, 0) : position] + pieces[position + 1 : position + 2]
        is_glued = any(neighbour.startswith("%") for neighbour in neighbours)
        if piece.startswith("%"):
            pattern += STYLE_PATTERNS[piece].replace("{1,2}", "{2}" if is_glued else "{1,2}")
        else:
            pattern += escaped(piece)
    return pattern
