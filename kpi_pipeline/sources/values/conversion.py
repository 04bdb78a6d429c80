"""Strict conversion of a file's texts, written as SQL expressions.

Here: for each kind of column the expression that gives the value, NULL where a text is not one, and the test for "no
value". DuckDB's own casts are laxer than an export may be (``1e3``, ``0x10``, ``1.5`` as a whole number, five decimals
cut to four), so each is guarded by a pattern. Numbers and times have their own modules.
"""

from kpi_pipeline.sources.contracts.field import SPACES, Field, NumberStyle
from kpi_pipeline.sources.values.number_conversion import number
from kpi_pipeline.sources.values.sql_text import literal
from kpi_pipeline.sources.values.time_conversion import calendar_day, wall_time


def strict_value(field: Field, cell: str, style: NumberStyle) -> str:
    """Return the expression of a field's value; it raises where the text in ``cell`` is neither a value nor empty."""
    value = value_or_null(field, cell, style)
    if field.kind == "text":
        return value
    complaint = literal(f"column {field.name}: expected {field.expectation}, found ")
    return (
        f"coalesce({value}, case when {is_empty(field, cell)} then {field.when_empty or 'null'}"
        f" else cast(error({complaint} || {cell}) as {field.sql_type}) end)"
    )


def is_empty(field: Field, cell: str) -> str:
    """Return the predicate "there is no value in this cell"."""
    texts = ["", *dict.fromkeys(text.strip() for text in field.empty_as)]
    return f"({cell} is null or trim({cell}, {literal(SPACES)}) in ({', '.join(map(literal, texts))}))"


def value_or_null(field: Field, cell: str, style: NumberStyle) -> str:
    """Return the expression of a field's value, NULL where the text is not one."""
    if field.kind == "text":
        return _text(field, cell)
    if field.kind == "boolean":
        return (
            f"case when lower(trim({cell})) in ('true', 'yes', '1') then true"
            f" when lower(trim({cell})) in ('false', 'no', '0') then false end"
        )
    if field.kind == "date":
        return calendar_day(field, cell)
    if field.kind == "timestamp":
        return wall_time(field, cell)
    return number(field, cell, style)


def _text(field: Field, cell: str) -> str:
    text = f"trim(replace({cell}, {literal(field.strip)}, ''))" if field.strip else cell
    if field.values:
        exact = " ".join(f"when {literal(old)} then {literal(new)}" for old, new in field.values)
        unified = " ".join(f"when {literal(_unified(old))} then {literal(new)}" for old, new in field.values)
        # Exact values first: trimming all of them would cost more than the rest of the row.
        text = f"case {text} {exact} else case translate(trim({text}), 'يك', 'یک') {unified} else {text} end end"
    if field.empty_as:
        text = f"case when {cell} in ({', '.join(map(literal, field.empty_as))}) then null else {text} end"
    return text


def _unified(text: str) -> str:
    """Write the Arabic forms of two Persian letters, which look the same, as Persian ones."""
    return text.strip().replace("ي", "ی").replace("ك", "ک")
