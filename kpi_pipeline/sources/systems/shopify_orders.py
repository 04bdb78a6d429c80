"""Shopify: the CSV of the order export.

Here: one order over several lines, told by the first occurrence of its name, since the lines after it repeat some of
the head's cells. The file has no date for refunds: they stay a total of their order unless the source accepts that
they are counted on the day of the order. Customers and products do not belong here.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import (
    cases,
    declared_choices,
    declared_options,
    listed_names,
    undamaged_identifier,
)
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_FIELDS = (
    Field("name", ("Name",), required=True),
    Field("order_number", ("Id",), required=True),
    Field("email", ("Email",), personal=True),
    Field("financial_status", ("Financial Status",), required=True),
    Field("currency", ("Currency",), required=True),
    Field("shipping", ("Shipping",), "decimal"),
    Field("taxes", ("Taxes",), "decimal"),
    Field("total", ("Total",), "decimal", required=True),
    Field("discounts", ("Discount Amount",), "decimal", required=True),
    Field("refunded", ("Refunded Amount",), "decimal"),
    Field("created_at", ("Created at",), "timestamp", required=True),
    Field("paid_at", ("Paid at",), "timestamp"),
    Field("cancelled_at", ("Cancelled at",), "timestamp"),
    Field("payment_method", ("Payment Method",)),
    Field("sales_channel", ("Source",)),
    Field("shipping_country", ("Shipping Country",)),
    Field("billing_country", ("Billing Country",)),
    Field("quantity", ("Lineitem quantity",), "integer", required=True),
    Field("product_name", ("Lineitem name",), required=True),
    Field("price", ("Lineitem price",), "decimal", required=True),
    Field("sku", ("Lineitem sku",)),
    Field("line_discount", ("Lineitem discount",), "decimal", when_empty="0"),
    Field("requires_shipping", ("Lineitem requires shipping",), "boolean"),
    Field("taxable", ("Lineitem taxable",), "boolean"),
    Field("vendor", ("Vendor",)),
)
_IGNORED = """
    Fulfillment Status; Fulfilled at; Accepts Marketing; Subtotal; Discount Code; Shipping Method;
    Lineitem compare at price; Lineitem fulfillment status; Billing Name; Billing Street; Billing Address1;
    Billing Address2; Billing Company; Billing City; Billing Zip; Billing Province; Billing Phone; Shipping Name;
    Shipping Street; Shipping Address1; Shipping Address2; Shipping Company; Shipping City; Shipping Zip; Shipping
    Province; Shipping Phone; Notes; Note Attributes; Payment Reference; Outstanding Balance; Employee; Location;
    Device ID; Tags; Risk Level; Tax 1 Name; Tax 1 Value; Tax 2 Name; Tax 2 Value; Tax 3 Name; Tax 3 Value; Tax 4
    Name; Tax 4 Value; Tax 5 Name; Tax 5 Value; Phone; Receipt Number; Duties; Billing Province Name; Shipping
    Province Name; Payment ID; Payment Terms Name; Next Payment Due At; Payment References
"""
STATUSES = {
    "paid": "paid",
    "partially_refunded": "partially_refunded",
    "refunded": "refunded",
    "pending": "pending",
    "authorized": "pending",
    "partially_paid": "pending",
    "voided": "failed",
    "expired": "failed",
}
# A tip or a gift wrap is neither shipped nor taxed and has no vendor; a download has at least a vendor.
_ROW_QUERY = """
    select
        lines.*,
        row_number() over whole_order as line_number,
        coalesce(ltrim(first_value(order_number) over whole_order, ''''), 'name:' || name) as order_id,
        first_value(created_at) over whole_order as ordered_at,
        max(email) over (partition by name) as customer,
        sum(case when is_product then quantity * price else 0 end) over (partition by name) as gross_items
    from (
        select
            typed_rows.*,
            not coalesce(not requires_shipping and not taxable and vendor is null, false) as is_product
        from typed_rows
    ) as lines
    window whole_order as (partition by name order by file_row)
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Shopify store's order export."""
    account_id = literal(source.account_id)
    options = declared_options(name, source, ("refunds",))
    has_estimated_refunds = bool(declared_choices(name, source, "refunds", ("estimated",), ()))
    status = f"case financial_status {cases(STATUSES)} end"
    orders = {
        "order_id": "order_id",
        "order_number": "name",
        "day": "cast(created_at as date)",
        "created_at": "created_at_utc",
        "paid_at": "paid_at_utc",
        "cancelled_at": "cancelled_at_utc",
        "customer_key": "coalesce(customer, 'guest:' || order_id)",
        "status": f"case when cancelled_at is not null then 'cancelled' else {status} end",
        "is_test": "coalesce(contains(lower(payment_method), 'bogus'), false)",
        "currency": "currency",
        "gross_items": "gross_items",
        "discounts": "discounts",
        "shipping": "shipping",
        "taxes": "taxes",
        "total": "total",
        "refunded_total": "coalesce(refunded, 0)",
        "payment_method": "payment_method",
        "sales_channel": "sales_channel",
        "country": "coalesce(shipping_country, billing_country)",
        "account_id": account_id,
    }
    lines = {
        "order_id": "order_id",
        "line_number": "line_number",
        "day": "cast(ordered_at as date)",
        "product_id": "ltrim(sku, '''')",  # an apostrophe keeps spreadsheets from reading a number
        "product_name": "product_name",
        "vendor": "vendor",
        "quantity": "quantity",
        "unit_price": "price",
        "line_discount": "line_discount",
        "line_total": "quantity * price - coalesce(line_discount, 0)",
        "is_product": "is_product",
        "account_id": account_id,
    }
    refunds = {
        "refund_id": "order_id || ':refunded'",
        "order_id": "order_id",
        "day": "cast(created_at as date)",
        "amount": "refunded",
        "currency": "currency",
        "is_estimated_date": "true",
        "account_id": account_id,
    }
    tables = [contract_table("orders", orders, where="line_number = 1"), contract_table("order_lines", lines)]
    if has_estimated_refunds:
        tables.append(contract_table("refunds", refunds, where="line_number = 1 and refunded > 0"))
    known_status = RowRule(
        predicate=f"line_number > 1 or financial_status in ({', '.join(map(literal, STATUSES))})",
        shown="financial_status",
        expected=f"one of {', '.join(STATUSES)} in the first line of an order",
    )
    return Contract(
        source=name,
        system="shopify_orders",
        formats=("csv",),
        fields=_FIELDS,
        tables=tuple(tables),
        row_query=_ROW_QUERY,
        row_rules=(known_status, undamaged_identifier("order_number")),
        ignored_headers=listed_names(_IGNORED),
        options=options,
    )
