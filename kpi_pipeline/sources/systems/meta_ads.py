"""Meta Ads: the CSV that Ads Manager exports.

Here: its columns in seven languages, its summary row and its mapping. The currency stands in the header; ``Results`` is
never mapped, since its meaning changes from row to row. Reach is kept as stated and never adds up. The Marketing API
does not belong here.
"""

from dataclasses import replace

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import (
    declared_number_style,
    declared_options,
    declared_style,
    listed_names,
    undamaged_identifier,
    undeclared_local_styles,
)
from kpi_pipeline.sources.contracts.contract import Contract, LocalStyle, RowRule, TotalRows, contract_table
from kpi_pipeline.sources.contracts.field import Field, NumberStyle
from kpi_pipeline.sources.values.sql_text import literal

# In this order: English, French, German, Spanish, Italian, Portuguese, Japanese.
_COSTS = (
    "Amount spent",
    "Montant dépensé",
    "Ausgegebener Betrag",
    "Importe gastado",
    "Importo speso",
    "Valor gasto",
    "消化金額",
)
_DAY_STYLES = ("iso", "%d/%m/%Y", "%m/%d/%Y")
_FIELDS = (
    Field("day", ("Day", "Jour", "Tag", "Día", "Giorno", "Dia"), "date", styles=_DAY_STYLES),
    Field("reporting_starts", ("Reporting starts", "レポート開始日"), "date"),
    Field("reporting_ends", ("Reporting ends", "レポート終了日"), "date"),
    Field("account_id", ("Account ID",)),
    Field("account_name", ("Account name",)),
    Field("account_time_zone", ("Account timezone",)),
    Field("campaign_id", ("Campaign ID",)),
    Field(
        "campaign_name",
        (
            "Campaign name",
            "Nom de la campagne",
            "Kampagnenname",
            "Nombre de la campaña",
            "Nome della campagna",
            "Nome da campanha",
            "キャンペーン名",
        ),
    ),
    Field("ad_group_id", ("Ad set ID",)),
    Field(
        "ad_group_name",
        (
            "Ad set name",
            "Nom de l'ensemble de publicités",
            "Name der Anzeigengruppe",
            "Nombre del conjunto de anuncios",
            "Nome del gruppo di inserzioni",
            "Nome do conjunto de anúncios",
        ),
    ),
    Field("ad_id", ("Ad ID",)),
    Field(
        "ad_name",
        (
            "Ad name",
            "Nom de la publicité",
            "Anzeigenname",
            "Nombre del anuncio",
            "Nome dell'inserzione",
            "Nome do anúncio",
        ),
    ),
    Field("country", ("Country",)),
    Field("currency", ("Currency",)),
    Field("cost", (*(f"{name} ({{currency}})" for name in _COSTS), *_COSTS), "decimal", required=True),
    Field(
        "impressions",
        ("Impressions", "Impressionen", "Impresiones", "Impressioni", "Impressões", "インプレッション数"),
        "integer",
        required=True,
    ),
    Field(
        "clicks",
        ("Clicks (all)", "Clics (tous)", "Klicks (alle)", "Clics (todos)", "Clic (tutti)", "Cliques (todos)"),
        "integer",
        when_empty="0",
    ),
    Field(
        "link_clicks",
        ("Link clicks", "Clics sur le lien", "Link-Klicks", "Clics en el enlace", "Clic sul link", "Cliques no link"),
        "integer",
        when_empty="0",
    ),
    Field(
        "purchases",
        (
            "Purchases",
            "Website purchases",
            "Achats sur le site web",
            "Website-Käufe",
            "Compras en el sitio web",
            "Acquisti sul sito web",
            "Compras no site",
        ),
        "double",
        when_empty="0",
    ),
    Field(
        "purchase_value",
        ("Purchases conversion value", "Website purchases conversion value"),
        "decimal",
        when_empty="0",
    ),
    Field("leads", ("Leads",), "double", when_empty="0"),
    Field("reach", ("Reach", "Portée", "Reichweite", "Alcance", "Copertura", "リーチ"), "integer"),
    Field("video_views", ("3-second video plays",), "integer", when_empty="0"),
    Field("video_completions", ("Video plays at 100%",), "integer", when_empty="0"),
    Field("attribution", ("Attribution setting", "アトリビューション設定")),
)
_NAMES = ("campaign_id", "campaign_name", "ad_group_id", "ad_group_name", "ad_id", "ad_name")
_IGNORED = """
    Campaign delivery; Ad set delivery; Ad delivery; Ad set budget; Ad set budget type; Campaign budget; Campaign
    budget type; Results; Result indicator; Result type; Frequency; Cost per result; Cost per results; Starts; Ends;
    CPC (all) ({currency}); CPM (cost per 1,000 impressions) ({currency}); CPC (cost per link click) ({currency}); CTR
    (all); CTR (link click-through rate); Unique link clicks; Outbound clicks; ThruPlays; Video plays at 50%; Adds to
    cart; Website adds to cart; Checkouts initiated; Website checkouts initiated; Cost per lead; Purchase ROAS (return
    on ad spend); Website purchase ROAS (return on advertising spend); キャンペーンの配信; 結果; 結果インジケーター;
    結果の単価; 広告セットの予算; 広告セットの予算タイプ; フリークエンシー; リンククリック(ユニーク); 終了日時;
    Résultats; Fréquence; Ergebnisse; Frequenz; Resultados; Frecuencia; Risultati; Frequência
"""
# A semicolon between the cells means that a spreadsheet saved the file again, with the numbers of its own language.
_LOCAL_STYLES = (
    LocalStyle(
        ("Nom de la campagne", "Montant dépensé"),
        NumberStyle(decimal_separator=",", thousands_separator="\u202f"),
        delimiter=";",
    ),
    LocalStyle(
        ("Kampagnenname", "Nombre de la campaña", "Nome della campagna", "Nome da campanha"),
        NumberStyle(decimal_separator=",", thousands_separator="."),
        delimiter=";",
    ),
)
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
    fields = tuple(
        replace(field, styles=declared_style(source, field.styles)) if field.styles else field for field in _FIELDS
    )
    columns = {field.name: field.name for field in _FIELDS} | {
        "day": "coalesce(day, reporting_ends)",
        "platform": "'meta_ads'",
        "time_zone": f"coalesce(account_time_zone, {literal(source.time_zone or '')})",
        "campaign_id": "coalesce(campaign_id, 'name:' || campaign_name)",
        "currency": "coalesce(currency, file_currency)",
        "conversions": "purchases",
        "conversion_value": "purchase_value",
        "account_id": f"coalesce(account_id, {literal(source.account_id)})",
    }
    return Contract(
        source=name,
        system="meta_ads",
        formats=("csv",),
        fields=fields,
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
        local_styles=undeclared_local_styles(source, _LOCAL_STYLES),
        options=declared_options(name, source, ("date_style",)),
        number_style=declared_number_style(source, thousands_separator=","),
    )
