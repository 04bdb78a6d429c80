"""Mailchimp: the reports of sent campaigns.

Here: one report per campaign, page by page, and its mapping to mailings, whose figures keep growing: campaigns of the
last 90 days are asked for again every time. Rates are never read, since they follow from the counts. Clicks count
people, not links. The export of the UI belongs to ``mailchimp_campaigns``.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.changed_entities import day_in_zone, newest_rows
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, plain_number, rewrite_pull, rows_of
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table, source_error
from kpi_pipeline.sources.contracts.entity_rules import amount_has_currency, declared_time_zone
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.opened_file import FileNote
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="3.0",
    sunset=None,
    endpoint="",  # the data centre that the key names
    secrets=("api_key",),
    asks_for="days",
)
_GROWS = timedelta(days=90)
_PAGE_SIZE = 1000
_FIELDS = (
    Field("campaign_id", ("id",), required=True),
    Field("title", ("campaign_title",), free_text=True),
    Field("subject", ("subject_line",), free_text=True),
    Field("list_id", ("list_id",)),
    Field("list_name", ("list_name",)),
    Field("sent", ("send_time",), "timestamp", required=True),
    Field("recipients", ("emails_sent",), "integer", required=True),
    Field("bounces_hard", ("bounces.hard_bounces",), "integer", required=True),
    Field("bounces_soft", ("bounces.soft_bounces",), "integer", required=True),
    Field("syntax_errors", ("bounces.syntax_errors",), "integer", required=True),
    Field("opens_total", ("opens.opens_total",), "integer"),
    Field("opens_unique", ("opens.unique_opens",), "integer"),
    Field("clicks_total", ("clicks.clicks_total",), "integer"),
    Field("clicks_unique", ("clicks.unique_subscriber_clicks",), "integer"),
    Field("unsubscribes", ("unsubscribed",), "integer"),
    Field("complaints", ("abuse_reports",), "integer"),
    Field("orders", ("ecommerce.total_orders",), "integer"),
    Field("revenue", ("ecommerce.total_revenue",), "decimal"),
    Field("currency", ("ecommerce.currency_code",)),
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Mailchimp account's reports.

    Raises:
        ConfigurationError: the source does not say its time zone.
    """
    zone = declared_time_zone(name, source)
    columns = {field.name: field.name for field in _FIELDS} | {
        "day": day_in_zone("sent_utc", zone),
        "sent_at": "sent_utc",
        "delivered": "recipients - bounces_hard - bounces_soft - syntax_errors",
        "currency": "coalesce(currency, file_currency)",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="mailchimp_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("email_campaigns", columns),),
        row_query=newest_rows("campaign_id", "sent"),
        row_rules=(amount_has_currency("revenue", "coalesce(currency, file_currency)"),),
        rewriter="systems.mailchimp_api",
        options=declared_options(name, source, ()),
        time_zone=zone,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the reports of all campaigns that may still grow."""
    key = request.secret("api_key")
    pair = b64encode(f"kpi:{key}".encode()).decode()
    request.secrets.add(pair)
    home = replace(request, facts=replace(request.facts, endpoint=data_centre(request, key)))
    client = home.client(path=f"/{request.version}", headers={"Authorization": f"Basic {pair}"})
    starts_on = request.source.pull.starts_on if request.source.pull else request.first_day
    # A day of another zone begins up to 14 hours before that of UTC.
    since = max(starts_on, min(request.first_day, request.last_day - _GROWS)) - timedelta(days=1)
    paging = Paging(client, request.page_limit)
    total, found = None, 0
    while total is None or found < total:
        paging.follow(found)
        answer = client.get(
            "/reports",
            {
                "count": str(_PAGE_SIZE),
                "offset": str(found),
                "since_send_time": f"{since}T00:00:00+00:00",
                "fields": ",".join(["total_items", *(f"reports.{field.headers[0]}" for field in _FIELDS)]),
            },
        )
        reports, items = answer.body["reports"], int(answer.body["total_items"])
        if total not in (None, items) or (not reports and found < items):
            raise client.refuse(
                f"{items} campaigns, {len(reports)} of them from the number {found + 1} on",
                "Campaigns were sent or deleted meanwhile; the next run asks again.",
                expected="as many as the first page says",
            )
        paging.take(answer)
        total, found = items, found + len(reports)
        yield Page({}, answer.content.decode())


def data_centre(request: PullRequest, key: str) -> str:
    """Return the address that the end of the key names, which stands where the source names no other.

    Raises:
        ConfigurationError: neither names one.
    """
    found = re.search(r"-([a-z]{2,4}[0-9]{1,4})$", key)
    if not found and not (request.source.pull and request.source.pull.endpoint):
        problem = "is missing, and the key does not end with a data centre, such as -us6"
        raise source_error(request.name, "pull.endpoint", problem)
    return f"https://{found[1]}.api.mailchimp.com" if found else ""


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per campaign."""
    return rewrite_pull(file, _records)


def _records(pull: StoredPull, extracted: Extracted) -> Iterator[Record]:
    for report in rows_of(pull.pages, "reports"):
        if not report["send_time"]:
            message = "Mailchimp does not say when this campaign was sent; it has no day and is left out."
            extracted.notes.append(FileNote("campaign_without_time", report["id"], message))
            continue
        # Only accounts with a connected shop have figures of sales.
        report = {"ecommerce": {}} | report
        record = {field.name: _value(report, field.headers[0]) for field in _FIELDS}
        yield record | {"revenue": plain_number(record["revenue"])}


def _value(report: Any, path: str) -> str | None:
    group, _, name = path.rpartition(".")
    value = report[group].get(name) if group == "ecommerce" else (report[group] if group else report)[name]
    return None if value is None else str(value)
