"""PayPal: the CSV of Activity > Download.

Here: its columns, and which of its rows are money: authorisations repeat the payment that follows them. Fees are
delivered unless the source says otherwise; payments and refunds only if PayPal is all that knows them, since the
file names neither order nor customer and a refund does not say what it refunds.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import (
    cases,
    declared_choices,
    declared_meanings,
    declared_number_style,
    declared_options,
    declared_style,
    listed_names,
)
from kpi_pipeline.sources.contracts.contract import Contract, ContractTable, RowRule, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_DELIVERED = ("orders", "refunds", "fees")
_STYLES = ("%d/%m/%Y", "%m/%d/%Y")
_STATUSES = {"completed": "completed", "pending": "ignored", "denied": "ignored"}
_TYPES = {
    "express checkout payment": "payment",
    "general authorisation": "ignored",
    "general authorization": "ignored",
}
# Minutes east of UTC; abbreviations that mean several zones are left out.
_ZONES = {"GMT": 0, "UTC": 0, "BST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180}
_ZONES |= {"EDT": -240, "EST": -300, "CDT": -300, "CST": -360, "MDT": -360, "MST": -420, "PDT": -420, "PST": -480}
_IGNORED = "Name; Receipt ID; Tip"


def build(name: str, source: Source) -> Contract:
    """Make the contract of a PayPal account's activity."""
    options = declared_options(name, source, ("deliver", "types", "statuses", "date_style"))
    delivered = declared_choices(name, source, "deliver", _DELIVERED, ("fees",))
    types = declared_meanings(name, source, "types", ("payment", "refund", "ignored"))
    statuses = declared_meanings(name, source, "statuses", ("completed", "ignored"))
    return Contract(
        source=name,
        system="paypal_activity",
        formats=("csv",),
        fields=(
            Field("day", ("Date",), "date", required=True, styles=declared_style(source, _STYLES)),
            Field("clock", ("Time",), required=True),
            Field("zone", ("Time zone",), required=True),
            Field("type", ("Type",), required=True),
            Field("status", ("Status",), required=True),
            Field("currency", ("Currency",), required=True),
            Field("gross", ("Gross",), "decimal", required=True),
            Field("fee", ("Fee",), "decimal", required=True),
            Field("net", ("Net",), "decimal", required=True),
            Field("balance", ("Balance",), "decimal"),
        ),
        tables=tuple(table for key, table in _tables(source).items() if key in delivered),
        row_query=_row_query(
            _TYPES | {text.lower(): meaning for text, meaning in types.items()},
            _STATUSES | {text.lower(): meaning for text, meaning in statuses.items()},
        ),
        row_rules=_rules(has_payments=bool(delivered & {"orders", "refunds"})),
        ignored_headers=listed_names(_IGNORED),
        options=options,
        number_style=declared_number_style(source, thousands_separator=","),
    )


def _row_query(types: dict[str, str], statuses: dict[str, str]) -> str:
    minutes = " ".join(f"when {literal(zone)} then {offset}" for zone, offset in _ZONES.items())
    # The file has no number of the transaction: what it says of a row tells it apart, twins by their place.
    told_apart = "day, clock, zone, type, currency, gross, fee, balance"
    return f"""
    select
        typed_rows.*,
        case lower(trim(type)) {cases(types)} else 'unknown' end as meaning,
        case lower(trim(status)) {cases(statuses)} else 'unknown' end as state,
        day + try_cast(clock as time) - to_minutes(case zone {minutes} end) as happened_at,
        'paypal:' || left(
            md5(concat_ws('|', {told_apart}, row_number() over (partition by {told_apart}))), 20
        ) as transaction_id
    from typed_rows
    """


def _rules(*, has_payments: bool) -> tuple[RowRule, ...]:
    known_status = RowRule(
        predicate="state <> 'unknown'",
        shown="status",
        expected="Completed, Pending or Denied",
        advice="Say what it means: options: {statuses: [Refunded = completed]}, or ignored.",
    )
    sums = RowRule(predicate="gross + fee = net", shown="net", expected="gross and fee together")
    if not has_payments:
        return (known_status, sums)
    known_type = RowRule(
        predicate="meaning <> 'unknown'",
        shown="type",
        expected="a type that the source knows",
        advice="Say what it is: options: {types: [Mobile Payment = payment]}, or refund, or ignored.",
    )
    known_time = RowRule(
        predicate="happened_at is not null",
        shown="zone",
        expected=f"a time HH:MM:SS and one of the zones {', '.join(_ZONES)}",
    )
    return (known_status, known_type, known_time, sums)


def _tables(source: Source) -> dict[str, ContractTable]:
    account_id = literal(source.account_id)
    orders = {
        "order_id": "transaction_id",
        "day": "day",
        "created_at": "happened_at",
        "customer_key": "'guest:' || transaction_id",
        "status": "'paid'",
        "currency": "currency",
        "gross_items": "gross",
        "total": "gross",
        "payment_method": "'PayPal'",
        "account_id": account_id,
    }
    refunds = {
        "refund_id": "transaction_id",
        "order_id": "'unknown:' || transaction_id",
        "day": "day",
        "refunded_at": "happened_at",
        "amount": "-gross",
        "currency": "currency",
        "is_estimated_date": "false",
        "account_id": account_id,
    }
    fees = {
        "day": "day",
        "period_start": "day",
        "period_end": "day",
        "account_code": "'paypal_fees'",
        "account_name": "'PayPal fees'",
        "section": "'opex'",
        "cost_kind": "'fees'",
        "amount": "-fee",
        "currency": "currency",
        "account_id": account_id,
    }
    counted = "meaning <> 'ignored' and state <> 'ignored'"
    return {
        "orders": contract_table("orders", orders, f"{counted} and meaning <> 'refund' and gross > 0"),
        "refunds": contract_table("refunds", refunds, f"{counted} and meaning <> 'payment' and gross < 0"),
        "fees": contract_table("ledger_entries", fees, f"{counted} and fee <> 0"),
    }
