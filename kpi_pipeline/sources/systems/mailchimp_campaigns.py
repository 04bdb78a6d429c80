"""Mailchimp: the CSV of all campaigns.

Here: its columns and its mapping to mailings, whose figures keep growing; the newest export stands. Rates are never
read, since they follow from the counts. Revenue has no currency in the file. The report of a single campaign is another
layout, which names neither its campaign nor its list, and is not read.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import declared_number_style, declared_options, listed_names
from kpi_pipeline.sources.contracts.contract import Contract, contract_table
from kpi_pipeline.sources.contracts.entity_rules import (
    amount_has_currency,
    declared_styles,
    declared_time_zone,
    filled_in,
    identified_rows,
    row_identity,
)
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_EMPTY = ("n/a",)
_DATE_STYLES = ("%b %d, %Y %I:%M %p", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M")
_COUNTS = (
    Field("recipients", ("Total Recipients",), "integer", required=True, empty_as=_EMPTY),
    Field("delivered", ("Successful Deliveries",), "integer", empty_as=_EMPTY),
    Field("bounces_soft", ("Soft Bounces",), "integer", empty_as=_EMPTY),
    Field("bounces_hard", ("Hard Bounces",), "integer", empty_as=_EMPTY),
    Field("bounces", ("Total Bounces",), "integer", empty_as=_EMPTY),
    Field("opens_unique", ("Unique Opens",), "integer", empty_as=_EMPTY),
    Field("opens_total", ("Total Opens",), "integer", empty_as=_EMPTY),
    Field("clicks_unique", ("Unique Clicks",), "integer", empty_as=_EMPTY),
    Field("clicks_total", ("Total Clicks",), "integer", empty_as=_EMPTY),
    Field("unsubscribes", ("Unsubscribes",), "integer", empty_as=_EMPTY),
    Field("complaints", ("Abuse Complaints",), "integer", empty_as=_EMPTY),
    Field("orders", ("Total Orders",), "integer", empty_as=_EMPTY),
    Field("revenue", ("Total Revenue",), "decimal", empty_as=_EMPTY),
)
_IGNORED = """
    Send Weekday; Times Forwarded; Forwarded Opens; Open Rate; Click Rate; Times Liked on Facebook; Folder Id; Total
    Gross Sales; Analytics ROI; Campaign Cost; Revenue Created; Visits; New Visits; Pages/Visit; Bounce Rate; Time on
    Site; Goal Conversion Rate; Per Visit Goal Value; Transactions; Ecommerce Conversion Rate; Per Visit Value;
    Average Value
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Mailchimp account's campaigns.

    Raises:
        ConfigurationError: the source does not say its time zone.
    """
    options = declared_options(name, source, ("date_style",))
    styles = declared_styles(name, source, *_DATE_STYLES)
    fields = (
        Field("campaign_id", ("Unique Id",), required=True),
        Field("title", ("Title",), free_text=True),
        Field("subject", ("Subject",), free_text=True),
        Field("list_name", ("List",)),
        Field("sent", ("Send Date",), "timestamp", required=True, styles=styles),
        *_COUNTS,
    )
    columns = {field.name: field.name for field in fields} | {
        "campaign_id": "trim(campaign_id)",
        "day": "cast(sent as date)",
        "sent_at": "sent_utc",
        "delivered": "coalesce(delivered, recipients - coalesce(bounces, bounces_soft + bounces_hard))",
        "currency": "file_currency",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="mailchimp_campaigns",
        formats=("csv",),
        fields=fields,
        tables=(contract_table("email_campaigns", columns),),
        row_query=identified_rows("campaign_id"),
        row_rules=(*row_identity("campaign_id"), filled_in("sent"), amount_has_currency("revenue", "file_currency")),
        ignored_headers=listed_names(_IGNORED),
        options=options,
        number_style=declared_number_style(source, thousands_separator=","),
        time_zone=declared_time_zone(name, source),
    )
