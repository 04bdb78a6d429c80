"""Exchange rates: ``date, base, quote, rate``; one ``base`` is ``rate`` ``quote``.

Here: the columns that this project defines. Days without a rate are left out; which rate then holds is decided in
``sql/core/exchange_rates.sql``.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_number_style
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_FIELDS = (
    Field("day", ("date",), "date", required=True),
    Field("base", ("base",), required=True),
    Field("quote", ("quote",), required=True),
    Field("rate", ("rate",), "decimal", required=True, decimals=10),
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a file of exchange rates."""
    columns = {field.name: field.name for field in _FIELDS} | {"account_id": literal(source.account_id)}
    rules = (
        RowRule(predicate="rate > 0", shown="rate", expected="a rate above zero"),
        RowRule(predicate="regexp_full_match(base, '[A-Z]{3}')", shown="base", expected="a currency code such as EUR"),
        RowRule(
            predicate="regexp_full_match(quote, '[A-Z]{3}')", shown="quote", expected="a currency code such as EUR"
        ),
    )
    return Contract(
        source=name,
        system="fx_rates",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("fx_rates", columns),),
        row_rules=rules,
        number_style=declared_number_style(source, thousands_separator=""),
    )
