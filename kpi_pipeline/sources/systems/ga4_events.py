"""Google Analytics 4: the event export in the shape that BigQuery has, as Parquet or as JSON lines.

Here: events of sessions, with the day of their session's start and a channel. Events without a session (no consent) are
left out, as Google's own session figures leave them out. Reports and explorations do not belong here.

Source, medium and campaign are those of the session's last click that is not direct, else those that the event itself
collected. The channel is Google's own where the export has it, else that of ``channel_group``; events that know neither
source nor medium have none. Equal events, which Google is known to export now and then, are kept here and counted once
by ``staging.web_events``.
"""

from kpi_pipeline.config.source import Source
from kpi_pipeline.sources.contracts.channel_group import channel_group
from kpi_pipeline.sources.contracts.common_rules import listed_names
from kpi_pipeline.sources.contracts.contract import Contract, NestedColumn, RowRule, contract_table, source_error
from kpi_pipeline.sources.values.sql_text import literal

_PARAMETERS = (
    'struct("key" varchar, "value" struct(string_value varchar, int_value bigint, float_value double,'
    " double_value double))[]"
)
_CAMPAIGN = "struct(campaign_name varchar, source varchar, medium varchar)"
_NESTED = (
    NestedColumn("event_date", "varchar", required=True),
    NestedColumn("event_timestamp", "bigint", required=True),
    NestedColumn("event_name", "varchar", required=True),
    NestedColumn("event_params", _PARAMETERS, required=True),
    NestedColumn("user_pseudo_id", "varchar", required=True),
    NestedColumn("device", "struct(category varchar)"),
    NestedColumn("geo", "struct(country varchar)"),
    NestedColumn(
        "collected_traffic_source",
        "struct(manual_campaign_name varchar, manual_source varchar, manual_medium varchar, gclid varchar)",
    ),
    NestedColumn(
        "session_traffic_source_last_click",
        f"struct(manual_campaign {_CAMPAIGN}, cross_channel_campaign struct(campaign_name varchar, source varchar,"
        " medium varchar, default_channel_group varchar))",
    ),
    NestedColumn("ecommerce", "struct(transaction_id varchar, purchase_revenue double)"),
)
_IGNORED = """
    event_value_in_usd; event_previous_timestamp; event_bundle_sequence_id; event_server_timestamp_offset;
    user_id; user_first_touch_timestamp; user_ltv; user_properties; privacy_info; app_info; traffic_source;
    stream_id; platform; event_dimensions; items; is_active_user; batch_event_index; batch_page_id;
    batch_ordering_id; publisher
"""


def build(name: str, source: Source) -> Contract:
    """Make the contract of a GA4 property's event export."""
    if source.time_zone is None:
        raise source_error(name, "time_zone", "needed: the property's zone decides on which day a session began")
    columns = {
        "event_day": "cast(try_strptime(event_date, '%Y%m%d') as date)",
        "day": f"cast(to_timestamp(session_number) at time zone {literal(source.time_zone)} as date)",
        "event_at": "make_timestamp(event_timestamp)",
        "event_name": "event_name",
        "visitor_id": "user_pseudo_id",
        "session_id": "user_pseudo_id || '.' || session_number",
        "is_engaged": "is_engaged",
        "channel": f"coalesce(channel_group, {channel_group('source_name', 'medium', 'campaign_name')})",
        "source_name": "source_name",
        "medium": "medium",
        "campaign_name": "campaign_name",
        "device": "device.category",
        "country": "geo.country",
        "transaction_id": "nullif(nullif(ecommerce.transaction_id, ''), '(not set)')",
        "value": "case when event_name = 'purchase' then ecommerce.purchase_revenue end",
        "currency": "coalesce(purchase_currency, file_currency)",
        "account_id": literal(source.account_id),
    }
    readable_date = RowRule(
        predicate="try_strptime(event_date, '%Y%m%d') is not null",
        shown="event_date",
        expected="a date written %Y%m%d",
    )
    return Contract(
        source=name,
        system="ga4_events",
        formats=("parquet", "jsonl"),
        fields=(),
        tables=(
            contract_table(
                "web_events", columns, where="session_number is not null and coalesce(user_pseudo_id, '') <> ''"
            ),
        ),
        nested_columns=_NESTED,
        row_query=_row_query(),
        row_rules=(readable_date,),
        ignored_headers=listed_names(_IGNORED),
    )


def _row_query() -> str:
    def parameter(key: str) -> str:
        return f"list_extract(list_filter(event_params, lambda parameter: parameter.key = '{key}'), 1)"

    def first_known(attribute: str, collected: str) -> str:
        last_click = "session_traffic_source_last_click"
        return (
            f"coalesce({last_click}.cross_channel_campaign.{attribute}, {last_click}.manual_campaign.{attribute},"
            f" collected_traffic_source.{collected})"
        )

    engaged = f"{parameter('session_engaged')}.value"
    by_click_id = "case when collected_traffic_source.gclid is not null then"
    return f"""
    select
        typed_rows.*,
        {parameter("ga_session_id")}.value.int_value as session_number,
        coalesce(cast({engaged}.int_value as varchar), {engaged}.string_value, '0') = '1' as is_engaged,
        {parameter("currency")}.value.string_value as purchase_currency,
        session_traffic_source_last_click.cross_channel_campaign.default_channel_group as channel_group,
        {first_known("campaign_name", "manual_campaign_name")} as campaign_name,
        coalesce({first_known("source", "manual_source")}, {by_click_id} 'google' end) as source_name,
        coalesce({first_known("medium", "manual_medium")}, {by_click_id} 'cpc' end) as medium
    from typed_rows
    """
