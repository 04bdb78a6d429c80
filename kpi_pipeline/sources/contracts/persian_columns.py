"""Columns of Persian tables: spellings of their names, and amounts in toman or rial.

Here: what the contracts of several Iranian systems share. Persian digits and dates are read everywhere and belong to
the conversion of numbers and times.
"""

from itertools import product

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import RowRule, source_error
from kpi_pipeline.sources.contracts.field import Field

_RIAL_IN = {"toman": "10", "rial": "1"}
_UNITS = {"toman": "تومان", "rial": "ریال"}
_JOINER_AND_MARKS = "\u200c\u200e\u200f"


def spellings(*names: str) -> tuple[str, ...]:
    """Return names with each of their spaces and without: a joiner stands there in many files, which does not count."""
    return tuple(
        "".join(piece for pair in zip(words, (*gaps, ""), strict=True) for piece in pair)
        for words in (name.split(" ") for name in names)
        for gaps in product(*[(" ", "")] * (len(words) - 1))
    )


def text_key(expression: str) -> str:
    """Return the expression of a text in one spelling: Persian letters, spaces for joiners, no marks of direction."""
    plain = f"translate({expression}, 'يك{_JOINER_AND_MARKS}', 'یک ')"
    return rf"trim(regexp_replace({plain}, '\s+', ' ', 'g'))"


def declared_unit(name: str, source: Source) -> str | None:
    """Return the unit of amounts whose header does not say it, None where the source does not either.

    Raises:
        ConfigurationError: it is neither toman nor rial.
    """
    unit = source.options.get("unit")
    if unit is None or unit in _RIAL_IN:
        return str(unit) if unit else None
    raise source_error(name, "options.unit", f"{unit!r} is neither toman nor rial")


def amounts_in_rial(name: str, headers: tuple[str, ...], unit: str | None) -> tuple[Field, ...]:
    """Return one field per unit that a header may state, and one for a header that states none."""
    stated = tuple(
        Field(
            f"{name}_{written}",
            spellings(*(f"{header} ({word})" for header in headers)),
            "decimal",
            scale=_RIAL_IN[written],
        )
        for written, word in _UNITS.items()
    )
    scale = _RIAL_IN[unit] if unit else "1"
    return (*stated, Field(f"{name}_without_unit", spellings(*headers), "decimal", scale=scale))


def unit_is_known(name: str, header: str) -> RowRule:
    """Return the rule against amounts that may be toman or rial: a factor of ten cannot be seen in the figures."""
    return RowRule(
        predicate=f"{name}_without_unit is null",
        shown=f"{name}_without_unit",
        expected=f"amounts whose unit the header states, such as '{header} (تومان)'",
        advice="Say it in the source's configuration: options: {unit: toman}, or {unit: rial}.",
    )
