"""Microsoft Advertising: the report file, from the user interface or from the API.

Here: its columns under the API's names and under those of the user interface, the lines above the header (report time,
last complete day) and the copyright line below the rows. Files of the API may have neither. Hours are added up by their
day, as written. Asking the API does not belong here.
"""

from dataclasses import replace

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import (
    declared_number_style,
    declared_options,
    declared_style,
    listed_names,
    undamaged_identifier,
)
from kpi_pipeline.sources.contracts.contract import Contract, NotedAbsence, NotedLine, contract_table
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_EMPTY = ("--",)
_DEVICES = (
    ("Computer", "desktop"),
    ("Smartphone", "mobile"),
    ("Tablet", "tablet"),
)
_FIELDS = (
    Field(
        "time_period",
        ("TimePeriod", "Time period", "Date"),
        "timestamp",
        styles=("iso", "%Y-%m-%d|%H", "%m/%d/%Y", "%d/%m/%Y"),
    ),
    Field("account_id", ("AccountId", "Account ID"), empty_as=_EMPTY),
    Field("account_name", ("AccountName", "Account name"), empty_as=_EMPTY),
    Field("campaign_id", ("CampaignId", "Campaign ID"), empty_as=_EMPTY),
    Field("campaign_name", ("CampaignName", "Campaign", "Campaign name"), empty_as=_EMPTY),
    Field("campaign_type", ("CampaignType", "Campaign type"), empty_as=_EMPTY),
    Field("ad_group_id", ("AdGroupId", "Ad group ID"), empty_as=_EMPTY),
    Field("ad_group_name", ("AdGroupName", "Ad group", "Ad group name"), empty_as=_EMPTY),
    Field("ad_id", ("AdId", "Ad ID"), empty_as=_EMPTY),
    Field("device", ("DeviceType", "Device type"), empty_as=_EMPTY, values=_DEVICES),
    Field("country", ("Country", "Country/region"), empty_as=_EMPTY),
    Field("currency", ("CurrencyCode", "Currency code"), empty_as=_EMPTY),
    Field("impressions", ("Impressions",), "integer", required=True, empty_as=_EMPTY),
    Field("clicks", ("Clicks",), "integer", required=True, empty_as=_EMPTY),
    Field("cost", ("Spend",), "decimal", required=True, empty_as=_EMPTY),
    Field("conversions", ("Conversions",), "double", empty_as=_EMPTY),
    Field("qualified_conversions", ("ConversionsQualified",), "double", empty_as=_EMPTY),
    Field("conversion_value", ("Revenue",), "decimal", empty_as=_EMPTY),
)
_IGNORED = """
    AccountNumber; Account number; AdDistribution; Network; DeliveredMatchType; DeviceOS; TopVsOther; BidMatchType;
    CampaignStatus; CampaignLabels; CTR; CostPerConversion; QualityScore; AdRelevance; LandingPageExperience;
    PhoneImpressions; PhoneCalls; Ptr; Assists; ReturnOnAdSpend; CostPerAssist; CustomParameters;
    ViewThroughConversions; AllCostPerConversion; AllReturnOnAdSpend; AllConversions; AllConversionRate; AllRevenue;
    AllRevenuePerConversion; AverageCpc; Avg. CPC; AveragePosition;
    AverageCpm; ConversionRate; LowQualityClicks; LowQualityClicksPercent; LowQualityImpressions;
    LowQualitySophisticatedClicks; LowQualityConversions; LowQualityConversionRate; HistoricalQualityScore;
    HistoricalExpectedCtr; HistoricalAdRelevance; HistoricalLandingPageExperience; RevenuePerConversion;
    RevenuePerAssist; BudgetName; BudgetStatus; BudgetAssociationStatus
"""
_NOTED_LINES = (
    NotedLine(
        "Potential Incomplete Data: true",
        "incomplete_days",
        "The platform was still counting when this was exported; the last days will change.",
    ),
    NotedLine(
        r"Last Completed Available Day: (\d{1,2}/\d{1,2}/\d{4}).*",
        "incomplete_days",
        "The days after it were not complete when this was exported.",
    ),
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Microsoft Advertising account."""
    fields = tuple(
        replace(field, styles=declared_style(source, field.styles)) if field.styles else field for field in _FIELDS
    )
    columns = {field.name: field.name for field in _FIELDS} | {
        "day": "coalesce(cast(time_period as date), file_day)",
        "platform": "'microsoft_ads'",
        "time_zone": literal(source.time_zone or ""),
        "campaign_id": "coalesce(campaign_id, 'name:' || campaign_name)",
        "currency": "coalesce(currency, file_currency)",
        "conversions": "coalesce(conversions, qualified_conversions)",
        "account_id": f"coalesce(account_id, {literal(source.account_id)})",
    }
    return Contract(
        source=name,
        system="microsoft_ads",
        formats=("csv",),
        fields=fields,
        tables=(contract_table("ad_performance", columns),),
        row_rules=(undamaged_identifier("campaign_id"),),
        one_of=(("campaign_id", "campaign_name"),),
        dated_by=("time_period",),
        undated_rows=source.undated_rows,
        undated_advice="Choose Day as the unit of time (aggregation Daily in the API) and download the report again.",
        noted_absences=(
            NotedAbsence("campaign_id", "name_as_id", "Campaigns are told apart by name; a renamed one counts as new."),
        ),
        ignored_headers=listed_names(_IGNORED),
        has_preamble=True,
        footer=r"[©@]\d{4} Microsoft Corporation.*",
        noted_lines=_NOTED_LINES,
        options=declared_options(name, source, ("date_style",)),
        number_style=declared_number_style(source, thousands_separator=","),
    )
