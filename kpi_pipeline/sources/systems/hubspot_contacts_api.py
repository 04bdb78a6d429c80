"""HubSpot: the search API for contacts.

Here: the properties of a contact and its mapping to leads as they stand. The address is kept as a keyed hash; names and
phone numbers are not asked for. A contact counts as qualified once it has become a marketing qualified lead, or in the
stages that the source names. The export of the UI belongs to ``hubspot_contacts``.
"""

from collections.abc import Iterator

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.changed_entities import day_in_zone, newest_rows
from kpi_pipeline.sources.api.hubspot_search import ENDPOINT, VERSION, changed_objects, hubspot_client
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, rewrite_pull, rows_of
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table
from kpi_pipeline.sources.contracts.entity_rules import declared_option, declared_time_zone, filled_in, is_one_of
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(version=VERSION, sunset=None, endpoint=ENDPOINT, secrets=("access_token",), asks_for="changes")
_CHANGED = "lastmodifieddate"  # other objects call it hs_lastmodifieddate
_FIELDS = (
    Field("lead_id", ("id",), required=True),
    Field("email", ("email",), personal=True),
    Field("lifecycle_stage", ("lifecyclestage",), required=True),
    Field("lead_source", ("hs_analytics_source",)),
    Field("created", ("createdate",), "timestamp", required=True),
    Field("qualified", ("hs_lifecyclestage_marketingqualifiedlead_date",), "timestamp"),
    Field("converted", ("hs_lifecyclestage_customer_date",), "timestamp"),
    Field("updated", (_CHANGED,), "timestamp", required=True),
)
_PROPERTIES = tuple(field.headers[0] for field in _FIELDS if field.name not in ("lead_id", "updated"))


def build(name: str, source: Source) -> Contract:
    """Make the contract of a HubSpot account's contacts.

    Raises:
        ConfigurationError: the source does not say its time zone, or which stages are qualified.
    """
    zone = declared_time_zone(name, source)
    qualified = declared_option(name, source, "qualified_stages")
    columns = {
        "lead_id": "lead_id",
        "day": day_in_zone("created_utc", zone),
        "created_at": "created_utc",
        "lead_source": "lead_source",
        "lifecycle_stage": "lifecycle_stage",
        "is_qualified": f"qualified_utc is not null or {is_one_of('lifecycle_stage', qualified)}",
        "qualified_at": "qualified_utc",
        "converted_at": "converted_utc",
        "customer_key": "coalesce(email, 'contact:' || lead_id)",
        "updated_at": "updated_utc",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="hubspot_contacts_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("leads", columns),),
        row_query=newest_rows("lead_id", "updated"),
        row_rules=(filled_in("created"),),
        rewriter="systems.hubspot_contacts_api",
        options=declared_options(name, source, ("qualified_stages",)),
        time_zone=zone,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for all contacts that changed."""
    yield from changed_objects(hubspot_client(request), request, "contacts", changed=_CHANGED, properties=_PROPERTIES)


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per contact and time that it was told."""
    return rewrite_pull(file, _records)


def _records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
    for contact in rows_of(pull.pages, "results"):
        properties = contact["properties"]
        record = {field.name: properties[field.headers[0]] for field in _FIELDS if field.name != "lead_id"}
        yield record | {"lead_id": contact["id"]}
