"""Stripe: the CSV of Payments > Export (``unified_payments``), with its default columns or all of them.

Here: one row per payment. A source decides what the payments stand for: orders where Stripe is all that knows them,
refunds and fees where no other source brings them. Amounts are in major units of the payment's currency, fees in that
of the payout. The report on changes of the balance has another layout, see ``stripe_balance``.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import (
    cases,
    declared_choices,
    declared_meanings,
    declared_options,
    listed_names,
    undamaged_identifier,
)
from kpi_pipeline.sources.contracts.contract import Contract, ContractTable, RowRule, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_DELIVERED = ("orders", "refunds", "fees")
_FIELDS = (
    Field("payment_id", ("id",), required=True),
    Field("created", ("Created date (UTC)",), "timestamp"),
    Field("created_locally", ("Created date",), "timestamp"),  # where the account shows its own zone
    Field("refunded_at", ("Refunded date (UTC)",), "timestamp"),
    Field("amount", ("Amount",), "decimal", required=True),
    Field("refunded", ("Amount Refunded",), "decimal", required=True, when_empty="0"),
    Field("currency", ("Currency",), required=True),
    Field("captured", ("Captured",), "boolean"),
    Field("converted_currency", ("Converted Currency",)),
    Field("fee", ("Fee",), "decimal", required=True, when_empty="0"),
    Field("mode", ("Mode",)),
    Field("source_type", ("Payment Source Type",)),
    Field("status", ("Status",), required=True),
    Field("customer_id", ("Customer ID",)),
    Field("email", ("Customer Email",), personal=True),
    Field("shipping_country", ("Shipping Address Country",)),
    Field("billing_country", ("Card Address Country",)),
    Field("utm_source", ("UTM Source",)),
    Field("utm_medium", ("UTM Medium",)),
    Field("utm_campaign", ("UTM Campaign",)),
)
_IGNORED = """
    Converted Amount; Converted Amount Refunded; Description; Is Link; PaymentIntent ID; Statement Descriptor;
    Seller Message; Taxes On Fee; Card ID; Card Name; Card Address Line1; Card Address Line2; Card Address City;
    Card Address State; Card Address Zip; Card AVS Line1 Status; Card AVS Zip Status; Card Brand; Card CVC
    Status; Card Exp Month; Card Exp Year; Card Fingerprint; Card Funding; Card Issue Country; Card Last4; Card
    Tokenization Method; Customer Description; Customer Phone; Shipping Name; Shipping Address Line1; Shipping
    Address Line2; Shipping Address City; Shipping Address State; Shipping Address Postal Code; Disputed Amount;
    Dispute Date (UTC); Dispute Evidence Due (UTC); Dispute Reason; Dispute Status; Invoice ID; Invoice Number;
    Checkout Session ID; Checkout Custom Field 1 Key; Checkout Custom Field 1 Value; Checkout Custom Field 2
    Key; Checkout Custom Field 2 Value; Checkout Custom Field 3 Key; Checkout Custom Field 3 Value; Checkout
    Line Item Summary; Checkout Promotional Consent; Checkout Terms of Service Consent; Client Reference ID;
    Payment Link ID; UTM Content; UTM Term; Application Fee; Application ID; Destination; Transfer; Transfer
    Group
"""
# Money came for "paid" and "refunded" only.
_STATUSES = {
    "paid": "paid",
    "refunded": "refunded",
    "partially refunded": "paid",
    "failed": "failed",
    "blocked": "failed",
    "incomplete": "failed",
    "uncaptured": "failed",
    "requires payment method": "failed",
    "requires confirmation": "failed",
    "requires action": "failed",
    "requires capture": "failed",
    "canceled": "cancelled",
}
_MEANINGS = ("paid", "refunded", "failed", "cancelled")


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Stripe account's payments export."""
    options = declared_options(name, source, ("deliver", "refunds", "statuses"))
    delivered = declared_choices(name, source, "deliver", _DELIVERED, ("orders",))
    is_estimated = bool(declared_choices(name, source, "refunds", ("estimated",), ()))
    statuses = _STATUSES | {
        text.lower(): meaning for text, meaning in declared_meanings(name, source, "statuses", _MEANINGS).items()
    }
    rules = [
        undamaged_identifier("payment_id"),
        RowRule(
            predicate=f"lower(trim(status)) in ({', '.join(map(literal, statuses))})",
            shown="status",
            expected=f"one of {', '.join(statuses)}",
            advice="Say what it means: options: {statuses: [Disputed = paid]}.",
        ),
        RowRule(
            predicate="refunded = 0 or refunded between 0 and amount",
            shown="refunded",
            expected="no more than the payment's amount",
        ),
    ]
    if "refunds" in delivered and not is_estimated:
        rules.append(
            RowRule(
                predicate="refunded = 0 or refunded_at is not null",
                shown="refunded",
                expected="a refund with its date",
                advice="Export all columns, or let refunds count on the payment's day: options: {refunds: estimated}.",
            )
        )
    return Contract(
        source=name,
        system="stripe_payments",
        formats=("csv",),
        fields=_FIELDS,
        tables=tuple(table for key, table in _tables(source).items() if key in delivered),
        row_query=_row_query(source.time_zone or "UTC", statuses),
        row_rules=tuple(rules),
        one_of=(("created", "created_locally"),),
        ignored_headers=listed_names(_IGNORED),
        options=options,
    )


def _row_query(time_zone: str, statuses: dict[str, str]) -> str:
    def day(instant: str) -> str:
        return f"cast(({instant} at time zone 'UTC') at time zone {literal(time_zone)} as date)"

    return f"""
    select
        payments.*,
        {day("payments.created_at")} as day,
        {day("payments.refunded_at")} as refund_day
    from (
        select
            typed_rows.*,
            coalesce(created, created_locally_utc) as created_at,
            case lower(trim(status)) {cases(statuses)} end as state
        from typed_rows
    ) as payments
    """


def _tables(source: Source) -> dict[str, ContractTable]:
    account_id = literal(source.account_id)
    orders = {
        "order_id": "payment_id",
        "order_number": "payment_id",
        "day": "day",
        "created_at": "created_at",
        "customer_key": "coalesce(customer_id, email, 'guest:' || payment_id)",
        "status": (
            "case when state in ('failed', 'cancelled') then state when captured = false then 'failed'"
            " when state = 'refunded' or (refunded > 0 and refunded = amount) then 'refunded'"
            " when refunded > 0 then 'partially_refunded' else 'paid' end"
        ),
        "is_test": "coalesce(lower(mode) = 'test', false)",
        "currency": "upper(currency)",
        "gross_items": "amount",
        "total": "amount",
        "refunded_total": "refunded",
        "payment_method": "source_type",
        "country": "coalesce(shipping_country, billing_country)",
        "utm_source": "utm_source",
        "utm_medium": "utm_medium",
        "utm_campaign": "utm_campaign",
        "account_id": account_id,
    }
    refunds = {
        "refund_id": "payment_id || ':refunded'",
        "order_id": "payment_id",
        "day": "coalesce(refund_day, day)",
        "refunded_at": "refunded_at",
        "amount": "refunded",
        "currency": "upper(currency)",
        "is_estimated_date": "refunded_at is null",
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
        "amount": "fee",
        "currency": "upper(coalesce(converted_currency, currency))",
        "account_id": account_id,
    }
    return {
        "orders": contract_table("orders", orders),
        "refunds": contract_table("refunds", refunds, where="refunded > 0"),
        "fees": contract_table("ledger_entries", fees, where="fee <> 0"),
    }
