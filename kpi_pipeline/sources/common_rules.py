"""Rules that the contracts of several systems share.

Here: a rule used by at least two modules under ``systems``. A rule of one system stands in its module.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contract import RowRule
from kpi_pipeline.sources.field import NumberStyle


def declared_number_style(source: Source, *, thousands_separator: str) -> NumberStyle:
    """Return how the source says its numbers are written, else the platform's English style."""
    declared = source.model_fields_set
    return NumberStyle(
        source.decimal_separator,
        source.thousands_separator if declared & {"decimal_separator", "thousands_separator"} else thousands_separator,
    )


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
