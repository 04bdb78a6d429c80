"""Strict conversion of numbers, written as SQL expressions.

Here: plain numbers, the declared style, Persian and Arabic digits, and declared factors and units. A number may not
have an exponent, more decimals than its column keeps, or separators that the source did not declare.
"""

from dataclasses import replace

from kpi_pipeline.sources.contracts.field import SPACES, Field, NumberStyle
from kpi_pipeline.sources.values.jalali_dates import with_plain_digits
from kpi_pipeline.sources.values.sql_text import escaped, literal

_INVISIBLE = "\u200e\u200f\u061c\u2066\u2067\u2068\u2069\ufeff"


def number(field: Field, cell: str, style: NumberStyle) -> str:
    """Return the expression of the number in ``cell``, NULL where it is none.

    Cheap tests come first: a number that is written as DuckDB itself would write it needs no pattern, and a number in
    the declared style needs no normalising, which costs ten times as much.
    """
    if field.scale != "1" or field.strip:
        return _scaled(field, cell, style)
    declared, is_plain = cell, f"cast({_plain(field, cell, style)} as varchar) = {cell}"
    if style.thousands_separator:
        # Looking for a separator is cheaper than a cast that must fail.
        is_plain = f"not contains({cell}, {literal(style.thousands_separator)}) and {is_plain}"
        declared = f"replace({declared}, {literal(style.thousands_separator)}, '')"
    if style.decimal_separator != ".":
        declared = f"replace({declared}, {literal(style.decimal_separator)}, '.')"
    normal = _normalised(field, cell, style)
    plain = _plain(field, cell, style)
    return (
        f"case when {is_plain} then cast({plain} as {field.sql_type})"
        f" when regexp_full_match({cell}, {_pattern(field, style.thousands_separator, style.decimal_separator)})"
        f" then try_cast({declared} as {field.sql_type})"
        f" when regexp_full_match({normal}, {_pattern(field, ',', '.')})"
        f" then try_cast(replace({normal}, ',', '') as {field.sql_type}) end"
    )


def _plain(field: Field, cell: str, style: NumberStyle) -> str:
    """Return the cast whose text is compared with the cell: whole numbers, or amounts with two decimals."""
    has_point = field.kind != "integer" and style.decimal_separator == "."
    return f"try_cast({cell} as {'decimal(16, 2)' if has_point else 'bigint'})"


def _pattern(field: Field, thousands: str, decimal: str) -> str:
    """Return the pattern of a number as a literal; groups may have two digits, as in India, but never just one."""
    whole, group, point = "[0-9]+", escaped(thousands), escaped(decimal)
    if thousands:
        whole = rf"(?:{whole}|[0-9]{{1,3}}(?:{group}[0-9]{{2,3}})*{group}[0-9]{{3}})"
    if field.kind == "integer":
        fraction = ""
    elif field.kind == "double" or field.rounding or field.scale != "1":
        fraction = rf"(?:{point}[0-9]*)?"
    else:
        fraction = rf"(?:{point}[0-9]{{0,{field.decimals}}}0*)?"
    return literal(f"-?{whole}{fraction}")


def _scaled(field: Field, cell: str, style: NumberStyle) -> str:
    normal = _normalised(field, cell, style)
    exact = f"try_cast(replace({normal}, ',', '') as decimal(26, 10)) * cast({literal(field.scale)} as decimal(12, 8))"
    value = f"try_cast({exact} as {field.sql_type})"
    fits = "true" if field.rounding or field.kind == "double" else f"{value} = {exact}"
    pattern = _pattern(replace(field, kind="decimal"), ",", ".")
    return f"case when regexp_full_match({normal}, {pattern}) and {fits} then {value} end"


def _normalised(field: Field, cell: str, style: NumberStyle) -> str:
    """Write a number with ASCII digits, a decimal point and commas between groups; other separators become ``x``."""
    signs = {"٫": ".", "٬": ",", "−": "-"} | dict.fromkeys(".,", "x")
    signs[style.decimal_separator] = "."
    if style.thousands_separator:
        signs |= dict.fromkeys(SPACES if style.thousands_separator in SPACES else style.thousands_separator, ",")
    text = f"replace({cell}, {literal(field.strip)}, '')" if field.strip else cell
    text = with_plain_digits(f"trim({text}, {literal(SPACES + _INVISIBLE)})")
    # translate() drops the characters of its first list that have no partner in the second.
    return f"translate({text}, {literal(''.join(signs) + _INVISIBLE)}, {literal(''.join(signs.values()))})"
