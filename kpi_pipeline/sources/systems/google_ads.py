"""Google Ads: the CSV that the report view downloads.

Here: its columns, totals and mapping. Title and date range stand above the header or below the rows, total rows below
the rows or above them; they have different fillers and serve as control totals. Rows without a day are totals of the
whole range. Numbers are written as the language of the header writes them. Other Google products and the API do not
belong here.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import (
    declared_number_style,
    declared_options,
    listed_names,
    undamaged_identifier,
    undeclared_local_styles,
)
from kpi_pipeline.sources.contracts.contract import (
    Contract,
    LocalStyle,
    NotedAbsence,
    RowRule,
    TotalRows,
    contract_table,
)
from kpi_pipeline.sources.contracts.field import Field, NumberStyle
from kpi_pipeline.sources.values.sql_text import literal

_EMPTY = (" --", "--")
_DEVICES = (
    ("Computers", "desktop"),
    ("Mobile phones", "mobile"),
    ("Mobile devices with full browsers", "mobile"),
    ("Tablets", "tablet"),
    ("Tablets with full browsers", "tablet"),
    ("TV screens", "tv"),
)
_FIELDS = (
    Field("day", ("Day", "Jour", "Tag"), "date", empty_as=_EMPTY),
    Field("account_id", ("Customer ID", "Account ID"), empty_as=_EMPTY),
    Field("account_name", ("Account", "Account name"), empty_as=_EMPTY),
    Field("campaign_id", ("Campaign ID",), empty_as=_EMPTY),
    Field("campaign_name", ("Campaign", "Campagne", "Kampagne"), required=True, empty_as=_EMPTY),
    Field("campaign_type", ("Campaign type", "Type de campagne"), empty_as=_EMPTY),
    Field("ad_group_id", ("Ad group ID",), empty_as=_EMPTY),
    Field("ad_group_name", ("Ad group",), empty_as=_EMPTY),
    Field("ad_id", ("Ad ID",), empty_as=_EMPTY),
    Field("conversion_action", ("Conversion action", "Conversion category"), empty_as=_EMPTY),
    Field("device", ("Device",), empty_as=_EMPTY, values=_DEVICES),
    Field("country", ("Country/Territory", "Country/Territory (User location)"), empty_as=_EMPTY),
    Field("currency", ("Currency code", "Code de la devise", "Währungscode"), empty_as=_EMPTY),
    Field("impressions", ("Impr.", "Impressions"), "integer", required=True, empty_as=_EMPTY),
    Field("clicks", ("Clicks", "Clics", "Klicks"), "integer", empty_as=_EMPTY),
    Field("interactions", ("Interactions",), "integer", empty_as=_EMPTY),
    Field("cost", ("Cost", "Coût", "Kosten"), "decimal", required=True, empty_as=_EMPTY),
    Field("conversions", ("Conversions",), "double", empty_as=_EMPTY),
    Field("conversion_value", ("Conv. value",), "decimal", empty_as=_EMPTY),
    Field("video_views", ("TrueView views",), "integer", empty_as=_EMPTY),
)
_IGNORED = """
    Campaign status; Campaign state; Campaign subtype; Ad group status; Ad group state; Status; Status reasons;
    Budget; Budget name; Budget type; Optimization score; Optimisation score; Network (with search partners); CTR;
    Avg. CPC; Avg. CPM; Interaction rate; Avg. cost; Conv. rate; Cost / conv.; Conv. value / cost; Original conv.
    value; View-through conv.; Conv. (Platform Comparable); Cost / Conv. (Platform Comparable); Conv. value / Cost
    (Platform Comparable); Week; Month; All conv.; Search impr. share; Impr. (Abs. Top) %; Impr. (Top) %; TrueView
    avg. CPV; Target CPA; Target ROAS; Bid strategy type
"""
_LOCAL_STYLES = (
    LocalStyle(("Coût",), NumberStyle(decimal_separator=",", thousands_separator="\u202f")),
    LocalStyle(("Kosten",), NumberStyle(decimal_separator=",", thousands_separator=".")),
)
_ONE_ROW_FOR_ALL_CONVERSIONS = RowRule(
    predicate="conversion_action is null",
    shown="conversion_action",
    expected="no segment by conversion, which repeats or empties the cost of a campaign",
    advice="Remove the segment Conversions from the report and download it again.",
)


def build(name: str, source: Source) -> Contract:
    """Make the contract of a Google Ads account."""
    columns = {field.name: field.name for field in _FIELDS} | {
        "day": "coalesce(day, file_day)",
        "platform": "'google_ads'",
        "time_zone": literal(source.time_zone or ""),
        "campaign_id": "coalesce(campaign_id, 'name:' || campaign_name)",
        "currency": "coalesce(currency, file_currency)",
        "account_id": f"coalesce(account_id, {literal(source.account_id)})",
    }
    return Contract(
        source=name,
        system="google_ads",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("ad_performance", columns),),
        row_rules=(undamaged_identifier("campaign_id"), _ONE_ROW_FOR_ALL_CONVERSIONS),
        one_of=(("clicks", "interactions"),),
        dated_by=("day",),
        undated_rows=source.undated_rows,
        undated_advice="Add the segment Time > Day to the report and download it again.",
        noted_absences=(
            NotedAbsence("campaign_id", "name_as_id", "Campaigns are told apart by name; a renamed one counts as new."),
        ),
        ignored_headers=listed_names(_IGNORED),
        totals=TotalRows(
            place="last_rows",
            label=r"^(Total|Gesamt)\s?: ",
            compared=(
                r"^(Total|Gesamt) ?: (Filtered |All )?([Cc]ampaigns?|[Aa]d groups?|[Aa]ds|campagnes|Kampagnen)$",
                r": (Account|compte|Konto)$",
            ),
            sums=tuple(
                (column, column)
                for column in ("impressions", "clicks", "interactions", "cost", "conversions", "conversion_value")
            ),
        ),
        has_preamble=True,
        footer=r"[^,;\t]+ ([Rr]eport|[Pp]erformance)|Rapport [^,;\t]+|[^,;\t]+bericht",
        local_styles=undeclared_local_styles(source, _LOCAL_STYLES),
        options=declared_options(name, source, ()),
        number_style=declared_number_style(source, thousands_separator=","),
    )
