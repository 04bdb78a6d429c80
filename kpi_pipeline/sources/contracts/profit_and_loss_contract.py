"""The contract of profit and loss reports: one booking per account and period.

Here: what the systems of accounting programs share. How a report becomes rows belongs to ``layouts.profit_and_loss``.
"""

import duckdb

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import (
    declared_choices,
    declared_meanings,
    declared_number_style,
    declared_options,
)
from kpi_pipeline.sources.contracts.contract import Contract, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.layouts.profit_and_loss import ROLES
from kpi_pipeline.sources.values.sql_text import literal

_PURPOSES = ("acquisition", "retention", "brand", "service")
_FIELDS = (
    Field("period_start", ("period start",), "date", required=True),
    Field("period_end", ("period end",), "date", required=True),
    Field("account", ("account",), required=True),
    Field("path", ("path",), required=True),
    Field("section", ("section",), required=True),
    Field("basis", ("basis",), required=True),
    Field("amount", ("amount",), "decimal", required=True),
)


def profit_and_loss_contract(name: str, source: Source, *, code: str, account_name: str) -> Contract:
    """Make the contract.

    Args:
        name: the source's name.
        source: its YAML.
        code: SQL expression of an account's code from ``account``, its text in the report; NULL if it has none.
        account_name: SQL expression of its name.

    Raises:
        ConfigurationError: the currency is missing, which the report does not say, or an option cannot be understood.
    """
    options = declared_options(name, source, ("sections", "basis", *(f"{purpose}_accounts" for purpose in _PURPOSES)))
    declared_meanings(name, source, "sections", ROLES)
    declared_choices(name, source, "basis", ("accrual", "cash"), ())
    if source.currency is None:
        raise source_error(name, "currency", "is missing; the report does not say it")
    columns = {
        # A month that is still growing keeps its first day, so that the next report replaces it.
        "day": "period_start",
        "period_start": "period_start",
        "period_end": "period_end",
        # Where accounts have no codes their place in the tree tells them apart.
        "account_code": f"coalesce({code}, 'name:' || path)",
        "account_name": account_name,
        "section": "section",
        "purpose": _purpose(name, dict(options)),
        "amount": "amount",
        "currency": "file_currency",
        "basis": "basis",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system=source.system,
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("ledger_entries", columns),),
        undated_rows=source.undated_rows,
        rewriter="layouts.profit_and_loss",
        options=options,
        number_style=declared_number_style(source, thousands_separator=","),
    )


def _purpose(name: str, options: dict[str, tuple[str, ...]]) -> str:
    """Return the expression of what a cost is for; the patterns are looked for in the account's whole path."""
    branches = ""
    for purpose in _PURPOSES:
        for pattern in options.get(f"{purpose}_accounts", ()):
            try:
                with duckdb.connect() as connection:
                    connection.execute("select regexp_matches('', $pattern, 'i')", {"pattern": pattern})
            except duckdb.Error as error:
                problem = f"{pattern!r} is not a regular expression: {str(error).splitlines()[0]}"
                raise source_error(name, f"options.{purpose}_accounts", problem) from error
            branches += f" when regexp_matches(path, {literal(pattern)}, 'i') then {literal(purpose)}"
    if not branches:
        return "null"
    return f"case when section in ('revenue', 'other_income') then null{branches} end"
