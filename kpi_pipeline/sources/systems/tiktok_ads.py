"""TikTok Ads: the table that Ads Manager exports.

Here: its columns, the total row at its end and its mapping. What TikTok calls clicks leads to the destination, so it
counts as clicks and as link clicks. The API does not belong here.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import (
    declared_number_style,
    declared_options,
    listed_names,
    undamaged_identifier,
)
from kpi_pipeline.sources.contracts.contract import Contract, NotedAbsence, TotalRows, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_EMPTY = ("-",)
_FIELDS = (
    Field("day", ("Date",), "date"),
    Field("campaign_id", ("Campaign ID",), empty_as=_EMPTY),
    Field("campaign_name", ("Campaign name",), required=True, empty_as=_EMPTY),
    Field("ad_group_id", ("Ad group ID",), empty_as=_EMPTY),
    Field("ad_group_name", ("Ad group name",), empty_as=_EMPTY),
    Field("ad_id", ("Ad ID",), empty_as=_EMPTY),
    Field("ad_name", ("Ad name",), empty_as=_EMPTY),
    Field("currency", ("Currency",), empty_as=_EMPTY),
    Field("cost", ("Cost",), "decimal", required=True, empty_as=_EMPTY),
    Field("impressions", ("Impressions",), "integer", required=True, empty_as=_EMPTY),
    Field("clicks", ("Clicks (destination)",), "integer", empty_as=_EMPTY),
    Field("conversions", ("Conversions",), "double", empty_as=_EMPTY),
)
_IGNORED = "Primary status; CTR (destination); CPC (destination)"


def build(name: str, source: Source) -> Contract:
    """Make the contract of a TikTok ad account."""
    columns = {field.name: field.name for field in _FIELDS} | {
        "platform": "'tiktok_ads'",
        "time_zone": literal(source.time_zone or ""),
        "campaign_id": "coalesce(campaign_id, 'name:' || campaign_name)",
        "link_clicks": "clicks",
        "currency": "coalesce(currency, file_currency)",
        "account_id": literal(source.account_id),
    }
    return Contract(
        source=name,
        system="tiktok_ads",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("ad_performance", columns),),
        row_rules=(undamaged_identifier("campaign_id"),),
        dated_by=("day",),
        undated_advice="Add the dimension Date (by day) to the report and export it again.",
        noted_absences=(
            NotedAbsence("campaign_id", "name_as_id", "Campaigns are told apart by name; a renamed one counts as new."),
        ),
        ignored_headers=listed_names(_IGNORED),
        totals=TotalRows(
            place="last_rows",
            label=r"^Total( of \d+ results?)?$",
            sums=tuple((column, column) for column in ("impressions", "clicks", "cost", "conversions")),
        ),
        options=declared_options(name, source, ()),
        number_style=declared_number_style(source, thousands_separator=","),
    )
