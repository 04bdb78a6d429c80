"""WooCommerce: orders, their lines and their refunds from the REST API.

Here: pages that are numbered, and therefore counted: a list that changes while it is asked for is refused. An order
tells of its refunds without their dates, so those are asked for order by order. The report of the user interface
belongs to ``woocommerce_orders``.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from html import unescape
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, rewrite_pull
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, Verdict, vendor_message
from kpi_pipeline.sources.contracts.common_rules import cases, declared_meanings, declared_options
from kpi_pipeline.sources.contracts.contract import Contract, ContractTable, RowRule, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.systems.woocommerce_orders import MEANINGS, STATUSES
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="v3",
    sunset=None,
    endpoint="",
    secrets=("consumer_key", "consumer_secret"),
    asks_for="changes",
)
_PAGE_SIZE = 100
# "any" leaves out what lies in the bin; an order that was thrown away must still be heard of.
_ASKED_STATUSES = ("any", "trash")
_ATTRIBUTION = "_wc_order_attribution_"
_ADVICE = {
    401: "Make a key with permission to read under WooCommerce > Settings > Advanced > REST API.",
    403: "The key may not read orders, or a firewall stands before the shop: let this machine's address through.",
    404: "There is no REST API at this address; permalinks of the shop must not be 'plain'.",
    501: "The web server's ModSecurity refuses the question; ask the shop's host.",
}
# What is taken from an order as it stands there, and what from its lines and refunds.
_ORDER_TEXTS = ("number", "status", "currency", "customer_id", "payment_method_title", "created_via")
_ORDER_AMOUNTS = ("discount_total", "shipping_total", "total_tax", "total")
_ORDER_TIMES = ("date_created", "date_created_gmt", "date_paid_gmt", "date_modified_gmt")
_LINE_KEYS = ("id", "sku", "quantity", "subtotal", "total")
_REFUND_KEYS = ("id", "date_created", "date_created_gmt", "amount", "reason")
_UTM = ("utm_source", "utm_medium", "utm_campaign")
_FIELDS = (
    Field("kind", ("kind",), required=True),
    Field("order_id", ("order_id",), required=True),
    Field("page", ("page",), "integer", required=True),
    Field("line_number", ("line_number",), "integer"),
    Field("email", ("email",), personal=True),
    Field("reason", ("reason",), free_text=True),
    *(Field(name, (name,)) for name in (*_ORDER_TEXTS, *_UTM, "country", "id", "sku", "product_id", "product_name")),
    *(Field(name, (name,), "decimal") for name in (*_ORDER_AMOUNTS, "quantity", "subtotal", "amount")),
    *(Field(name, (name,), "timestamp") for name in _ORDER_TIMES),
)
_ROW_QUERY = """
    select
        read_rows.*,
        -- an order's currency stands with the order alone
        max(currency) over whole_order as order_currency,
        max(case when kind = 'order' then date_created end) over whole_order as ordered,
        case max(currency) over whole_order when 'IRT' then 10 else 1 end as unit,
        coalesce(sum(subtotal) over whole_order, 0) as gross_items,
        coalesce(sum(case when kind = 'refund' then amount end) over whole_order, 0) as refunded
    from (
        select typed_rows.*
        from typed_rows
        -- an order that is changed while pages are asked for comes twice
        qualify page = max(page) over (partition by order_id)
    ) as read_rows
    window whole_order as (partition by order_id)
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a WooCommerce shop's answers."""
    options = declared_options(name, source, ("statuses",))
    statuses = STATUSES | declared_meanings(name, source, "statuses", MEANINGS)
    return Contract(
        source=name,
        system="woocommerce_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=_tables(source, statuses),
        row_query=_ROW_QUERY,
        row_rules=(
            RowRule(
                predicate=f"kind <> 'order' or status in ({', '.join(map(literal, statuses))})",
                shown="status",
                expected=f"one of {', '.join(statuses)}",
                advice="A status of your own: options: {statuses: [shipped = paid]}.",
            ),
            RowRule(
                predicate="kind <> 'order' or regexp_full_match(currency, '[A-Z]{3}')",
                shown="currency",
                expected="a currency's code",
            ),
        ),
        rewriter="systems.woocommerce_api",
        options=options,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the orders that changed, and for the refunds of those that have some."""
    pair = f"{request.secret('consumer_key')}:{request.secret('consumer_secret')}"
    encoded = b64encode(pair.encode()).decode()
    request.secrets.add(encoded)
    client = request.client(
        path=f"/wp-json/wc/{request.version}", headers={"Authorization": f"Basic {encoded}"}, judge=_judge
    )
    # The shop's zone is not known before it answers, and east of Greenwich its first day began before that of UTC.
    since = request.changed_since or request.since - timedelta(days=1)
    question = {
        "orderby": "date",
        "order": "asc",
        "modified_after": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        "dates_are_gmt": "true",
    }
    number = 0
    for status in _ASKED_STATUSES:
        for answer in _pages(client, "/orders", question | {"status": status}, request.page_limit):
            number += 1
            yield Page({"kind": "orders", "page": str(number)}, answer.content.decode())
            for order in answer.body:
                if order["refunds"]:
                    yield from _refunds(client, order, number, request.page_limit)


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per order, line and refund."""
    return rewrite_pull(file, _records)


def _refunds(client: HttpClient, order: Mapping[str, Any], number: int, page_limit: int) -> Iterator[Page]:
    found = set()
    for answer in _pages(client, f"/orders/{order['id']}/refunds", {}, page_limit):
        found |= {refund["id"] for refund in answer.body}
        yield Page({"kind": "refunds", "page": str(number), "order_id": order["id"]}, answer.content.decode())
    if not {refund["id"] for refund in order["refunds"]} <= found:
        raise client.refuse(
            f"order {order['id']} without some of the refunds that it names",
            "It was changed between two questions; the next run tries again.",
        )


def _pages(client: HttpClient, path: str, question: Mapping[str, str], page_limit: int) -> Iterator[Answer]:
    paging = Paging(client, page_limit)
    page, pages, total, received = 1, 1, "", 0
    while page <= pages:
        paging.follow(page)
        answer = client.get(path, {**question, "per_page": str(_PAGE_SIZE), "page": str(page)})
        pages, received = int(answer.headers["x-wp-totalpages"]), received + len(answer.body)
        if total not in ("", answer.headers["x-wp-total"]):
            raise _changed(client, f"{total} entries on one page and {answer.headers['x-wp-total']} on the next one")
        total = answer.headers["x-wp-total"]
        yield answer
        if page < pages:
            paging.take(answer)
        page += 1
    if received != int(total):
        raise _changed(client, f"{received} entries of {total}")


def _changed(client: HttpClient, found: str) -> Exception:
    return client.refuse(found, "The list changed while it was asked for; the next run tries again.")


def _records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
    for page in pull.pages:
        number = {"page": page.about["page"]}
        if page.about["kind"] == "refunds":
            common = number | {"kind": "refund", "order_id": page.about["order_id"]}
            yield from (common | {key: refund[key] for key in _REFUND_KEYS} for refund in page.body)
            continue
        for order in page.body:
            common = number | {"order_id": order["id"]}
            yield common | {"kind": "order", **_order(order)}
            for position, line in enumerate(order["line_items"], 1):
                yield common | {"kind": "line", **_line(line, position)}


def _order(order: Mapping[str, Any]) -> Record:
    marks = {entry["key"]: entry["value"] for entry in order["meta_data"] if isinstance(entry["value"], str)}
    return {
        **{key: order[key] for key in (*_ORDER_TEXTS, *_ORDER_AMOUNTS, *_ORDER_TIMES)},
        **{name: marks.get(f"{_ATTRIBUTION}{name}") for name in _UTM},
        "email": order["billing"]["email"],
        "country": order["shipping"]["country"] or order["billing"]["country"],
    }


def _line(line: Mapping[str, Any], position: int) -> Record:
    return {
        **{key: line[key] for key in _LINE_KEYS},
        "line_number": str(position),
        "product_id": line["variation_id"] if line["variation_id"] != "0" else line["product_id"],
        "product_name": unescape(line["name"]),
    }


def _tables(source: Source, statuses: Mapping[str, str]) -> tuple[ContractTable, ...]:
    common = {"order_id": "order_id", "account_id": literal(source.account_id)}
    currency = "case order_currency when 'IRT' then 'IRR' else order_currency end"
    meaning = f"case status {cases(statuses)} end"
    orders = common | {
        "day": "cast(date_created as date)",
        "order_number": "number",
        "created_at": "date_created_gmt_utc",
        "paid_at": "date_paid_gmt_utc",
        "updated_at": "date_modified_gmt_utc",
        "customer_key": "coalesce(nullif(customer_id, '0'), email, 'guest:' || order_id)",
        "status": (
            f"case when {meaning} <> 'paid' or refunded = 0 then {meaning}"
            " when refunded < total then 'partially_refunded' else 'refunded' end"
        ),
        "currency": currency,
        "gross_items": "gross_items * unit",
        "discounts": "discount_total * unit",
        "shipping": "shipping_total * unit",
        "taxes": "total_tax * unit",
        "total": "total * unit",
        "refunded_total": "refunded * unit",
        "payment_method": "payment_method_title",
        "sales_channel": "created_via",
        "country": "nullif(country, '')",
        "utm_source": "utm_source",
        "utm_medium": "utm_medium",
        "utm_campaign": "utm_campaign",
    }
    lines = common | {
        "line_number": "line_number",
        "line_id": "id",
        "day": "cast(ordered as date)",
        "product_id": "coalesce(nullif(sku, ''), product_id)",
        "product_name": "product_name",
        "quantity": "quantity",
        "unit_price": "round(subtotal * unit / nullif(quantity, 0), 4)",
        "line_discount": "(subtotal - total) * unit",
        "line_total": "total * unit",
        "is_product": "true",
    }
    refunds = common | {
        "refund_id": "id",
        "day": "cast(date_created as date)",
        "refunded_at": "date_created_gmt_utc",
        "amount": "amount * unit",
        "currency": currency,
        "reason": "nullif(reason, '')",
        "is_estimated_date": "false",
    }
    # An order from before the first day is another source's; what was given back for it since then is not.
    first_day = literal(str(source.pull.starts_on)) if source.pull else "'1970-01-01'"
    return tuple(
        contract_table(subject, columns, where=f"kind = '{kind}' and {columns['day']} >= date {first_day}")
        for subject, kind, columns in (
            ("orders", "order", orders),
            ("order_lines", "line", lines),
            ("refunds", "refund", refunds),
        )
    )


def _judge(answer: Answer) -> Verdict:
    if answer.status not in _ADVICE:
        return None
    what = vendor_message(answer) if answer.body is not None else " with a page that is not JSON"
    return GiveUp(f"HTTP {answer.status}{what}", _ADVICE[answer.status])
