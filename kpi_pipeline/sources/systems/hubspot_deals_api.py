"""HubSpot: the search API for deals.

Here: the properties of a deal and its mapping to deals as they stand. Stages and pipelines come with the names that the
account gave them; what is closed and won is HubSpot's own word. The close date of an open deal is a forecast and is not
kept. Deleted deals are not told. The export of the UI belongs to ``hubspot_deals``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.api.changed_entities import day_in_zone, newest_rows, refuse_unasked
from kpi_pipeline.sources.api.hubspot_search import ENDPOINT, VERSION, changed_objects, hubspot_client
from kpi_pipeline.sources.api.pages import Extracted, Page, Record, StoredPull, plain_number, rewrite_pull
from kpi_pipeline.sources.api.pull import ApiFacts, PullRequest
from kpi_pipeline.sources.contracts.common_rules import declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table
from kpi_pipeline.sources.contracts.entity_rules import amount_has_currency, declared_time_zone
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.files.refused_file import RefusedFile
from kpi_pipeline.sources.files.rewriting import FileToRewrite, Rewritten
from kpi_pipeline.sources.values.sql_text import literal

API = ApiFacts(version=VERSION, sunset=None, endpoint=ENDPOINT, secrets=("access_token",), asks_for="changes")
_OPTIONS = ("proposal_stages", "product_column")
_CHANGED = "hs_lastmodifieddate"
_FIELDS = (
    Field("deal_id", ("id",), required=True),
    Field("deal_name", ("dealname",), free_text=True),
    Field("pipeline", ("pipeline",)),
    Field("stage", ("dealstage",)),
    Field("owner", ("hubspot_owner_id",)),
    Field("product", ("product",)),
    Field("amount", ("amount",), "decimal"),
    Field("currency", ("deal_currency_code",)),
    Field("deal_type", ("dealtype",)),
    Field("is_closed", ("hs_is_closed",), "boolean", required=True),
    Field("is_won", ("hs_is_closed_won",), "boolean", required=True),
    Field("created", ("createdate",), "timestamp"),
    Field("closed", ("closedate",), "timestamp"),
    Field("proposed", ("proposal",), "timestamp"),
    Field("updated", (_CHANGED,), "timestamp", required=True),
)
_PROPERTIES = tuple(
    field.headers[0] for field in _FIELDS if field.name not in ("deal_id", "product", "proposed", "updated")
)
_ASKED = (*_PROPERTIES, _CHANGED)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a HubSpot account's deals.

    Raises:
        ConfigurationError: the source does not say its time zone.
    """
    zone = declared_time_zone(name, source)
    columns = {field.name: field.name for field in _FIELDS} | {
        "day": day_in_zone("created_utc", zone),
        "created_at": "created_utc",
        "proposal_sent_at": "proposed_utc",
        "closed_at": "case when is_closed then closed_utc end",
        "closed_day": f"case when is_closed then {day_in_zone('closed_utc', zone)} end",
        "currency": "coalesce(currency, file_currency)",
        "is_renewal": "case deal_type when 'existingbusiness' then true when 'newbusiness' then false end",
        "updated_at": "updated_utc",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="hubspot_deals_api",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("deals", columns),),
        row_query=newest_rows("deal_id", "updated"),
        row_rules=(amount_has_currency("amount", "coalesce(currency, file_currency)"),),
        rewriter="systems.hubspot_deals_api",
        options=declared_options(name, source, _OPTIONS),
        time_zone=zone,
    )


def pull(request: PullRequest) -> Iterator[Page]:
    """Ask for the stages, then for all deals that changed."""
    client = hubspot_client(request)
    pipelines = client.get("/pipelines/deals")
    yield Page({"kind": "pipelines"}, pipelines.content.decode())
    options = dict(declared_options(request.name, request.source, _OPTIONS))
    entered = _entered(request.file_name, _stages(pipelines.body), options.get("proposal_stages", ()))
    yield from changed_objects(
        client,
        request,
        "deals",
        changed=_CHANGED,
        properties=_PROPERTIES,
        chosen=(*entered, *options.get("product_column", ())),
    )


def rewrite(file: FileToRewrite) -> Rewritten:
    """Rewrite stored answers as one row per deal and time that it was told.

    Raises:
        RefusedFile: there is no stage that the source names, or the answers were asked for with other settings.
    """
    wanted, product = (file.contract.option(key) for key in ("proposal_stages", "product_column"))

    def records(pull: StoredPull, _extracted: Extracted) -> Iterator[Record]:
        (pipelines,) = [page.body for page in pull.pages if page.about["kind"] == "pipelines"]
        stages = _stages(pipelines)
        names = {pipeline["id"]: pipeline["label"] for pipeline in pipelines["results"]}
        entered = _entered(file.file_name, stages, wanted)
        for page in pull.pages:
            if page.about["kind"] == "deals":
                refuse_unasked(file.file_name, page, (*entered, *product))
                for deal in page.body["results"]:
                    record = _record(deal, stages, names)
                    # Of properties that only some accounts have, HubSpot leaves out those that it does not know.
                    dates = [date for key in entered if (date := deal["properties"].get(key))]
                    record["proposed"] = min(dates, default=None)
                    record["product"] = next((deal["properties"].get(key) for key in product), None)
                    yield record

    return rewrite_pull(file, records)


def _record(deal: Any, stages: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str | None]:
    properties = deal["properties"]
    stage = stages.get(properties["dealstage"], {"label": properties["dealstage"], "metadata": {}})
    record = {field.name: properties[field.headers[0]] for field in _FIELDS if field.headers[0] in _ASKED}
    return record | {
        "deal_id": deal["id"],
        "pipeline": names.get(properties["pipeline"], properties["pipeline"]),
        "stage": stage["label"],
        "amount": plain_number(properties["amount"]),
        "is_closed": properties["hs_is_closed"] or stage["metadata"].get("isClosed"),
        "is_won": properties["hs_is_closed_won"] or _is_won(stage["metadata"].get("probability")),
    }


def _is_won(probability: str | None) -> str | None:
    """Return what a stage's probability says, where the deal itself does not: a deal that is won is certain."""
    return None if probability is None else str(float(probability) == 1).lower()


def _stages(pipelines: Any) -> dict[str, Any]:
    return {stage["id"]: stage for pipeline in pipelines["results"] for stage in pipeline["stages"]}


def _entered(file_name: str, stages: Mapping[str, Any], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the properties that say when a deal came to one of the stages, which are named by label or identifier."""
    if unknown := set(wanted) - set(stages) - {stage["label"] for stage in stages.values()}:
        raise RefusedFile(
            file_name,
            found=f"no stage {', '.join(map(repr, sorted(unknown)))}",
            expected=f"one of {', '.join(sorted(stage['label'] for stage in stages.values()))}",
            advice="options.proposal_stages must name stages of this account.",
        )
    return tuple(f"hs_date_entered_{key}" for key, stage in stages.items() if {key, stage["label"]} & set(wanted))
