"""Entities that an API tells by their changes: the same one may come on several pages of one pull.

Here: the SQL that keeps its newest state, the calendar day of an instant, and the guard against answers that were asked
for with other settings. What an entity is belongs to the systems; the newest of several pulls is found in
``ownership``.
"""

from collections.abc import Iterable

from kpi_pipeline.sources.api.pages import Page
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.values.sql_text import literal

_ASKED = "asked"


def newest_rows(key: str, updated: str, *columns: str) -> str:
    """Return the row query that keeps the newest row of each key, the last one among equals, and adds more columns.

    Args:
        key: the field that identifies the entity.
        updated: the field that says when it changed.
        columns: expressions with their names.
    """
    listed = "".join(f",\n        {column}" for column in columns)
    return f"""
    select
        typed_rows.*{listed}
    from typed_rows
    qualify row_number() over (partition by {key} order by {updated} desc nulls last, file_row desc) = 1
    """


def day_in_zone(instant: str, time_zone: str) -> str:
    """Return the expression of the calendar day of an instant that is written in UTC."""
    return f"cast(({instant} at time zone 'UTC') at time zone {literal(time_zone)} as date)"


def noting_asked(names: Iterable[str]) -> dict[str, str]:
    """Return what a page keeps of the fields that its question asked for because of the source's settings."""
    return {_ASKED: "\n".join(names)}


def refuse_unasked(file_name: str, page: Page, names: Iterable[str]) -> None:
    """Refuse an answer to a question that did not ask for all of these fields: what it lacks is not empty but unknown.

    Raises:
        RefusedFile: the source's settings have changed since.
    """
    if missing := set(names) - set(page.about[_ASKED].split("\n")):
        raise RefusedFile(
            file_name,
            found=f"answers to a question that did not ask for {', '.join(sorted(missing))}",
            expected="answers that fit the source's options of today",
            advice="The options have changed since this pull; the next one asks for everything again.",
        )
