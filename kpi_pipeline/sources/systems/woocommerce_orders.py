"""WooCommerce: the CSV of Analytics > Orders, as the server mails it or the browser saves it.

Here: its columns, and refunds told from orders: they stand on rows of their own under the order's number. The file has
no currency, and names products without their prices, so that order lines cannot be made from it. Exports of plugins
have columns of their own and are mapped by configuration.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import cases, declared_meanings, declared_options, listed_names
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_IGNORED = """
    N. Revenue (formatted); Customer type; Product(s); Items sold; Coupon(s); Attribution
"""
# Nothing was paid for the first four; "pending" would count as an order here, but not in WooCommerce.
STATUSES = {
    "pending": "failed",
    "on-hold": "failed",
    "checkout-draft": "failed",
    "failed": "failed",
    "processing": "paid",
    "completed": "paid",
    "refunded": "refunded",
    "cancelled": "cancelled",
    "trash": "cancelled",
}
MEANINGS = ("paid", "refunded", "cancelled", "failed")
_ROW_QUERY = """
    select
        typed_rows.*,
        net < 0 or (net = 0 and row_number() over same_number > 1) as is_refund,
        row_number() over same_number as place
    from typed_rows
    window same_number as (partition by order_number order by created_at, net desc)
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a WooCommerce shop's orders report."""
    options = declared_options(name, source, ("statuses",))
    statuses = STATUSES | declared_meanings(name, source, "statuses", MEANINGS)
    if source.currency is None:
        raise source_error(name, "currency", "is missing; the report does not say it (for toman: IRT)")
    is_toman = source.currency == "IRT"  # WooCommerce's own code; ISO knows the rial only
    currency = "IRR" if is_toman else source.currency
    status = "replace(lower(trim(status)), ' ', '-')"
    common = {
        "order_id": "order_number",
        "day": "cast(created_at as date)",
        "currency": literal(currency),
        "account_id": literal(source.account_id),
    }
    orders = common | {
        "order_number": "order_number",
        "created_at": "created_at_utc",
        "customer_key": "coalesce(customer, 'guest:' || order_number)",
        "status": f"case {status} {cases(statuses)} end",
        "gross_items": "net",
    }
    refunds = common | {
        "refund_id": "order_number || ':' || strftime(created_at, '%Y%m%dT%H%M%S')",
        "refunded_at": "created_at_utc",
        "amount": "-net",
        "is_estimated_date": "false",
    }
    rules = (
        RowRule(
            predicate=f"is_refund or {status} in ({', '.join(map(literal, statuses))})",
            shown="status",
            expected=f"one of {', '.join(statuses)}",
            advice="A status of your own: options: {statuses: [shipped = paid]}.",
        ),
        RowRule(
            predicate="is_refund or place = 1",
            shown="order_number",
            expected="each order once; only refunds repeat its number",
        ),
    )
    return Contract(
        source=name,
        system="woocommerce_orders",
        formats=("csv",),
        fields=_fields("10" if is_toman else "1"),
        tables=(
            contract_table("orders", orders, where="not is_refund"),
            contract_table("refunds", refunds, where="is_refund and net < 0"),
        ),
        row_query=_ROW_QUERY,
        row_rules=rules,
        ignored_headers=listed_names(_IGNORED),
        options=options,
        currency=currency,
    )


def _fields(scale: str) -> tuple[Field, ...]:
    # The browser guards what begins with = + - @ against spreadsheets with a tab; sums have binary rounding noise.
    return (
        Field("created_at", ("Date",), "timestamp", required=True),
        Field("order_number", ("Order #",), required=True),
        Field("status", ("Status",), required=True),
        Field("customer", ("Customer",), strip="\t", personal=True),
        Field(
            "net",
            ("Net sales", "N. Revenue"),
            "decimal",
            required=True,
            strip="\t",
            scale=scale,
            rounding=True,
        ),
    )
