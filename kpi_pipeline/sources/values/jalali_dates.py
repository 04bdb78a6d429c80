"""Jalali dates in files, as SQL expressions that give Gregorian dates.

Here: arithmetic for the years 1300 to 1499, so that reading a file needs no calendar table. Dates between our own parts
are Gregorian; showing Jalali dates belongs to ``calendar``.
"""

_DIGITS = "۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩"
_PATTERN = (
    r"^\s*(1[34][0-9]{2})(?:[/-]([0-9]{1,2})[/-]([0-9]{1,2})|([0-9]{2})([0-9]{2}))"
    r"(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?\s*$"
)
# Marks of writing direction, which Persian programs put around numbers and dates.
_INVISIBLE = "\u200e\u200f\u061c"
# Day number of 1970-01-01 in the count that starts where the 33-year cycle of leap years is aligned.
_EPOCH = 719_528


def with_plain_digits(text: str) -> str:
    """Return the expression of a text with Persian and Arabic digits turned into ASCII ones."""
    return f"translate({text}, '{_DIGITS}', '01234567890123456789')"


def jalali_date(cell: str) -> str:
    """Return the expression of the date in ``cell``, NULL where it is no Jalali date that exists."""
    year, month, day, _time = _parts(cell)
    first_half = f"{month} <= 6"
    months = f"case when {first_half} then ({month} - 1) * 31 else ({month} - 7) * 30 + 186 end"
    number = f"({_days_before(year)} + {months} + {day})"
    length = (
        f"case when {first_half} then 31 when {month} <= 11 then 30"
        f" else {_days_before(f'({year} + 1)')} - {_days_before(year)} - 336 end"
    )
    return (
        f"case when {month} between 1 and 12 and {day} between 1 and {length}"
        f" then date '1970-01-01' + ({number} - {_EPOCH}) end"
    )


def jalali_timestamp(cell: str) -> str:
    """Return the expression of the time stamp in ``cell``; midnight where it has no time of day."""
    hour, minute, second = _parts(cell)[3]
    clock = (
        f"case when {hour} < 24 and {minute} < 60 and {second} < 60"
        f" then to_seconds({hour} * 3600 + {minute} * 60 + {second}) end"
    )
    return f"cast({jalali_date(cell)} as timestamp) + {clock}"


def _days_before(year: str) -> str:
    """Days before the first day of a Jalali year; leap years follow the 33-year cycle in all supported years."""
    shifted = f"({year} + 1595)"
    return f"(365 * {shifted} + {shifted} // 33 * 8 + ({shifted} % 33 + 3) // 4 - 355668)"


def _parts(cell: str) -> tuple[str, str, str, tuple[str, str, str]]:
    # translate() drops the characters of its first list that have no partner in the second.
    text = f"translate({cell}, '{_DIGITS}{_INVISIBLE}', '01234567890123456789')"

    def group(number: int) -> str:
        return f"nullif(regexp_extract({text}, '{_PATTERN}', {number}), '')"

    def whole(expression: str) -> str:
        return f"cast({expression} as integer)"

    return (
        whole(group(1)),
        whole(f"coalesce({group(2)}, {group(4)})"),
        whole(f"coalesce({group(3)}, {group(5)})"),
        (whole(f"coalesce({group(6)}, '0')"), whole(f"coalesce({group(7)}, '0')"), whole(f"coalesce({group(8)}, '0')")),
    )
