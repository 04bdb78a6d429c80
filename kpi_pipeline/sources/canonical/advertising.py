"""What advertising platforms deliver.

Here: one row per day and as deep as the export goes. A source delivers one level only, since levels repeat each other's
sums. Reach is kept because platforms state it, and must never be added up.
"""

from kpi_pipeline.sources.canonical.subject import Subject, columns

SUBJECTS = (
    Subject(
        "ad_performance",
        unit="day",
        columns=columns(
            """
            day date, platform text, account_name text, time_zone text, campaign_id text, campaign_name text,
            campaign_type text, ad_group_id text, ad_group_name text, ad_id text, ad_name text, device text,
            country text, impressions bigint, clicks bigint, link_clicks bigint, interactions bigint,
            cost money, currency text, conversions double, conversion_value money, leads double,
            purchases double, purchase_value money, new_customers double, reach bigint, video_views bigint,
            video_completions bigint, attribution text
            """
        ),
        required=(
            "day",
            "platform",
            "campaign_id",
            "impressions",
            "cost",
            "currency",
        ),
    ),
)
