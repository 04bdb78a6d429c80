"""How dimensions and their members are called: words of the catalogue where it knows them, else as the source has them.

Here: the name of one dimension or member. Names from outside are cleaned, and never trusted.
"""

from kpi_pipeline.reports.edition import Edition
from kpi_pipeline.wording.outside_text import NAME_LIMIT, clean_text


def dimension_name(dimension: str, edition: Edition) -> str:
    """Return the name of a dimension."""
    return edition.language.known_text("dimension_name", dimension, clean_text(dimension.replace("_", " ")))


def member_name(dimension: str, member: str | None, edition: Edition) -> str:
    """Return the name of a member."""
    if not member:
        return edition.language.text("dimension.not_set")
    return edition.language.known_text(f"member.{dimension}", member, clean_text(member, NAME_LIMIT))
