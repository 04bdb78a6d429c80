"""The generic ledger that this project defines: one booking per row, and what its costs are for.

Here: the columns ``date, account_code, account_name, section, debit, credit, currency, memo`` and five more, and the
sign of the amounts. The layouts of single accounting programs do not belong here.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_number_style
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_INCOME = ("revenue", "other_income")
_COSTS = ("cogs", "opex", "other_expense", "tax")
_BASES = ("accrual", "cash")
_PURPOSES = ("acquisition", "retention", "brand", "service")
_FIELDS = (
    Field("day", ("date",), "date", required=True),
    Field("period_start", ("period_start",), "date"),
    Field("period_end", ("period_end",), "date"),
    Field("account_code", ("account_code",), required=True),
    Field("account_name", ("account_name",)),
    Field("section", ("section",), required=True),
    Field("purpose", ("purpose",)),
    Field("cost_kind", ("cost_kind",)),
    Field("debit", ("debit",), "decimal", required=True, when_empty="0"),
    Field("credit", ("credit",), "decimal", required=True, when_empty="0"),
    Field("currency", ("currency",)),
    Field("basis", ("basis",)),
    Field("memo", ("memo",)),
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a ledger export."""
    income = ", ".join(map(literal, _INCOME))
    columns = {field.name: field.name for field in _FIELDS} | {
        "period_start": "coalesce(period_start, day)",
        "period_end": "coalesce(period_end, day)",
        "amount": f"case when section in ({income}) then credit - debit else debit - credit end",
        "currency": "coalesce(currency, file_currency)",
        "account_id": literal(source.account_id),
    }
    sections = (*_INCOME, *_COSTS)
    rules = (
        RowRule(
            predicate=f"section in ({', '.join(map(literal, sections))})",
            shown="section",
            expected=f"one of {', '.join(sections)}",
        ),
        RowRule(
            predicate=f"purpose is null or purpose in ({', '.join(map(literal, _PURPOSES))})",
            shown="purpose",
            expected=f"one of {', '.join(_PURPOSES)}, or nothing",
        ),
        RowRule(
            predicate=f"basis is null or basis in ({', '.join(map(literal, _BASES))})",
            shown="basis",
            expected=f"one of {', '.join(_BASES)}, or nothing",
        ),
        RowRule(
            predicate="coalesce(period_start, day) <= coalesce(period_end, day)",
            shown="period_end",
            expected="a period that does not end before it starts",
        ),
    )
    return Contract(
        source=name,
        system="ledger",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("ledger_entries", columns),),
        row_rules=rules,
        number_style=declared_number_style(source, thousands_separator=""),
    )
