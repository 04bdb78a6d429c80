"""One column of a file as the contract sees it: its names, its type and how its values are written.

Here: the description alone, frozen and free of SQL. How a value is read belongs to ``conversion``.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "integer", "decimal", "double", "date", "timestamp", "boolean"]

SPACES = " \u00a0\u202f"
CURRENCY_MARK = "{currency}"
ISO = "iso"


@dataclass(frozen=True)
class NumberStyle:
    """How numbers are written in a file; Persian and Arabic digits with ``٫`` and ``٬`` are read beside it."""

    decimal_separator: str = "."
    thousands_separator: str = ""


@dataclass(frozen=True)
class Field:
    """One column.

    Attributes:
        name: how the contract's expressions call it.
        headers: accepted names in the file, best first; ``{currency}`` in one stands for the currency of its amounts.
        decimals: what a decimal keeps after its point; more in the file is refused, or rounded if ``rounding``.
        style: how dates or time stamps are written, in strptime directives, or ``jalali``; ISO when None.
        styles: the ways in which they may be written, ``iso`` among them, where the platform writes them as its user's
            settings say; each file then decides for one of them (``date_styles``), and ``style`` is not given.
        empty_as: the texts that mean "no value" beside the empty one.
        when_empty: the SQL literal that "no value" stands for, e.g. ``0`` where a platform leaves zeros out; NULL when
            None.
        scale: what a number is multiplied by.
        strip: a text taken out of every value first.
        values: pairs of a whole value and its replacement.
        personal: whether only the keyed hash of the value may be kept.
        free_text: whether people wrote the value, who may have put addresses and phone numbers into it.
    """

    name: str
    headers: tuple[str, ...]
    kind: Kind = "text"
    required: bool = False
    decimals: int = 4
    style: str | None = None
    styles: tuple[str, ...] = ()
    empty_as: tuple[str, ...] = ()
    when_empty: str | None = None
    scale: str = "1"
    strip: str = ""
    rounding: bool = False
    values: tuple[tuple[str, str], ...] = ()
    personal: bool = False
    free_text: bool = False

    @property
    def sql_type(self) -> str:
        """DuckDB type of its values."""
        if self.kind == "decimal":
            return f"decimal({18 if self.decimals <= 4 else 24}, {self.decimals})"
        return {"text": "varchar", "integer": "bigint"}.get(self.kind, self.kind)

    @property
    def expectation(self) -> str:
        """What a value must look like, for messages."""
        if self.kind == "decimal" and not self.rounding:
            return f"a number with at most {self.decimals} decimals and no exponent"
        if self.kind in ("date", "timestamp"):
            noun = "a date" if self.kind == "date" else "a time stamp"
            iso = "YYYY-MM-DD" if self.kind == "date" else "YYYY-MM-DD HH:MM:SS"
            styles = self.styles or (self.style or ISO,)
            return f"{noun} written {' or '.join(iso if style == ISO else style for style in styles)}"
        return {
            "integer": "a whole number",
            "decimal": "a number without exponent",
            "double": "a number without exponent",
            "boolean": "true or false",
        }.get(self.kind, "a text")
