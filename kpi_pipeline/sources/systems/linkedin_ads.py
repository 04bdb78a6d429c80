"""LinkedIn Ads: the performance report that Campaign Manager exports.

Here: its columns and mapping. LinkedIn's creatives, campaigns and campaign groups are ads, ad groups and campaigns
here; where a report has no groups, its campaigns stand for them. Days are those of UTC. The export of conversions by
name has no amounts and is refused: its rows must never be joined to the spend. The API does not belong here.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import (
    declared_number_style,
    declared_options,
    listed_names,
    undamaged_identifier,
)
from kpi_pipeline.sources.contracts.contract import Contract, NotedAbsence, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_EMPTY = ("-", "--")
_FIELDS = (
    Field("day", ("Start Date (in UTC)",), "date", required=True, style="%m/%d/%Y"),
    Field("account_id", ("Account ID",), empty_as=_EMPTY),
    Field("account_name", ("Account Name",)),
    Field("group_id", ("Campaign Group ID",), empty_as=_EMPTY),
    Field("group_name", ("Campaign Group Name",), empty_as=_EMPTY),
    Field("linkedin_campaign_id", ("Campaign ID",), empty_as=_EMPTY),
    Field("linkedin_campaign_name", ("Campaign Name",), required=True),
    Field("campaign_type", ("Campaign Type",)),
    Field("ad_id", ("Creative ID", "Ad ID"), empty_as=_EMPTY),
    Field("ad_name", ("Creative Name", "Ad Name")),
    Field("currency", ("Currency",), empty_as=_EMPTY),
    Field("cost", ("Total Spent",), "decimal", required=True, empty_as=_EMPTY),
    Field("impressions", ("Impressions",), "integer", required=True, empty_as=_EMPTY),
    Field("clicks", ("Clicks",), "integer", required=True, empty_as=_EMPTY),
    Field("link_clicks", ("Clicks to Landing Page",), "integer", empty_as=_EMPTY),
    Field("conversions", ("Conversions",), "double", empty_as=_EMPTY),
    Field("leads", ("Leads",), "double", empty_as=_EMPTY),
    Field("reach", ("Reach",), "integer", empty_as=_EMPTY),
)
_IGNORED = """
    Campaign Objective; Campaign Start Date; Campaign End Date; Ad Introduction Text; Ad Headline; Clicks to LinkedIn
    Page; Total Social Actions; Reactions; Comments; Shares; Follows; Other Clicks; Event Registrations; Total
    Engagements; Viral Impressions; Viral Clicks; Lead Forms Opened; Carousel Card; Card Impressions; Card Clicks; Click
    URL
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a LinkedIn ad account."""
    campaign_id = "coalesce(linkedin_campaign_id, 'name:' || linkedin_campaign_name)"
    columns = {field.name: field.name for field in _FIELDS} | {
        "platform": "'linkedin_ads'",
        "time_zone": "'UTC'",
        "campaign_id": f"coalesce(group_id, 'name:' || group_name, {campaign_id})",
        "campaign_name": "coalesce(group_name, linkedin_campaign_name)",
        "ad_group_id": campaign_id,
        "ad_group_name": "linkedin_campaign_name",
        "currency": "coalesce(currency, file_currency)",
        "account_id": f"coalesce(account_id, {literal(source.account_id)})",
    }
    return Contract(
        source=name,
        system="linkedin_ads",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("ad_performance", columns),),
        row_rules=(undamaged_identifier("linkedin_campaign_id"), undamaged_identifier("group_id")),
        noted_absences=(
            NotedAbsence(
                "linkedin_campaign_id",
                "name_as_id",
                "Campaigns are told apart by name; a renamed one counts as new.",
            ),
            NotedAbsence("group_name", "no_campaign_group", "LinkedIn's campaigns stand for campaigns and ad groups."),
        ),
        ignored_headers=listed_names(_IGNORED),
        has_preamble=True,
        options=declared_options(name, source, ()),
        number_style=declared_number_style(source, thousands_separator=","),
    )
