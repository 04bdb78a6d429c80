"""Salesforce: opportunities from the query API.

Here: the query for opportunities that changed, its pages, and the mapping to deals as they stand; what is closed and
won is Salesforce's own word. The close date of an open opportunity is a forecast and is not kept. Deleted opportunities
are not told. Reports belong to ``salesforce_opportunities``.
"""

from collections.abc import Iterator

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.access_token import Grant, use_access_token
from kpi_pipeline.sources.api.changed_entities import day_in_zone, newest_rows
from kpi_pipeline.sources.api.http_client import HttpClient
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, plain_number, rewrite_pull, rows_of
from kpi_pipeline.sources.api.paging import Paging
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.api.verdict import Answer, GiveUp, Take, Verdict
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table
from kpi_pipeline.sources.contracts.entity_rules import amount_has_currency, declared_time_zone
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(
    version="v62.0",
    sunset=None,
    endpoint="",  # every company has an address of its own
    secrets=(),
    asks_for="changes",
    optional_secrets=("access_token", "client_id", "client_secret"),
)
_CURRENCY = "CurrencyIsoCode"
_FIELDS = (
    Field("deal_id", ("Id",), required=True),
    Field("deal_name", ("Name",), free_text=True),
    Field("stage", ("StageName",), required=True),
    Field("amount", ("Amount",), "decimal"),
    Field("currency", (_CURRENCY,)),
    Field("created", ("CreatedDate",), "timestamp", required=True),
    Field("closed", ("CloseDate",), "timestamp"),
    Field("is_closed", ("IsClosed",), "boolean", required=True),
    Field("is_won", ("IsWon",), "boolean", required=True),
    Field("deal_type", ("Type",)),
    Field("updated", ("SystemModstamp",), "timestamp", required=True),
)
_NAMES = tuple(field.headers[0] for field in _FIELDS)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a company's opportunities.

    Raises:
        ConfigurationError: the source does not say its time zone.
    """
    zone = declared_time_zone(name, source)
    columns = {
        "deal_id": "deal_id",
        "day": day_in_zone("created_utc", zone),
        "deal_name": "deal_name",
        "stage": "stage",
        "created_at": "created_utc",
        "closed_at": "case when is_closed then closed_utc end",
        "closed_day": "case when is_closed then cast(closed as date) end",
        "is_closed": "is_closed",
        "is_won": "is_won",
        "amount": "amount",
        "currency": "coalesce(currency, file_currency)",
        "is_renewal": "contains(lower(deal_type), 'renewal')",
        "updated_at": "updated_utc",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="salesforce_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("deals", columns),),
        row_query=newest_rows("deal_id", "updated"),
        row_rules=(amount_has_currency("amount", "coalesce(currency, file_currency)"),),
        rewriter="systems.salesforce_api",
        options=declared_options(name, source, ()),
        time_zone=zone,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for all opportunities that changed, page by page."""
    client = request.client(judge=_judge)
    grant = Grant(f"{client.base_url}/services/oauth2/token", "client_credentials", is_client_in_form=True)
    use_access_token(client, request, grant, lambda token: {"Authorization": f"Bearer {token}"})
    answer = _first_page(client, request)
    total, found = int(answer.body["totalSize"]), 0
    paging = Paging(client, request.page_limit)
    while True:
        found += len(answer.body["records"])
        yield Page({}, answer.content.decode())
        if answer.body["done"]:
            break
        paging.take(answer)
        paging.follow(answer.body["nextRecordsUrl"])
        answer = client.get(answer.body["nextRecordsUrl"])
    if found != total:
        raise client.refuse(
            f"{found} opportunities", "The next run asks again.", expected=f"{total}, as the first page says"
        )


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per opportunity."""
    return rewrite_pull(file, _records)


def _first_page(client: HttpClient, request: PullRequest) -> Answer:
    """Ask with the currency, and without it where the company has only one and Salesforce does not know the field."""
    for names in (_NAMES, tuple(name for name in _NAMES if name != _CURRENCY)):
        query = (
            f"SELECT {', '.join(names)} FROM Opportunity"
            f" WHERE SystemModstamp >= {request.since:%Y-%m-%dT%H:%M:%SZ} ORDER BY SystemModstamp"
        )
        answer = client.get(f"/services/data/{request.version}/query", {"q": query})
        if answer.status == 200:
            break
    return answer


def _records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
    for record in rows_of(pull.pages, "records"):
        # Only companies with several currencies have the field.
        values = {field.name: record[field.headers[0]] for field in _FIELDS if field.name != "currency"}
        yield values | {"currency": record.get(_CURRENCY), "amount": plain_number(record["Amount"])}


def _judge(answer: Answer) -> Verdict:
    """Judge a list of errors; the ones of other shapes are judged by their status."""
    if answer.status == 200 or not isinstance(answer.body, list) or not answer.body:
        return None
    code, message = answer.body[0].get("errorCode"), str(answer.body[0].get("message"))
    if code == "INVALID_FIELD" and _CURRENCY in message:
        return Take()
    if code == "REQUEST_LIMIT_EXCEEDED":
        return GiveUp(f"{code}: {message}", "The company's requests of this day are used up; the next run asks again.")
    return None
