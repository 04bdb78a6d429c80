"""HubSpot: the CSV of the contacts view.

Here: its columns and its mapping to leads as they stand. A contact's address is kept as a keyed hash, names and phone
numbers are not read at all. HubSpot has a date column for every lifecycle stage, whose label each account names itself,
so the source says which ones count. Deals belong to ``hubspot_deals``.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_options, listed_names
from kpi_pipeline.sources.contracts.contract import Contract, contract_table
from kpi_pipeline.sources.contracts.entity_rules import (
    declared_option,
    declared_styles,
    declared_time_zone,
    filled_in,
    identified_rows,
    is_one_of,
    row_identity,
)
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.systems.hubspot_deals import DATE_STYLES
from kpi_pipeline.sources.values.sql_text import literal

_OPTIONS = ("qualified_stages", "qualified_date_column", "customer_date_column", "date_style")
_IGNORED = "First Name; Last Name; Phone Number; Lead Status"


def build(name: str, source: Source) -> Contract:
    """Make the contract of a HubSpot account's contacts.

    Raises:
        ConfigurationError: the source does not say its time zone, or which stages are qualified.
    """
    options = declared_options(name, source, _OPTIONS)
    given = dict(options)
    qualified = declared_option(name, source, "qualified_stages")
    styles = declared_styles(name, source, *DATE_STYLES)
    dates = {"qualified": "qualified_date_column", "converted": "customer_date_column"}
    fields = (
        Field("lead_id", ("Record ID",), required=True),
        Field("email", ("Email",), personal=True),
        Field("lifecycle_stage", ("Lifecycle Stage",), required=True),
        Field("lead_source", ("Original Source",)),
        Field("created", ("Create Date",), "timestamp", required=True, styles=styles),
        Field("updated", ("Last Modified Date",), "timestamp", styles=styles),
        *(
            Field(key, given[option], "timestamp", required=True, styles=styles)
            for key, option in dates.items()
            if option in given
        ),
    )
    reached = "qualified_utc is not null or " if "qualified_date_column" in given else ""
    columns = {
        "lead_id": "trim(lead_id)",
        "day": "cast(created as date)",
        "created_at": "created_utc",
        "lead_source": "lead_source",
        "lifecycle_stage": "lifecycle_stage",
        "is_qualified": reached + is_one_of("lifecycle_stage", qualified),
        "qualified_at": "qualified_utc" if "qualified_date_column" in given else "null",
        "converted_at": "converted_utc" if "customer_date_column" in given else "null",
        "customer_key": "coalesce(email, 'contact:' || trim(lead_id))",
        "updated_at": "updated_utc",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="hubspot_contacts",
        formats=("csv",),
        fields=fields,
        tables=(contract_table("leads", columns),),
        row_query=identified_rows("lead_id"),
        row_rules=(*row_identity("lead_id"), filled_in("created")),
        ignored_headers=listed_names(_IGNORED),
        options=options,
        time_zone=declared_time_zone(name, source),
    )
