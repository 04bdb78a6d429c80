"""European Central Bank: the history of its reference rates, one column per currency; one euro is the rate.

Here: from columns to rows. Days without a rate (``N/A``, weekends) are left out; which rate then holds is decided in
``sql/core/exchange_rates.sql``. The layout with one row per rate is ``fx_rates``.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_options, listed_names
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal, quoted

# Every currency that the file has or had; columns that are not asked for are no surprise.
_COLUMNS = """
    USD; JPY; BGN; CYP; CZK; DKK; EEK; GBP; HUF; LTL; LVL; MTL; PLN; ROL; RON; SEK; SIT; SKK; CHF; ISK; NOK;
    HRK; RUB; TRL; TRY; AUD; BRL; CAD; CNY; HKD; IDR; ILS; INR; KRW; MXN; MYR; NZD; PHP; SGD; THB; ZAR
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of the file with the ECB's rates.

    Raises:
        ConfigurationError: the source does not say which currencies it needs.
    """
    options = declared_options(name, source, ("currencies",))
    known = listed_names(_COLUMNS)
    wanted = dict(options).get("currencies", ())
    if not wanted:
        raise source_error(name, "options.currencies", "is missing; name those that are needed, e.g. [USD, GBP]")
    for currency in wanted:
        if currency not in known:
            raise source_error(name, "options.currencies", f"unknown {currency!r}; the file has {', '.join(known)}")
    rates = ", ".join(f"{{'quote': {literal(currency)}, 'rate': {quoted(currency)}}}" for currency in wanted)
    return Contract(
        source=name,
        system="ecb_rates",
        formats=("csv",),
        fields=(
            Field("day", ("Date",), "date", required=True),
            *(
                Field(currency, (currency,), "decimal", required=True, decimals=10, empty_as=("N/A",))
                for currency in wanted
            ),
        ),
        tables=(
            contract_table(
                "fx_rates",
                {
                    "day": "day",
                    "base": "'EUR'",
                    "quote": "quoted.quote",
                    "rate": "quoted.rate",
                    "account_id": literal(source.account_id),
                },
                where="quoted.rate is not null",
            ),
        ),
        row_query=f"select typed_rows.*, unnest([{rates}]) as quoted from typed_rows",
        row_rules=(
            *(
                RowRule(
                    predicate=f"{quoted(currency)} is null or {quoted(currency)} > 0",
                    shown=currency,
                    expected="a rate above zero",
                )
                for currency in wanted
            ),
        ),
        ignored_headers=known,
        options=options,
    )
