"""HubSpot: the CSV of the deals view.

Here: its columns and its mapping to deals as they stand. Labels of columns and stages can be renamed and translated, so
the source says which stages mean won and lost. The close date of an open deal is a forecast and is not kept. Contacts
belong to ``hubspot_contacts``.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_number_style, declared_options
from kpi_pipeline.sources.contracts.contract import Contract, contract_table
from kpi_pipeline.sources.contracts.entity_rules import (
    amount_has_currency,
    declared_option,
    declared_styles,
    declared_time_zone,
    identified_rows,
    is_one_of,
    row_identity,
)
from kpi_pipeline.sources.contracts.field import ISO, Field
from kpi_pipeline.sources.values.sql_text import literal

DATE_STYLES = (ISO, "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M")
_OPTIONS = (
    "won_stages",
    "lost_stages",
    "proposal_stages",
    "proposal_date_column",
    "product_column",
    "date_style",
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a HubSpot account's deals.

    Raises:
        ConfigurationError: the source does not say its time zone, or which stages mean won and lost.
    """
    options = declared_options(name, source, _OPTIONS)
    given = dict(options)
    won = declared_option(name, source, "won_stages")
    lost = declared_option(name, source, "lost_stages")
    styles = declared_styles(name, source, *DATE_STYLES)
    fields: tuple[Field, ...] = (
        Field("deal_id", ("Record ID",), required=True),
        Field("deal_name", ("Deal Name",), free_text=True),
        Field("pipeline", ("Pipeline",)),
        Field("stage", ("Deal Stage",), required=True),
        Field("owner", ("Deal Owner",), free_text=True),
        Field("amount", ("Amount",), "decimal"),
        Field("currency", ("Currency",)),
        Field("lead_source", ("Original Source", "Lead Source")),
        Field("deal_type", ("Deal Type",)),
        Field("lost_reason", ("Closed Lost Reason",), free_text=True),
        Field("company_ids", ("Associated Company IDs",)),
        Field("contact_ids", ("Associated Contact IDs",)),
        Field("created", ("Create Date",), "timestamp", styles=styles),
        Field("closed", ("Close Date",), "timestamp", styles=styles),
        Field("stage_entered", ("Date entered current stage",), "timestamp", styles=styles),
        Field("updated", ("Last Modified Date",), "timestamp", styles=styles),
    )
    if "proposal_date_column" in given:
        fields += (Field("proposed", given["proposal_date_column"], "timestamp", required=True, styles=styles),)
    if "product_column" in given:
        fields += (Field("product", given["product_column"], required=True),)
    in_proposal = "null"
    if "proposal_stages" in given:
        in_proposal = f"case when {is_one_of('stage', given['proposal_stages'])} then stage_entered_utc end"
    kind = "lower(replace(deal_type, ' ', ''))"
    columns = {
        "deal_id": "trim(deal_id)",
        "day": "cast(created as date)",
        "deal_name": "deal_name",
        "pipeline": "pipeline",
        "stage": "stage",
        "owner": "owner",
        "product": "product" if "product_column" in given else "null",
        "lead_source": "lead_source",
        "lead_id": _only_one("contact_ids"),
        "customer_key": _only_one("company_ids"),
        "created_at": "created_utc",
        "proposal_sent_at": f"coalesce(proposed_utc, {in_proposal})"
        if "proposal_date_column" in given
        else in_proposal,
        "closed_at": "case when is_closed then closed_utc end",
        "closed_day": "case when is_closed then cast(closed as date) end",
        "is_closed": "is_closed",
        "is_won": "is_won",
        "amount": "amount",
        "currency": "coalesce(currency, file_currency)",
        "is_renewal": f"case {kind} when 'existingbusiness' then true when 'newbusiness' then false end",
        "lost_reason": "lost_reason",
        "updated_at": "updated_utc",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="hubspot_deals",
        formats=("csv",),
        fields=fields,
        tables=(contract_table("deals", columns),),
        row_query=identified_rows(
            "deal_id", f"{is_one_of('stage', won)} as is_won", f"{is_one_of('stage', won + lost)} as is_closed"
        ),
        row_rules=(*row_identity("deal_id"), amount_has_currency("amount", "coalesce(currency, file_currency)")),
        options=options,
        number_style=declared_number_style(source, thousands_separator=","),
        time_zone=declared_time_zone(name, source),
    )


def _only_one(identifiers: str) -> str:
    """Return the identifier of a list with semicolons; of several nobody can say which one counts."""
    return f"case when not contains({identifiers}, ';') then nullif(trim({identifiers}), '') end"
