"""Zendesk: the incremental export of tickets.

Here: the tickets that changed with their metrics, cursor by cursor, and their mapping to tickets as they stand. A
duration that is empty has not happened yet and is never zero. Deleted tickets stay, with the status ``deleted``. Who
asked is known by a number alone; subjects, names and tags are in the answers but not read. The export of a ticket view
belongs to ``zendesk_tickets``.
"""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.changed_entities import day_in_zone, newest_rows
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, rewrite_pull, rows_of
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.verdict import Answer, TryAgain, Verdict
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table
from kpi_pipeline.sources.contracts.entity_rules import declared_time_zone, filled_in
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="v2",
    sunset=None,
    endpoint="",  # every company has an address of its own
    secrets=("email", "api_token"),
    asks_for="changes",
)
_SECONDS_AFTER_CONFLICT = 10.0
_FIELDS = (
    Field("ticket_id", ("id",), required=True),
    Field("created", ("created_at",), "timestamp", required=True),
    Field("updated", ("updated_at",), "timestamp", required=True),
    Field("solved", ("solved_at",), "timestamp"),
    Field("status", ("status",), required=True),
    Field("priority", ("priority",)),
    Field("channel", ("via.channel",)),
    Field("group_name", ("group_id",)),
    Field("assignee", ("assignee_id",)),
    Field("requester", ("requester_id",)),
    Field("satisfaction", ("satisfaction_rating.score",)),
    Field("first_reply_minutes", ("reply_time_in_minutes.calendar",), "double"),
    Field("first_reply_business_minutes", ("reply_time_in_minutes.business",), "double"),
    Field("first_resolution_minutes", ("first_resolution_time_in_minutes.calendar",), "double"),
    Field("full_resolution_minutes", ("full_resolution_time_in_minutes.calendar",), "double"),
    Field("reopens", ("reopens",), "integer"),
    Field("replies", ("replies",), "integer"),
)
_OF_METRICS = (
    "solved",
    "first_reply_minutes",
    "first_reply_business_minutes",
    "first_resolution_minutes",
    "full_resolution_minutes",
    "reopens",
    "replies",
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Zendesk account's tickets.

    Raises:
        ConfigurationError: the source does not say its time zone.
    """
    zone = declared_time_zone(name, source)
    columns = {field.name: field.name for field in _FIELDS} | {
        "day": day_in_zone("created_utc", zone),
        "created_at": "created_utc",
        "solved_at": "solved_utc",
        "solved_day": day_in_zone("solved_utc", zone),
        "customer_key": "'requester:' || requester",
        "updated_at": "updated_utc",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="zendesk_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("support_tickets", columns),),
        row_query=newest_rows("ticket_id", "updated"),
        row_rules=(filled_in("created"),),
        rewriter="systems.zendesk_api",
        options=declared_options(name, source, ()),
        time_zone=zone,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for all tickets that changed, until Zendesk says that this is all."""
    email, token = request.secret("email"), request.secret("api_token")
    pair = b64encode(f"{email}/token:{token}".encode()).decode()
    request.secrets.add(pair)
    client = request.client(path=f"/api/{request.version}", headers={"Authorization": f"Basic {pair}"}, judge=_judge)
    paging = Paging(client, request.page_limit)
    position = {"start_time": str(int(request.since.timestamp())), "include": "metric_sets"}
    is_end = False
    while not is_end:
        paging.follow(tuple(position.values()))
        answer = client.get("/incremental/tickets/cursor.json", position)
        if answer.body["tickets"]:
            paging.take(answer)
        yield Page({}, answer.content.decode())
        is_end = answer.body["end_of_stream"]
        position = {"cursor": answer.body["after_cursor"], "include": "metric_sets"}


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per ticket and time that it was told."""
    return rewrite_pull(file, _records)


def _records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
    for ticket in rows_of(pull.pages, "tickets"):
        # A deleted ticket has no metrics any more.
        metrics = ticket.get("metric_set") if ticket["status"] == "deleted" else ticket["metric_set"]
        yield {
            field.name: _value(metrics if field.name in _OF_METRICS else ticket, field.headers[0]) for field in _FIELDS
        }


def _value(record: Any, path: str) -> str | None:
    *groups, name = path.split(".")
    for group in groups:
        # Accounts that ask nobody for a rating do not have it.
        record = record and (record.get(group) if group == "satisfaction_rating" else record[group])
    value = record and record[name]
    return value if isinstance(value, str) else None


def _judge(answer: Answer) -> Verdict:
    return TryAgain("HTTP 409", _SECONDS_AFTER_CONFLICT) if answer.status == 409 else None
