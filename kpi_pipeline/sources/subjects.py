"""The canonical subjects: what a source can deliver, whatever system it comes from.

Here: one entry per raw table, with its columns, DuckDB types and the unit that a newer file replaces whole. Add a
subject when a new kind of data arrives. How a system's file becomes these columns belongs to ``systems``; what is
derived from them belongs to ``sql/``.
"""

from dataclasses import dataclass

LINEAGE_COLUMNS: dict[str, str] = {
    "source": "varchar",
    "account_id": "varchar",
    "batch_id": "varchar",
    "exported_at": "timestamp",
}
MONEY = "decimal(18, 4)"


@dataclass(frozen=True)
class Subject:
    """One canonical subject.

    Attributes:
        name: the raw table's name, ``raw.<name>``.
        unit: the column whose values a newer export replaces whole, within (source, account_id): a day for facts that
            platforms restate, an identifier for entities.
        columns: every column but the lineage ones, with its DuckDB type. Each subject has a ``day`` column.
        required: the columns that must never be NULL.
    """

    name: str
    unit: str
    columns: dict[str, str]
    required: tuple[str, ...]

    @property
    def table(self) -> str:
        """Name of the raw table."""
        return f"raw.{self.name}"


SUBJECTS: dict[str, Subject] = {
    subject.name: subject
    for subject in (
        Subject(
            "ad_performance",
            unit="day",
            columns={
                "day": "date",
                "platform": "varchar",
                "account_name": "varchar",
                "campaign_id": "varchar",
                "campaign_name": "varchar",
                "campaign_type": "varchar",
                "ad_group_id": "varchar",
                "ad_group_name": "varchar",
                "ad_id": "varchar",
                "ad_name": "varchar",
                "device": "varchar",
                "country": "varchar",
                "impressions": "bigint",
                "clicks": "bigint",
                "link_clicks": "bigint",
                "interactions": "bigint",
                "cost": MONEY,
                "currency": "varchar",
                "conversions": "double",
                "conversion_value": MONEY,
                "attribution": "varchar",
            },
            required=("day", "platform", "campaign_id", "impressions", "cost", "currency"),
        ),
        Subject(
            "web_sessions_daily",
            unit="day",
            columns={
                "day": "date",
                "channel": "varchar",
                "source_name": "varchar",
                "medium": "varchar",
                "campaign_name": "varchar",
                "device": "varchar",
                "country": "varchar",
                "sessions": "bigint",
                "engaged_sessions": "bigint",
                "events": "bigint",
            },
            required=("day", "sessions"),
        ),
        Subject(
            "web_events",
            unit="event_day",
            columns={
                "event_day": "date",
                "day": "date",
                "event_at": "timestamp",
                "event_name": "varchar",
                "visitor_id": "varchar",
                "session_id": "varchar",
                "is_engaged": "boolean",
                "channel": "varchar",
                "source_name": "varchar",
                "medium": "varchar",
                "campaign_name": "varchar",
                "device": "varchar",
                "country": "varchar",
                "transaction_id": "varchar",
                "value": MONEY,
                "currency": "varchar",
            },
            required=("event_day", "day", "event_at", "event_name", "session_id"),
        ),
        Subject(
            "orders",
            unit="order_id",
            columns={
                "order_id": "varchar",
                "order_number": "varchar",
                "day": "date",
                "created_at": "timestamp",
                "cancelled_at": "timestamp",
                "customer_key": "varchar",
                "status": "varchar",
                "is_test": "boolean",
                "currency": "varchar",
                "gross_items": MONEY,
                "discounts": MONEY,
                "shipping": MONEY,
                "taxes": MONEY,
                "total": MONEY,
                "refunded_total": MONEY,
                "payment_method": "varchar",
                "sales_channel": "varchar",
                "channel": "varchar",
                "country": "varchar",
            },
            required=("order_id", "day", "created_at", "customer_key", "status", "currency"),
        ),
        Subject(
            "order_lines",
            unit="order_id",
            columns={
                "order_id": "varchar",
                "line_number": "integer",
                "day": "date",
                "product_id": "varchar",
                "product_name": "varchar",
                "quantity": MONEY,
                "unit_price": MONEY,
                "line_discount": MONEY,
                "line_total": MONEY,
                "is_product": "boolean",
            },
            required=("order_id", "line_number", "day", "quantity", "line_total"),
        ),
        Subject(
            "refunds",
            unit="refund_id",
            columns={
                "refund_id": "varchar",
                "order_id": "varchar",
                "day": "date",
                "amount": MONEY,
                "currency": "varchar",
                "reason": "varchar",
            },
            required=("refund_id", "order_id", "day", "amount", "currency"),
        ),
        Subject(
            "products",
            unit="product_id",
            columns={
                "product_id": "varchar",
                "day": "date",
                "product_name": "varchar",
                "unit_cost": MONEY,
                "currency": "varchar",
            },
            required=("product_id", "day", "unit_cost", "currency"),
        ),
        Subject(
            "ledger_entries",
            unit="day",
            columns={
                "day": "date",
                "period_start": "date",
                "period_end": "date",
                "account_code": "varchar",
                "account_name": "varchar",
                "section": "varchar",
                "purpose": "varchar",
                "cost_kind": "varchar",
                "amount": MONEY,
                "currency": "varchar",
                "memo": "varchar",
            },
            required=("day", "period_start", "period_end", "account_code", "section", "amount", "currency"),
        ),
        Subject(
            "fx_rates",
            unit="day",
            columns={"day": "date", "base": "varchar", "quote": "varchar", "rate": "decimal(24, 10)"},
            required=("day", "base", "quote", "rate"),
        ),
    )
}
