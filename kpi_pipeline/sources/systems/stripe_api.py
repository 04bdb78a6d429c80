"""Stripe: charges, refunds and balance transactions from the API.

Here: three lists, each asked for by the day on which its entries were made. A charge changes for some days after it was
made (captured, failed), so the newest days are asked for again; a refund months later changes its charge no more here,
but is an entry of its own under its own day. Exports belong to ``stripe_payments`` and ``stripe_balance``.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.changed_entities import day_in_zone
from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, rewrite_pull
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, TryAgain, Verdict, retry_after, vendor_message
from kpi_pipeline.sources.contracts.common_rules import declared_choices, declared_options
from kpi_pipeline.sources.contracts.contract import Contract, ContractTable, RowRule, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="",  # the account's own; another one is sent as Stripe-Version
    sunset=None,
    endpoint="https://api.stripe.com",
    secrets=("secret_key",),
    asks_for="days",
)
_LISTS = {"orders": "charges", "refunds": "refunds", "fees": "balance_transactions"}
_DELIVERED_BY_DEFAULT = ("orders", "refunds")
_PAGE_SIZE = 100
# Amounts are whole numbers of the smallest unit. ISK and UGX have none, but are still written in hundredths.
_WITHOUT_DECIMALS = (
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_WITH_THREE_DECIMALS = ("BHD", "JOD", "KWD", "OMR", "TND")
_FIELDS = (
    Field("list", ("list",), required=True),
    Field("id", ("id",), required=True),
    Field("created", ("created",), "integer", required=True),
    Field("currency", ("currency",), required=True),
    Field("amount", ("amount",), "integer", required=True),
    Field("amount_captured", ("amount_captured",), "integer"),
    Field("amount_refunded", ("amount_refunded",), "integer"),
    Field("captured", ("captured",), "boolean"),
    Field("livemode", ("livemode",), "boolean"),
    Field("status", ("status",)),
    Field("customer", ("customer",)),
    Field("email", ("email",), personal=True),
    Field("country", ("country",)),
    Field("payment_method", ("payment_method",)),
    Field("charge", ("charge",)),
    Field("reason", ("reason",)),
    Field("fee", ("fee",), "integer"),
    Field("reporting_category", ("reporting_category",)),
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Stripe account's answers."""
    delivered = _delivered(name, source)
    return Contract(
        source=name,
        system="stripe_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=tuple(table for key, table in _tables(source).items() if key in delivered),
        row_query=_row_query(source.time_zone or "UTC"),
        row_rules=(
            RowRule(
                predicate="list <> 'charges' or status in ('succeeded', 'pending', 'failed')",
                shown="status",
                expected="one of succeeded, pending, failed",
            ),
            RowRule(
                predicate="list <> 'charges' or amount_refunded between 0 and amount",
                shown="amount_refunded",
                expected="no more than the charge's amount",
            ),
            RowRule("regexp_full_match(currency, '[a-zA-Z]{3}')", shown="currency", expected="a currency's code"),
        ),
        rewriter="systems.stripe_api",
        options=declared_options(name, source, ("deliver",)),
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for every list that the source wants."""
    headers = {"Authorization": f"Bearer {request.secret('secret_key')}"}
    if request.version:
        headers["Stripe-Version"] = request.version
    client = request.client(path="/v1", headers=headers, judge=lambda answer: _judge(answer, request.now))
    zone = ZoneInfo(request.source.time_zone or "UTC")
    window = {
        "created[gte]": _start_of(request.first_day, zone),
        "created[lt]": _start_of(request.last_day + timedelta(days=1), zone),
    }
    delivered = _delivered(request.name, request.source)
    for name in (path for key, path in _LISTS.items() if key in delivered):
        yield from _pages(client, name, window, request.page_limit)


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per entry of each list."""
    return rewrite_pull(file, _records)


def _delivered(name: str, source: Source) -> set[str]:
    return declared_choices(name, source, "deliver", tuple(_LISTS), _DELIVERED_BY_DEFAULT)


def _start_of(day: date, zone: ZoneInfo) -> str:
    return str(int(datetime.combine(day, time(), zone).timestamp()))


def _pages(client: HttpClient, name: str, window: Mapping[str, str], page_limit: int) -> Iterator[Page]:
    paging = Paging(client, page_limit)
    last = ""
    has_more = True
    while has_more:
        paging.follow(last)
        question = {**window, "limit": str(_PAGE_SIZE)} | ({"starting_after": last} if last else {})
        answer = client.get(f"/{name}", question)
        entries, has_more = answer.body["data"], answer.body["has_more"]
        yield Page({"list": name}, answer.content.decode())
        if has_more:
            paging.take(answer)
            last = entries[-1]["id"]


def _records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
    for page in pull.pages:
        name = page.about["list"]
        for entry in page.body["data"]:
            common = {key: entry[key] for key in ("id", "created", "currency", "amount")} | {"list": name}
            if name == "charges":
                yield common | _charge(entry)
            elif name == "refunds":
                yield common | {key: entry[key] for key in ("status", "charge", "reason")}
            else:
                yield common | {key: entry[key] for key in ("fee", "reporting_category")}


def _charge(entry: Mapping[str, Any]) -> dict[str, str | None]:
    billing = entry["billing_details"]
    # Both are null or empty where the shop did not ask for them.
    shipped_to = (entry["shipping"] or {}).get("address") or {}
    method = entry["payment_method_details"] or {}
    return {
        "amount_captured": entry["amount_captured"],
        "amount_refunded": entry["amount_refunded"],
        "captured": str(entry["captured"]),
        "livemode": str(entry["livemode"]),
        "status": entry["status"],
        "customer": entry["customer"],
        "email": billing["email"] or entry["receipt_email"],
        "country": shipped_to.get("country") or (billing["address"] or {}).get("country"),
        "payment_method": method.get("type"),
    }


def _row_query(time_zone: str) -> str:
    unit = (
        f"case when upper(currency) in ({', '.join(map(literal, _WITHOUT_DECIMALS))}) then 1"
        f" when upper(currency) in ({', '.join(map(literal, _WITH_THREE_DECIMALS))}) then 0.001 else 0.01 end"
    )
    return f"""
    select
        typed_rows.*,
        make_timestamp(created * 1000000) as created_at,
        {day_in_zone("make_timestamp(created * 1000000)", time_zone)} as day,
        cast({unit} as decimal(4, 3)) as unit
    from typed_rows
    -- an entry that is made while pages are asked for may move others to the next page
    qualify row_number() over (partition by list, id order by created) = 1
    """


def _tables(source: Source) -> dict[str, ContractTable]:
    common = {"day": "day", "currency": "upper(currency)", "account_id": literal(source.account_id)}
    # What a capture leaves is refunded at once, or was never taken; only in the first case it is part of both.
    taken = "case when captured then least(amount, amount_captured + amount_refunded) else amount end"
    orders = common | {
        "order_id": "id",
        "order_number": "id",
        "created_at": "created_at",
        "customer_key": "coalesce(customer, email, 'guest:' || id)",
        "status": (
            "case when status = 'failed' then 'failed' when status = 'pending' then 'pending'"
            " when not captured then 'failed' when amount_refunded = 0 then 'paid'"
            " when amount_refunded = amount then 'refunded' else 'partially_refunded' end"
        ),
        "is_test": "not livemode",
        "gross_items": f"({taken}) * unit",
        "total": f"({taken}) * unit",
        "refunded_total": "amount_refunded * unit",
        "payment_method": "payment_method",
        "country": "country",
    }
    refunds = common | {
        "refund_id": "id",
        "order_id": "coalesce(charge, 'unknown:' || id)",
        "refunded_at": "created_at",
        # One that failed afterwards has to replace the one that was delivered before.
        "amount": "case when coalesce(status, '') in ('failed', 'canceled') then 0 else amount * unit end",
        "reason": "reason",
        "is_estimated_date": "false",
    }
    fees = common | {
        "period_start": "day",
        "period_end": "day",
        "account_code": "'stripe_fees'",
        "account_name": "'Stripe fees'",
        "section": "'opex'",
        "cost_kind": "'fees'",
        # What Stripe charges for itself is an entry of its own, with a negative amount.
        "amount": "(fee - case when reporting_category = 'fee' then amount else 0 end) * unit",
    }
    return {
        "orders": contract_table("orders", orders, where="list = 'charges'"),
        "refunds": contract_table("refunds", refunds, where="list = 'refunds'"),
        "fees": contract_table(
            "ledger_entries",
            fees,
            where="list = 'balance_transactions' and (fee <> 0 or reporting_category = 'fee')",
        ),
    }


def _judge(answer: Answer, now: datetime) -> Verdict:
    if answer.status < 400:
        return None
    found = f"HTTP {answer.status}{vendor_message(answer)}"
    advice = answer.headers.get("stripe-should-retry")
    if advice == "true":
        return TryAgain(found, retry_after(answer.headers, now))
    if answer.status in (401, 403):
        return GiveUp(found, "Make a restricted key that may read charges, refunds and balance transactions.")
    return GiveUp(found) if advice == "false" else None
