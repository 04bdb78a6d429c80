"""What shops and payment providers deliver.

Here: orders, their lines, refunds, products with their costs, and customers. Money is in major units of its currency.
"""

from kpi_pipeline.sources.canonical.subject import Subject, columns

SUBJECTS = (
    Subject(
        "orders",
        unit="order_id",
        columns=columns(
            """
            order_id text, order_number text, day date, created_at timestamp, paid_at timestamp,
            cancelled_at timestamp, updated_at timestamp, customer_key text, status text, is_test boolean,
            currency text, gross_items money, discounts money, shipping money, taxes money, total money,
            refunded_total money, payment_method text, sales_channel text, channel text, country text,
            utm_source text, utm_medium text, utm_campaign text
            """
        ),
        required=(
            "order_id",
            "day",
            "created_at",
            "customer_key",
            "status",
            "currency",
        ),
    ),
    Subject(
        "order_lines",
        unit="order_id",
        columns=columns(
            """
            order_id text, line_number integer, line_id text, day date, product_id text, product_name text,
            vendor text, quantity money, unit_price money, line_discount money, line_total money,
            unit_cost money, is_product boolean
            """
        ),
        required=(
            "order_id",
            "line_number",
            "day",
            "quantity",
            "line_total",
        ),
    ),
    Subject(
        "refunds",
        unit="refund_id",
        columns=columns(
            """
            refund_id text, order_id text, day date, refunded_at timestamp, amount money, currency text,
            quantity money, reason text, is_estimated_date boolean
            """
        ),
        required=(
            "refund_id",
            "order_id",
            "day",
            "amount",
            "currency",
        ),
    ),
    Subject(
        "products",
        unit="product_id",
        columns=columns(
            """
            product_id text, day date, product_name text, unit_cost money, currency text
            """
        ),
        required=(
            "product_id",
            "day",
            "unit_cost",
            "currency",
        ),
    ),
    Subject(
        "customers",
        unit="customer_key",
        columns=columns(
            """
            customer_key text, day date, first_seen_at timestamp, first_order_at timestamp, country text,
            accepts_marketing boolean, segment text, is_key_account boolean, orders bigint, total_spent money,
            currency text, updated_at timestamp
            """
        ),
        required=(
            "customer_key",
            "day",
        ),
    ),
)
