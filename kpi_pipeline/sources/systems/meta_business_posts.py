"""Meta Business Suite: the CSV of a Facebook page's or an Instagram account's content.

Here: the columns of both variants and their mapping to posts, whose figures are those of their lifetime so far. A
post's identifier that a spreadsheet has rounded cannot be repaired. Titles, descriptions and user names are not read.
Figures by day and the Graph API do not belong here.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.common_rules import (
    declared_number_style,
    declared_options,
    listed_names,
    undamaged_identifier,
)
from kpi_pipeline.sources.contracts.contract import Contract, RowRule, contract_table
from kpi_pipeline.sources.contracts.entity_rules import declared_time_zone, filled_in, identified_rows, row_identity
from kpi_pipeline.sources.contracts.field import Field
from kpi_pipeline.sources.values.sql_text import literal

_FIELDS = (
    Field("post_id", ("Post ID",), required=True),
    Field("page_id", ("Page ID",)),
    Field("profile_id", ("Account ID",)),
    Field("published", ("Publish time",), "timestamp", required=True, style="%m/%d/%Y %H:%M"),
    Field("post_type", ("Post type",)),
    Field("permalink", ("Permalink",)),
    Field("period", ("Date",)),
    Field("impressions", ("Impressions",), "integer"),
    Field("views", ("Views",), "integer"),
    Field("reach", ("Reach",), "integer"),
    Field("reactions", ("Reactions", "Likes"), "integer"),
    Field("comments", ("Comments",), "integer"),
    Field("shares", ("Shares",), "integer"),
    Field("saves", ("Saves",), "integer"),
    Field("clicks", ("Total clicks",), "integer"),
    Field("follows", ("Follows",), "integer"),
    Field("watch_seconds", ("Seconds viewed",), "double"),
    Field("duration_seconds", ("Duration (sec)",), "double"),
)
_IGNORED = """
    Page name; Account username; Account name; Title; Description; Caption type; Is crosspost; Is share; Languages;
    Data comment; Average Seconds viewed
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a page's or an account's content export.

    Raises:
        ConfigurationError: the source does not say its time zone.
    """
    columns = {field.name: field.name for field in _FIELDS} | {
        "platform": "case when page_id is not null then 'facebook' else 'instagram' end",
        "profile_id": "coalesce(page_id, profile_id)",
        "day": "cast(published as date)",
        "published_at": "published_utc",
        "account_id": f"coalesce(page_id, profile_id, {literal(source.account_id)})",
    }
    whole_life = RowRule(
        predicate="period is null or trim(period) in ('', 'Lifetime')",
        shown="period",
        expected="'Lifetime': one row per post",
        advice="Choose lifetime figures, not figures by day, and export again.",
    )
    return Contract(
        source=name,
        system="meta_business_posts",
        formats=("csv",),
        fields=_FIELDS,
        tables=(contract_table("social_posts", columns),),
        row_query=identified_rows("post_id"),
        row_rules=(
            whole_life,
            *row_identity("post_id"),
            filled_in("published"),
            undamaged_identifier("page_id"),
            undamaged_identifier("profile_id"),
        ),
        one_of=(("page_id", "profile_id"), ("views", "impressions")),
        ignored_headers=listed_names(_IGNORED),
        options=declared_options(name, source, ()),
        number_style=declared_number_style(source, thousands_separator=","),
        time_zone=declared_time_zone(name, source),
    )
