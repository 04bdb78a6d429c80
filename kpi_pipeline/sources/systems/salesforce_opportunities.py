"""Salesforce: the CSV of a report on opportunities.

Here: its columns, whatever of them the report has, and its mapping to deals as they stand. The lines below the table
are taken away by ``layouts/salesforce_report``. The close date of an open opportunity is a forecast and is not kept.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_number_style, declared_options, listed_names
from kpi_pipeline.sources.contracts.contract import Contract, NotedAbsence, RowRule, contract_table
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

_DATE_STYLES = (ISO, "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y")
_OPTIONS = ("won_stages", "lost_stages", "product_column", "date_style")
_IGNORED = "Fiscal Period; Probability (%); Age; Next Step"
_ADD_ID = "Add the column Opportunity ID to the report and export it again."


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Salesforce report on opportunities.

    Raises:
        ConfigurationError: the source does not say its time zone.
    """
    options = declared_options(name, source, _OPTIONS)
    given = dict(options)
    won = declared_option(name, source, "won_stages", default=("Closed Won",))
    lost = declared_option(name, source, "lost_stages", default=("Closed Lost",))
    styles = declared_styles(name, source, *_DATE_STYLES)
    fields: tuple[Field, ...] = (
        Field("opportunity_id", ("Opportunity ID",)),
        Field("deal_name", ("Opportunity Name",), required=True, free_text=True),
        Field("name_key", ("Opportunity Name",), personal=True),
        Field("owner", ("Opportunity Owner",), free_text=True),
        Field("account", ("Account Name",), personal=True),
        Field("stage", ("Stage",), required=True),
        Field("currency", ("Amount Currency",)),
        Field("amount", ("Amount",), "decimal"),
        Field("closed", ("Close Date",), "timestamp", styles=styles),
        Field("created", ("Created Date",), "timestamp", styles=styles),
        Field("lead_source", ("Lead Source",)),
        Field("deal_type", ("Type",)),
    )
    if "product_column" in given:
        fields += (Field("product", given["product_column"], required=True),)
    by_name = "'name:' || coalesce(account, '') || ':' || name_key"
    deal_id = f"coalesce({_long_identifier('trim(opportunity_id)')}, {by_name})"
    columns = {
        "deal_id": "deal_id",
        "day": "cast(created as date)",
        "deal_name": "deal_name",
        "stage": "stage",
        "owner": "owner",
        "product": "product" if "product_column" in given else "null",
        "lead_source": "lead_source",
        "customer_key": "account",
        "created_at": "created_utc",
        "closed_at": "case when is_closed then closed_utc end",
        "closed_day": "case when is_closed then cast(closed as date) end",
        "is_closed": "is_closed",
        "is_won": "is_won",
        "amount": "amount",
        "currency": "coalesce(currency, file_currency)",
        "is_renewal": "contains(lower(deal_type), 'renewal')",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="salesforce_opportunities",
        formats=("csv",),
        fields=fields,
        tables=(contract_table("deals", columns),),
        row_query=identified_rows(
            "deal_id",
            f"{is_one_of('stage', won)} as is_won",
            f"{is_one_of('stage', won + lost)} as is_closed",
            rows=f"(select typed_rows.*, {deal_id} as deal_id from typed_rows)",
        ),
        row_rules=(
            RowRule(
                predicate="opportunity_id is null"
                " or regexp_full_match(trim(opportunity_id), '[A-Za-z0-9]{15}([A-Za-z0-9]{3})?')",
                shown="opportunity_id",
                expected="an identifier of 15 or 18 letters and digits",
            ),
            *row_identity("deal_id", _ADD_ID),
            amount_has_currency("amount", "coalesce(currency, file_currency)"),
        ),
        noted_absences=(
            NotedAbsence("opportunity_id", "name_as_id", "Opportunities are told apart by name; a renamed one is new."),
        ),
        ignored_headers=listed_names(_IGNORED),
        rewriter="layouts.salesforce_report",
        options=options,
        number_style=declared_number_style(source, thousands_separator=","),
        time_zone=declared_time_zone(name, source),
    )


def _long_identifier(identifier: str) -> str:
    """Return the expression that adds the three letters with which 15 characters are told apart without letter case.

    Each of the letters says which of five characters are capitals.
    """
    capitals = " || ".join(
        "substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1 + "
        + " + ".join(
            f"{2**place} * cast(substr({identifier}, {5 * part + place + 1}, 1) between 'A' and 'Z' as integer)"
            for place in range(5)
        )
        + ", 1)"
        for part in range(3)
    )
    return f"case when length({identifier}) = 15 then {identifier} || {capitals} else {identifier} end"
