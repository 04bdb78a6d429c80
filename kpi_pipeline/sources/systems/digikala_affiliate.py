"""Digikala: an affiliate's report of orders.

Here: the income of the affiliate as bookings of the ledger, day by day, once an invoice is final. Orders are not made
from it: they are Digikala's, and the report has no number by which one could be found again when its invoice changes.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_options, declared_style, listed_names
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table
from kpi_pipeline.sources.contracts.field import Field, NumberStyle
from kpi_pipeline.sources.contracts.persian_columns import spellings, text_key
from kpi_pipeline.sources.values.sql_text import literal

_FINAL = ("قطعی شده", "پرداخت شده")
_OPEN = "قطعی نشده"


def build(name: str, source: Source) -> Contract:
    """Make the contract of an affiliate account's reports."""
    status = text_key("status")
    income = {
        "day": "day",
        "period_start": "day",
        "period_end": "day",
        "account_code": "'digikala_affiliate'",
        "account_name": "'Digikala affiliate income'",
        "section": "'revenue'",
        "amount": "income",
        "currency": "'IRR'",
        "memo": "site",
        "account_id": literal(source.account_id),
    }
    known_status = RowRule(
        predicate=f"{status} in ({', '.join(map(literal, (*_FINAL, _OPEN)))})",
        shown="status",
        expected=f"one of {', '.join((*_FINAL, _OPEN))}",
    )
    return Contract(
        source=name,
        system="digikala_affiliate",
        formats=("csv",),
        fields=(
            Field("day", ("تاریخ",), "date", required=True, styles=declared_style(source, ("jalali", "iso"))),
            Field("site", ("سایت",)),
            Field("income", ("درآمد",), "decimal", required=True),  # rial, as all amounts here
            Field("status", spellings("وضعیت فاکتور"), required=True),
        ),
        tables=(contract_table("ledger_entries", income, where=f"{status} <> {literal(_OPEN)}"),),
        row_rules=(known_status,),
        ignored_headers=(*listed_names("قیمت; تخفیف"), *spellings("مشتری جدید")),
        options=declared_options(name, source, ("date_style",)),
        number_style=NumberStyle(source.decimal_separator, source.thousands_separator or ","),
        currency="IRR",
    )
