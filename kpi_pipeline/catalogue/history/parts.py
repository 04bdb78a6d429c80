"""The sums that a published value was made from, as the publication ledger keeps them.

Here: what is kept, and its compact form. Reading the sums of today belongs to ``parts_reading``, what a formula makes
of sums to ``parts_value``.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Kept = Literal["day", "age", "period"]
WHOLE = ""


@dataclass(frozen=True)
class Sums:
    """What went into one operand.

    Attributes:
        kept_by: the day that a row counts for, where days add up; the age of a cohort, where a formula asks when it
            reached something; else the period as one.
        figures: day in ISO form, age, or ``WHOLE`` → sum; None where a row of it is not known. What is absent is 0.
    """

    kept_by: Kept
    figures: Mapping[str, Decimal | None]

    def figure(self) -> Fraction | None:
        """Return the operand; None where a row of it is not known."""
        known = [figure for figure in self.figures.values() if figure is not None]
        if len(known) < len(self.figures):
            return None
        return sum(map(Fraction, known), Fraction(0))


@dataclass(frozen=True)
class Parts:
    """What one value was made from.

    Attributes:
        definition: the formula and the options that decide what the number is, as JSON.
        zeros: operands that counted as zero, because no source delivered them.
        made_by: table of measures → hash of the SQL and settings that it was made by.
        sums: operand → its sums.
    """

    definition: str
    zeros: tuple[str, ...]
    made_by: Mapping[str, str]
    sums: Mapping[str, Sums]

    @property
    def meaning(self) -> tuple[str, tuple[str, ...]]:
        """What decides the number, given the measures."""
        return self.definition, self.zeros

    def packed(self) -> bytes:
        """Return the compact form."""
        sums = {
            name: [one.kept_by, {key: None if sum_ is None else str(sum_) for key, sum_ in one.figures.items()}]
            for name, one in self.sums.items()
        }
        text = json.dumps([self.definition, self.zeros, dict(self.made_by), sums], separators=(",", ":"))
        return zlib.compress(text.encode())

    @classmethod
    def unpacked(cls, packed: bytes) -> "Parts":
        """Read the compact form."""
        definition, zeros, made_by, sums = json.loads(zlib.decompress(packed))
        return cls(
            definition,
            tuple(zeros),
            made_by,
            {
                name: Sums(kept_by, {key: None if text is None else Decimal(text) for key, text in figures.items()})
                for name, (kept_by, figures) in sums.items()
            },
        )
