"""Rules of systems whose files have one row per deal, ticket, mailing, post or answer.

Here: what at least two of those systems need beside ``common_rules``: settings that decide what the rows mean, and
rules against rows that would count twice or mean nothing. A rule of one system stands in its module.
"""

from collections.abc import Iterable

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import undamaged_identifier
from kpi_pipeline.sources.contracts.contract import RowRule, source_error
from kpi_pipeline.sources.values.sql_text import literal


def declared_time_zone(name: str, source: Source) -> str:
    """Return the zone of the account, for systems that write its local time and never say which that is.

    Raises:
        ConfigurationError: the source does not say it either.
    """
    if source.time_zone is None:
        problem = "needed: the file has the account's local time and does not say of which zone"
        raise source_error(name, "time_zone", problem)
    return source.time_zone


def declared_option(name: str, source: Source, key: str, *, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the values of a setting that the system cannot do without.

    Raises:
        ConfigurationError: it is absent or empty, and there is no default.
    """
    value = source.options.get(key, default)
    values = (value,) if isinstance(value, str) else tuple(value)
    if not values or not all(entry.strip() for entry in values):
        raise source_error(name, f"options.{key}", f"needed by {source.system}; docs/sources.md says what for")
    return values


def declared_styles(name: str, source: Source, *accepted: str) -> tuple[str, ...]:
    """Return the date styles that a file may have: all accepted ones, or those of the setting ``date_style``.

    Raises:
        ConfigurationError: the setting is none of them.
    """
    given = source.options.get("date_style")
    if given is None:
        return accepted
    chosen = tuple(style for style in accepted if isinstance(given, str) and style.startswith(given))
    if not chosen:
        raise source_error(name, "options.date_style", f"{given!r} is none of {', '.join(map(repr, accepted))}")
    return chosen


def is_one_of(expression: str, names: Iterable[str]) -> str:
    """Return the predicate "this text is one of these names", true or false; letter case and spaces do not matter."""
    listed = ", ".join(literal(" ".join(name.split()).lower()) for name in names)
    return f"coalesce(lower(regexp_replace(trim({expression}), '\\s+', ' ', 'g')) in ({listed}), false)"


def identified_rows(key: str, *columns: str, rows: str = "typed_rows") -> str:
    """Return the row query that counts the rows of each key, as ``row_identity`` needs it, and adds more columns.

    Args:
        key: expression of the key.
        columns: ``expression as name`` each.
        rows: a FROM item that adds to ``typed_rows`` what the key needs.
    """
    listed = "".join(f",\n        {column}" for column in columns)
    return f"""
    select
        typed_rows.*,
        count(*) over (partition by {key}) as rows_of_key{listed}
    from {rows} as typed_rows
    """


def row_identity(key: str, advice: str = "Export the file again.") -> tuple[RowRule, ...]:
    """Return the rules for an identifier: there, not rounded by a spreadsheet, and only once in the file."""
    return (
        undamaged_identifier(key),
        RowRule(
            predicate=f"{key} is null or rows_of_key = 1",
            shown=key,
            expected="each one once in the file",
            advice=advice,
        ),
    )


def filled_in(field_name: str) -> RowRule:
    """Return the rule that a column has a value in every row."""
    return RowRule(predicate=f"{field_name} is not null", shown=field_name, expected="a value")


def amount_has_currency(amount: str, currency: str) -> RowRule:
    """Return the rule that an amount other than zero has a currency."""
    return RowRule(
        predicate=f"coalesce({amount}, 0) = 0 or {currency} is not null",
        shown=amount,
        expected="an amount whose currency is known",
        advice="Add the column with the currency to the export, or declare `currency` in the source's configuration.",
    )
