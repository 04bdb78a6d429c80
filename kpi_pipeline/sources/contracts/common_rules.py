"""Rules that the contracts of several systems share.

Here: a rule used by at least two modules under ``systems``. A rule of one system stands in its module.
"""

from collections.abc import Mapping

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.contract import SHEET_OPTION, LocalStyle, RowRule, source_error
from kpi_pipeline.sources.contracts.field import NumberStyle
from kpi_pipeline.sources.values.sql_text import literal
from kpi_pipeline.sources.values.time_conversion import STYLE_PATTERNS, is_readable_style

_DATE_STYLE = "date_style"


def declared_number_style(source: Source, *, thousands_separator: str) -> NumberStyle:
    """Return how the source says its numbers are written, else the platform's English style."""
    declared = source.model_fields_set
    return NumberStyle(
        source.decimal_separator,
        source.thousands_separator if declared & {"decimal_separator", "thousands_separator"} else thousands_separator,
    )


def undeclared_local_styles(source: Source, styles: tuple[LocalStyle, ...]) -> tuple[LocalStyle, ...]:
    """Return a platform's number styles by language, none where the source says itself how numbers are written."""
    return () if source.model_fields_set & {"decimal_separator", "thousands_separator"} else styles


def declared_options(name: str, source: Source, known: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the source's own settings as a contract keeps them.

    Raises:
        ConfigurationError: a setting that the system does not know, or a ``date_style`` that cannot be read.
    """
    for key in source.options:
        if key not in (*known, SHEET_OPTION):
            raise source_error(name, f"options.{key}", f"unknown; {source.system} knows {', '.join(known) or 'none'}")
    for style in declared_style(source, ()):
        if not is_readable_style(style):
            problem = f"{style!r} is neither iso nor jalali nor made of {' '.join(STYLE_PATTERNS)}"
            raise source_error(name, f"options.{_DATE_STYLE}", problem)
    return tuple(
        (key, (value,) if isinstance(value, str) else tuple(value)) for key, value in sorted(source.options.items())
    )


def declared_style(source: Source, default_styles: tuple[str, ...]) -> tuple[str, ...]:
    """Return the styles for ``Field(styles=...)``: the source's option ``date_style``, else the platform's.

    The system names ``date_style`` to ``declared_options``, which refuses what cannot be read.
    """
    declared = source.options.get(_DATE_STYLE)
    if declared is None:
        return default_styles
    return (declared,) if isinstance(declared, str) else tuple(declared)


def declared_choices(name: str, source: Source, key: str, known: tuple[str, ...], default: tuple[str, ...]) -> set[str]:
    """Return which of a setting's known values the source wants.

    Raises:
        ConfigurationError: a value that the system does not know.
    """
    declared = source.options.get(key, default)
    chosen = (declared,) if isinstance(declared, str) else tuple(declared)
    for value in chosen:
        if value not in known:
            raise source_error(name, f"options.{key}", f"unknown {value!r}; there are {', '.join(known)}")
    return set(chosen)


def declared_choice(name: str, source: Source, key: str, known: tuple[str, ...]) -> str:
    """Return the one of a setting's known values that the source wants, the first where it says nothing.

    Raises:
        ConfigurationError: several values, or one that the system does not know.
    """
    chosen = declared_choices(name, source, key, known, known[:1])
    if len(chosen) != 1:
        raise source_error(name, f"options.{key}", f"needs one of {', '.join(known)}")
    return chosen.pop()


def declared_meanings(name: str, source: Source, key: str, known: tuple[str, ...]) -> dict[str, str]:
    """Return what the source says that texts of its files mean: a setting of lines ``text = meaning``.

    Raises:
        ConfigurationError: a line without a meaning, or with one that the system does not know.
    """
    declared = source.options.get(key, ())
    meanings = {}
    for line in (declared,) if isinstance(declared, str) else declared:
        text, sign, meaning = (part.strip() for part in line.rpartition("="))
        if not (text and sign and meaning in known):
            problem = f"{line!r} is not of the form 'text = meaning' with a meaning of {', '.join(known)}"
            raise source_error(name, f"options.{key}", problem)
        meanings[text] = meaning
    return meanings


def cases(meanings: Mapping[str, str]) -> str:
    """Return the branches of a CASE expression that replaces texts by their meanings."""
    return " ".join(f"when {literal(text)} then {literal(meaning)}" for text, meaning in meanings.items())


def listed_names(text: str) -> tuple[str, ...]:
    """Return the names of a list that is written with semicolons between them."""
    return tuple(" ".join(name.split()) for name in text.split(";"))


def undamaged_identifier(field_name: str) -> RowRule:
    """Return the rule against identifiers that a spreadsheet turned into ``1.22158E+17``."""
    return RowRule(
        predicate=f"{field_name} is null or not contains({field_name}, 'E+')",
        shown=field_name,
        expected="a whole identifier, not a rounded number",
        advice="A spreadsheet has saved this file; export it again and do not open it before.",
    )
