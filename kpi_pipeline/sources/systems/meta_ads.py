"""Meta Ads: the CSV that Ads Manager exports.

Here: its columns, its summary row and its mapping. The currency stands in the header; ``Results`` is never mapped,
since its meaning changes from row to row. The Marketing API does not belong here.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.common_rules import declared_number_style, listed_names, undamaged_identifier
from kpi_pipeline.sources.contract import Contract, RowRule, TotalRows, contract_table
from kpi_pipeline.sources.field import Field
from kpi_pipeline.sources.sql_text import literal

_FIELDS = (
    Field("day", ("Day", "Jour", "Tag"), "date"),
    Field("reporting_starts", ("Reporting starts", "レポート開始日"), "date"),
    Field("reporting_ends", ("Reporting ends", "レポート終了日"), "date"),
    Field("account_id", ("Account ID",)),
    Field("account_name", ("Account name",)),
    Field("campaign_id", ("Campaign ID",)),
    Field("campaign_name", ("Campaign name", "Nom de la campagne", "Kampagnenname", "キャンペーン名")),
    Field("ad_group_id", ("Ad set ID",)),
    Field("ad_group_name", ("Ad set name",)),
    Field("ad_id", ("Ad ID",)),
    Field("ad_name", ("Ad name",)),
    Field("country", ("Country",)),
    Field("currency", ("Currency",)),
    Field(
        "cost",
        (
            "Amount spent ({currency})",
            "Montant dépensé ({currency})",
            "Ausgegebener Betrag ({currency})",
            "消化金額 ({currency})",
            "Amount spent",
        ),
        "decimal",
        required=True,
    ),
    Field("impressions", ("Impressions", "Impressionen", "インプレッション数"), "integer", required=True),
    Field("clicks", ("Clicks (all)",), "integer", when_empty="0"),
    Field("link_clicks", ("Link clicks", "Link-Klicks"), "integer", when_empty="0"),
    Field("conversions", ("Purchases", "Website purchases"), "double", when_empty="0"),
    Field(
        "conversion_value",
        ("Purchases conversion value", "Website purchases conversion value"),
        "decimal",
        when_empty="0",
    ),
    Field("attribution", ("Attribution setting", "アトリビューション設定")),
)
_NAMES = ("campaign_id", "campaign_name", "ad_group_id", "ad_group_name", "ad_id", "ad_name")
_IGNORED = """
    Campaign delivery; Ad set delivery; Ad delivery; Ad set budget; Ad set budget type; Campaign budget; Campaign
    budget type; Results; Result indicator; Result type; Reach; Frequency; Cost per result; Cost per results;
    Starts; Ends; Account timezone; CPC (all) ({currency}); CPM (cost per 1,000 impressions) ({currency}); CPC
    (cost per link click) ({currency}); CTR (all); CTR (link click-through rate); Unique link clicks; Outbound
    clicks; ThruPlays; 3-second video plays; Adds to cart; Website adds to cart; Checkouts initiated; Website
    checkouts initiated; Leads; Cost per lead; Purchase ROAS (return on ad spend); Website purchase ROAS (return
    on advertising spend)
"""
_BY_DAY = "Choose Breakdown > By time > Day and export again."


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Meta ad account."""
    is_period_accepted = source.undated_rows == "period_end"
    same_day = RowRule(
        predicate="day is not null or reporting_starts = reporting_ends",
        shown="reporting_starts",
        expected="a column 'Day', or equal first and last days of reporting",
        advice=_BY_DAY,
    )
    columns = {field.name: field.name for field in _FIELDS} | {
        "day": "coalesce(day, reporting_ends)",
        "platform": "'meta_ads'",
        "campaign_id": "coalesce(campaign_id, 'name:' || campaign_name)",
        "currency": "coalesce(currency, file_currency)",
        "account_id": f"coalesce(account_id, {literal(source.account_id)})",
    }
    return Contract(
        source=name,
        system="meta_ads",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("ad_performance", columns),),
        row_rules=(undamaged_identifier("campaign_id"), *(() if is_period_accepted else (same_day,))),
        one_of=(("campaign_name", "campaign_id"),),
        dated_by=("day", "reporting_ends"),
        undated_advice=_BY_DAY,
        ignored_headers=listed_names(_IGNORED),
        totals=TotalRows(
            place="empty_names",
            names=_NAMES,
            sums=tuple((column, column) for column in ("impressions", "clicks", "link_clicks", "cost")),
        ),
        empty_marker="No data available.",
        final_line_break=source.final_line_break,
        encoding=source.encoding,
        delimiter=source.delimiter,
        number_style=declared_number_style(source, thousands_separator=","),
        currency=source.currency,
        time_zone=source.time_zone,
        coverage=source.coverage,
    )
