"""How the values of a column may be written: every reading that fits all of them.

Here: dates and numbers of a sample. Where more than one reading fits, all are returned: which one is right is not
decided here, and not by counting.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from kpi_pipeline.sources.contracts.field import NumberStyle
from kpi_pipeline.sources.values.time_conversion import style_pattern

ISO = "iso"
JALALI = "jalali"
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_JALALI = re.compile(r"(1[34]\d\d)([/.-])(\d{1,2})\2(\d{1,2})(?:[ T،,-]+\d{1,2}:\d{2}(?::\d{2})?)?")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?")
_DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y", "%b %d, %Y", "%Y%m%d")
_TIMES = (" %H:%M", " %H:%M:%S", ", %H:%M", ", %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_NUMBER_STYLES = (
    NumberStyle(".", ""),
    NumberStyle(".", ","),
    NumberStyle(",", ""),
    NumberStyle(",", "."),
    NumberStyle(",", " "),
    NumberStyle(".", " "),
    NumberStyle(".", "'"),
)
NO_VALUES = ("-", "--", "—", "–", "N/A", "n/a", "NA", "null", "NULL", "None", "(not set)")


def without_empty(values: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the values, and the texts among them that mean "no value"."""
    return [value for value in values if value not in NO_VALUES], [text for text in NO_VALUES if text in values]


def day_styles(values: Sequence[str]) -> list[str]:
    """Return the styles in which all values are days."""
    return _fitting(values, _ISO_DAY, _DAYS)


def time_styles(values: Sequence[str]) -> list[str]:
    """Return the styles in which all values are time stamps."""
    return _fitting(values, _ISO_TIME, [day + time for day in _DAYS for time in _TIMES], with_time=True)


def has_offsets(values: Sequence[str]) -> bool:
    """Tell whether all time stamps say how far they are from UTC."""
    return all(re.search(r"(Z|UTC|[+-]\d{2}:?\d{2})$", value) for value in values)


def number_styles(values: Sequence[str]) -> list[NumberStyle]:
    """Return the styles in which all values are numbers, one for each way of understanding them."""
    plain = [_plain_number(value) for value in values]
    fitting = [style for style in _NUMBER_STYLES if all(_number(style).fullmatch(value) for value in plain)]
    if not values or not fitting:
        return []
    readings: dict[tuple[str, ...], NumberStyle] = {}
    for style in fitting:
        readings.setdefault(tuple(_read(value, style) for value in plain), style)
    return list(readings.values())


def _read(value: str, style: NumberStyle) -> str:
    if style.thousands_separator:
        value = value.replace(style.thousands_separator, "")
    return value.replace(style.decimal_separator, ".")


def _plain_number(value: str) -> str:
    # Persian separators are read in every style, so they speak for none.
    text = re.sub(r"٫.*", "", value.translate(_DIGITS).replace("٬", "")).replace("−", "-")
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def _number(style: NumberStyle) -> re.Pattern[str]:
    group, point = re.escape(style.thousands_separator), re.escape(style.decimal_separator)
    whole = rf"(\d+|\d{{1,3}}({group}\d{{2,3}})*{group}\d{{3}})" if group else r"\d+"
    return re.compile(rf"-?{whole}({point}\d+)?")


def _fitting(
    values: Sequence[str], iso: re.Pattern[str], styles: Sequence[str], *, with_time: bool = False
) -> list[str]:
    texts = [value.translate(_DIGITS) for value in values]
    if not texts:
        return []
    if all(iso.fullmatch(text) and _is_iso(text) for text in texts):
        return [ISO]
    if all(_JALALI.fullmatch(text) and (":" in text) == with_time for text in texts):
        return [JALALI]
    return [style for style in styles if all(_is_date(text, style) for text in texts)]


def _is_iso(text: str) -> bool:
    try:
        datetime.strptime(text[:10], "%Y-%m-%d")
    except ValueError:
        return False
    return not text.startswith("1") or text[:2] == "19"


def _is_date(text: str, style: str) -> bool:
    if not re.fullmatch(style_pattern(style), text):
        return False
    try:
        datetime.strptime(text, style)
    except ValueError:
        return False
    return True
