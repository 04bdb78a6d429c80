"""Shopify: orders, their lines and their refunds from the GraphQL Admin API.

Here: what the answers mean, and who may ask. The questions and the vendor's errors belong to ``api.shopify_graphql``,
the export of the user interface to ``shopify_orders``; meanings of amounts and states are the same in both.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.access_token import Grant, use_access_token
from kpi_pipeline.sources.api.changed_entities import day_in_zone
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, rewrite_pull
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.shopify_graphql import OrderQuestions, judge
from kpi_pipeline.sources.contracts.common_rules import cases, declared_choices, declared_options
from kpi_pipeline.sources.contracts.contract import Contract, ContractTable, RowRule, contract_table, source_error
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.opened_file import FileNote
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.systems.shopify_orders import STATUSES
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="2026-10",
    sunset=date(2027, 10, 1),  # twelve months after its release
    endpoint="",
    secrets=(),
    asks_for="changes",
    optional_secrets=("access_token", "client_id", "client_secret"),
)
# Without the scope read_all_orders, older orders are left out without a word.
_VISIBLE = timedelta(days=60)
_TEXTS = (
    *("kind", "order_id", "name", "financial_status", "currency", "customer_id", "payment_method", "sales_channel"),
    *("utm_source", "utm_medium", "utm_campaign", "entry_id", "product_id", "sku", "product_name", "vendor"),
)
_AMOUNTS = ("total", "discounts", "shipping", "taxes", "refunded", "price", "line_total", "amount")
_FIELDS = (
    *(Field(name, (name,)) for name in _TEXTS),
    *(Field(name, (name,), "decimal") for name in _AMOUNTS),
    *(Field(name, (name,), "timestamp") for name in ("created_at", "updated_at", "cancelled_at")),
    *(Field(name, (name,), "integer") for name in ("page", "line_number", "quantity")),
    *(Field(name, (name,), "boolean") for name in ("is_test", "requires_shipping", "taxable")),
    Field("email", ("email",), personal=True),
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Shopify store's answers."""
    options = declared_options(name, source, ("customers",))
    has_hashed_customers = bool(declared_choices(name, source, "customers", ("email",), ()))
    if source.time_zone is None:
        raise source_error(name, "time_zone", "is missing; an order's day is the shop's, and answers have UTC only")
    return Contract(
        source=name,
        system="shopify_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=_tables(source, "cast(null as varchar)" if has_hashed_customers else _number("customer_id")),
        row_query=f"""
        select
            lines.*,
            sum(case when is_product then quantity * price else 0 end) over whole_order as gross_items,
            max(case when kind = 'order' then own_day end) over whole_order as order_day
        from (
            select
                typed_rows.*,
                {day_in_zone("created_at_utc", source.time_zone)} as own_day,
                -- a tip or a gift wrap is neither shipped nor taxed and has no vendor
                kind = 'line' and (requires_shipping or taxable or vendor is not null) as is_product
            from typed_rows
            -- an order that is changed while pages are asked for comes again at the end
            qualify page = max(page) over (partition by order_id)
        ) as lines
        window whole_order as (partition by order_id)
        """,
        row_rules=(
            RowRule(
                predicate=f"kind <> 'order' or lower(financial_status) in ({', '.join(map(literal, STATUSES))})",
                shown="financial_status",
                expected=f"one of {', '.join(STATUSES)}",
            ),
        ),
        rewriter="systems.shopify_api",
        options=options,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the orders that changed, and for what the answers leave out of them."""
    client = request.client(judge=judge)
    grant = Grant(f"{client.base_url}/admin/oauth/access_token", "client_credentials", is_client_in_form=True)
    use_access_token(client, request, grant, lambda token: {"X-Shopify-Access-Token": token})
    questions = OrderQuestions(client, f"/admin/api/{request.version}/graphql.json", request.page_limit)
    for number, answer in enumerate(questions.changed_orders(request.since), 1):
        yield Page({"page": str(number)}, answer.content.decode())
        for order in answer.body["data"]["orders"]["nodes"]:
            for before, more in questions.further_lines(order):
                yield Page({"page": str(number), "lines_before": str(before)}, more.content.decode())


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per order, line and refund."""
    return rewrite_pull(file, _records)


def _records(pull: StoredPull, extracted: Extracted) -> Iterator[Record]:
    oldest = None
    for page in pull.pages:
        number = page.about["page"]
        data = page.body["data"]
        if "lines_before" in page.about:
            yield from _lines(data["order"], number, int(page.about["lines_before"]))
            continue
        for order in data["orders"]["nodes"]:
            created = date.fromisoformat(order["createdAt"][:10])
            oldest = min(oldest or created, created)
            yield _order(order, number)
            yield from _lines(order, number, 0)
            yield from _refunds(order, number)
    visible = pull.last_day - _VISIBLE
    if oldest and pull.first_day < visible - timedelta(days=1) and oldest >= visible:
        found = f"no order from before {oldest}, though all since {pull.first_day} were asked for"
        message = "Without the scope read_all_orders Shopify shows the orders of 60 days only, and says nothing."
        extracted.notes.append(FileNote("history_limit", found, message))


def _order(order: Mapping[str, Any], page: str) -> Record:
    # Null for orders that began elsewhere than in the online shop.
    visit = (order["customerJourneySummary"] or {}).get("lastVisit") or {}
    campaign = visit.get("utmParameters") or {}
    return {
        "kind": "order",
        "page": page,
        "order_id": order["id"],
        "name": order["name"],
        "email": order["email"],
        "is_test": str(order["test"]),
        "created_at": order["createdAt"],
        "updated_at": order["updatedAt"],
        "cancelled_at": order["cancelledAt"],
        "financial_status": order["displayFinancialStatus"],
        "payment_method": ", ".join(order["paymentGatewayNames"]),
        "sales_channel": order["sourceName"],
        "currency": order["totalPriceSet"]["shopMoney"]["currencyCode"],
        "total": _amount(order["totalPriceSet"]),
        "discounts": _amount(order["totalDiscountsSet"]),
        "shipping": _amount(order["totalShippingPriceSet"]),
        "taxes": _amount(order["totalTaxSet"]),
        "refunded": _amount(order["totalRefundedSet"]),
        "customer_id": (order["customer"] or {}).get("id"),
        **{f"utm_{name}": campaign.get(name) for name in ("source", "medium", "campaign")},
    }


def _lines(order: Mapping[str, Any], page: str, before: int) -> Iterator[Record]:
    for number, line in enumerate(order["lineItems"]["nodes"], before + 1):
        yield {
            "kind": "line",
            "page": page,
            "order_id": order["id"],
            "entry_id": line["id"],
            "line_number": str(number),
            "sku": line["sku"],
            "product_id": (line["product"] or {}).get("id"),  # null where the product was deleted
            "product_name": line["name"],
            "vendor": line["vendor"],
            "quantity": line["quantity"],
            "price": _amount(line["originalUnitPriceSet"]),
            "line_total": _amount(line["discountedTotalSet"]),
            "requires_shipping": str(line["requiresShipping"]),
            "taxable": str(line["taxable"]),
        }


def _refunds(order: Mapping[str, Any], page: str) -> Iterator[Record]:
    for refund in order["refunds"]:
        lines = refund["refundLineItems"]
        # Of more lines than were asked for the number of pieces is unknown, the amount is not.
        is_known = not lines["pageInfo"]["hasNextPage"]
        yield {
            "kind": "refund",
            "page": page,
            "order_id": order["id"],
            "entry_id": refund["id"],
            "created_at": refund["createdAt"],
            "currency": refund["totalRefundedSet"]["shopMoney"]["currencyCode"],
            "amount": _amount(refund["totalRefundedSet"]),
            "quantity": str(sum(int(line["quantity"]) for line in lines["nodes"])) if is_known else None,
        }


def _amount(money: Mapping[str, Any]) -> str:
    return str(money["shopMoney"]["amount"])


def _number(identifier: str) -> str:
    """Return the expression of the number at the end of ``gid://shopify/Order/123``, as exports show it."""
    return f"regexp_extract({identifier}, '^gid://shopify/[A-Za-z]+/([0-9]+)$', 1)"


def _tables(source: Source, customer: str) -> tuple[ContractTable, ...]:
    order_id = _number("order_id")
    common = {"order_id": order_id, "account_id": literal(source.account_id)}
    status = f"case lower(financial_status) {cases(STATUSES)} end"
    orders = common | {
        "day": "order_day",
        "order_number": "name",
        "created_at": "created_at_utc",
        "cancelled_at": "cancelled_at_utc",
        "updated_at": "updated_at_utc",
        "customer_key": f"coalesce({customer}, email, 'guest:' || {order_id})",
        "status": f"case when cancelled_at is not null then 'cancelled' else {status} end",
        "is_test": "is_test or coalesce(contains(lower(payment_method), 'bogus'), false)",
        "currency": "currency",
        "gross_items": "gross_items",
        "discounts": "discounts",
        "shipping": "shipping",
        "taxes": "taxes",
        "total": "total",
        "refunded_total": "refunded",
        "payment_method": "payment_method",
        "sales_channel": "sales_channel",
        "utm_source": "utm_source",
        "utm_medium": "utm_medium",
        "utm_campaign": "utm_campaign",
    }
    lines = common | {
        "line_number": "line_number",
        "line_id": _number("entry_id"),
        "day": "order_day",
        "product_id": f"coalesce(nullif(sku, ''), {_number('product_id')})",
        "product_name": "product_name",
        "vendor": "vendor",
        "quantity": "quantity",
        "unit_price": "price",
        "line_discount": "quantity * price - line_total",
        "line_total": "line_total",
        "is_product": "is_product",
    }
    refunds = common | {
        "refund_id": _number("entry_id"),
        "day": "own_day",
        "refunded_at": "created_at_utc",
        "amount": "amount",
        "currency": "currency",
        "quantity": "quantity",
        "is_estimated_date": "false",
    }
    # An order from before the first day is another source's; what was given back for it since then is not.
    first_day = literal(str(source.pull.starts_on)) if source.pull else "'1970-01-01'"
    return (
        contract_table("orders", orders, where=f"kind = 'order' and order_day >= date {first_day}"),
        contract_table("order_lines", lines, where=f"kind = 'line' and order_day >= date {first_day}"),
        contract_table("refunds", refunds, where=f"kind = 'refund' and amount > 0 and own_day >= date {first_day}"),
    )
