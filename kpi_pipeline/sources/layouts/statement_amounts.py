"""Amounts as accounting reports write them: ``(1.00)``, ``-$1.00``, ``"$2,000,000.00"``.

Here: the sign and the currency sign, which the reader of plain numbers does not know. Separators stay as they are
written.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from kpi_pipeline.sources.contracts.field import SPACES, NumberStyle

# Currencies that a sign may stand for; the code of the source decides which.
_SIGNS = {
    "$": ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "TWD", "BRL", "ARS", "CLP", "COP"),
    "€": ("EUR",),
    "£": ("GBP",),
}
_EMPTY = ("", "-", "–", "—")


@dataclass(frozen=True)
class Amount:
    """One amount: as a number, and as a text that the reader of plain numbers understands."""

    value: Decimal
    text: str


def is_no_amount(cell: str) -> bool:
    """Tell whether a cell says that there is nothing."""
    return cell.strip(SPACES) in _EMPTY


def read_amount(cell: str, style: NumberStyle, currency: str | None) -> Amount | None:
    """Return the amount in a cell, None where it is none or one of another currency."""
    text = cell.strip(SPACES)
    is_negative = False
    if text.startswith("(") and text.endswith(")"):
        is_negative, text = True, text[1:-1].strip(SPACES)
    for _position in range(2):  # "-$1.00" and "$-1.00"
        if text.startswith(("-", "−")) and not is_negative:
            is_negative, text = True, text[1:].strip(SPACES)
        if text[:1] in _SIGNS:
            if currency not in _SIGNS[text[0]]:
                return None
            text = text[1:].strip(SPACES)
    if not re.fullmatch(_pattern(style), text):
        return None
    digits = text.replace(style.thousands_separator, "") if style.thousands_separator else text
    value = Decimal(digits.replace(style.decimal_separator, "."))
    return Amount(-value if is_negative else value, f"{'-' if is_negative else ''}{text}")


def _pattern(style: NumberStyle) -> str:
    whole = "[0-9]+"
    if style.thousands_separator:
        group = re.escape(style.thousands_separator)
        whole = rf"(?:[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{2,3}})*{group}[0-9]{{3}})"
    return rf"{whole}(?:{re.escape(style.decimal_separator)}[0-9]{{1,4}})?"
