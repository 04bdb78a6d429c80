"""Stripe: the itemized report *Balance change from activity*, CSV.

Here: refunds with their dates, and fees on request. Charges are not made into orders: they have no customer here. The
list of all balance transactions (``"ID","Type","Source" ...``) is another layout and is refused.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_choices, declared_options, listed_names
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_DELIVERED = ("refunds", "fees")
_FIELDS = (
    Field("transaction_id", ("balance_transaction_id",), required=True),
    Field("created", ("created_utc",), "timestamp"),
    Field("created_locally", ("created",), "timestamp"),
    Field("currency", ("currency",), required=True),
    Field("gross", ("gross",), "decimal", required=True),
    Field("fee", ("fee",), "decimal", required=True),
    Field("net", ("net",), "decimal"),
    Field("category", ("reporting_category",), required=True),
    Field("source_id", ("source_id",)),
    Field("charge_id", ("charge_id",)),
)
_IGNORED = """
    available_on_utc; description; payment_intent_id; automatic_payout_id; automatic_payout_effective_at
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Stripe account's itemized balance report."""
    options = declared_options(name, source, ("deliver",))
    delivered = declared_choices(name, source, "deliver", _DELIVERED, ("refunds",))
    account_id = literal(source.account_id)
    refunds = {
        "refund_id": "coalesce(source_id, transaction_id)",
        # The order's identifier in stripe_payments; a report without the column still knows day and amount.
        "order_id": "coalesce(charge_id, 'unknown:' || transaction_id)",
        "day": "day",
        "refunded_at": "created_at",
        "amount": "-gross",
        "currency": "upper(currency)",
        "is_estimated_date": "false",
        "account_id": account_id,
    }
    fees = {
        "day": "day",
        "period_start": "day",
        "period_end": "day",
        "account_code": "'stripe_fees'",
        "account_name": "'Stripe fees'",
        "section": "'opex'",
        "cost_kind": "'fees'",
        "amount": "fees",
        "currency": "upper(currency)",
        "account_id": account_id,
    }
    tables = {
        "refunds": contract_table("refunds", refunds, where="category = 'refund'"),
        "fees": contract_table("ledger_entries", fees, where="fees <> 0"),
    }
    zone = literal(source.time_zone or "UTC")
    return Contract(
        source=name,
        system="stripe_balance",
        formats=("csv",),
        fields=_FIELDS,
        tables=tuple(table for key, table in tables.items() if key in delivered),
        row_query=f"""
        select
            typed_rows.*,
            coalesce(created, created_locally_utc) as created_at,
            cast(
                (coalesce(created, created_locally_utc) at time zone 'UTC') at time zone {zone} as date
            ) as day,
            -- what Stripe charges for itself is a row of its own
            fee - case when category = 'fee' then gross else 0 end as fees
        from typed_rows
        """,
        row_rules=(
            RowRule("net is null or gross - fee = net", shown="net", expected="gross less fee"),
            RowRule("category <> 'refund' or gross <= 0", shown="gross", expected="a negative amount for a refund"),
        ),
        one_of=(("created", "created_locally"),),
        ignored_headers=listed_names(_IGNORED),
        options=options,
    )
