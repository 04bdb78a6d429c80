"""Iranian shops: tables of orders with Persian headers.

Here: the usual Persian names of an order list's columns and of its states. No shop system's own layout is attested, so
this is a dictionary of words, not a vendor's format. Amounts become rial; where neither the header nor the source says
whether they are toman or rial, the file is refused. Order lines are not made from it: whether an amount belongs to the
line or to the order cannot be seen.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import cases, declared_meanings, declared_options, declared_style
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table
from kpi_pipeline.sources.contracts.field import Field, NumberStyle
from kpi_pipeline.sources.contracts.persian_columns import (
    amounts_in_rial,
    declared_unit,
    spellings,
    text_key,
    unit_is_known,
)
from kpi_pipeline.sources.values.jalali_dates import with_plain_digits
from kpi_pipeline.sources.values.sql_text import literal

# Nothing was paid for the ones that failed; "pending" would count as an order.
_STATUSES = {
    "پرداخت شده": "paid",
    "تکمیل شده": "paid",
    "تحویل شده": "paid",
    "ارسال شده": "paid",
    "در حال ارسال": "paid",
    "در حال پردازش": "paid",
    "فاکتور شده": "paid",
    "مرجوع شده": "refunded",
    "لغو شده": "cancelled",
    "در انتظار پرداخت": "failed",
    "پرداخت نشده": "failed",
    "ناموفق": "failed",
    "ناموجود": "failed",
}
_MEANINGS = ("paid", "pending", "partially_refunded", "refunded", "cancelled", "failed")
_TOTALS = ("مبلغ کل", "مبلغ نهایی", "قابل پرداخت", "مبلغ")
_IGNORED = ("تعداد", "نام کالا", "عنوان محصول", "کد رهگیری", "کد رهگیری پستی", "استان", "شهر", "ردیف")


def build(name: str, source: Source) -> Contract:
    """Make the contract of a shop's list of orders."""
    unit = declared_unit(name, source)
    options = declared_options(name, source, ("unit", "statuses", "date_style"))
    statuses = _STATUSES | declared_meanings(name, source, "statuses", _MEANINGS)
    status = text_key("status")
    total = "coalesce(total_toman, total_rial, total_without_unit)"
    orders = {
        "order_id": "order_key",
        "order_number": "order_key",
        "day": "cast(ordered_at as date)",
        "created_at": "ordered_at_utc",
        "customer_key": "coalesce(customer_id, phone, customer_name, 'guest:' || order_key)",
        "status": f"case {status} {cases(statuses)} end",
        "currency": "'IRR'",
        "gross_items": total,
        "total": total,
        "account_id": literal(source.account_id),
    }
    rules = [
        RowRule(
            predicate=f"{status} in ({', '.join(map(literal, statuses))})",
            shown="status",
            expected=f"one of {', '.join(statuses)}",
            advice="Say what it means: options: {statuses: [آماده ارسال = paid]}.",
        ),
        RowRule(predicate="rows_of_order = 1", shown="order_number", expected="each order once"),
        RowRule(predicate=f"{total} is not null", shown="order_number", expected="an order with an amount"),
    ]
    return Contract(
        source=name,
        system="persian_orders",
        formats=("csv",),
        fields=(
            Field("order_number", spellings("شماره سفارش", "کد سفارش", "شناسه سفارش"), required=True),
            Field(
                "ordered_at",
                spellings("تاریخ", "تاریخ سفارش", "تاریخ ثبت"),
                "timestamp",
                required=True,
                styles=declared_style(source, ("jalali", "iso")),
            ),
            Field("status", spellings("وضعیت", "وضعیت سفارش"), required=True),
            Field("customer_id", spellings("شناسه مشتری", "کد مشتری")),
            Field("phone", spellings("شماره موبایل"), personal=True),
            Field("customer_name", spellings("مشتری", "نام مشتری"), personal=True),
            *amounts_in_rial("total", _TOTALS, unit),
        ),
        tables=(contract_table("orders", orders),),
        row_query=f"""
        select
            numbered.*,
            count(*) over (partition by order_key) as rows_of_order
        from (
            select typed_rows.*, {with_plain_digits("trim(order_number)")} as order_key from typed_rows
        ) as numbered
        """,
        row_rules=(*rules, *(() if unit else (unit_is_known("total", _TOTALS[0]),))),
        one_of=(("total_toman", "total_rial", "total_without_unit"),),
        ignored_headers=spellings(*_IGNORED),
        options=options,
        number_style=NumberStyle(source.decimal_separator, source.thousands_separator or ","),
        currency="IRR",
        time_zone=source.time_zone or "Asia/Tehran",
    )
