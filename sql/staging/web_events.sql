-- One row per event of a web session. GA4 is known to export events twice: the same name at the
-- same instant of one session is one event, unless it belongs to another transaction.
-- grain: day, source, account_id, session_id, event_day, event_at, event_name, transaction_id
-- incremental: day
-- check session_known: session_id <> ''
-- warn session_begins_first: day <= event_day
select
    events.day,
    events.source,
    events.account_id,
    trim(events.session_id) as session_id,
    events.event_day,
    events.event_at,
    lower(trim(events.event_name)) as event_name,
    coalesce(trim(events.transaction_id), '') as transaction_id,
    coalesce(max(trim(events.visitor_id)), '') as visitor_id,
    bool_or(events.is_engaged) as is_engaged,
    coalesce(max(trim(events.channel)), '') as channel,
    coalesce(max(trim(events.source_name)), '') as source_name,
    coalesce(max(trim(events.medium)), '') as medium,
    coalesce(max(trim(events.campaign_name)), '') as campaign_name,
    coalesce(max(lower(trim(events.device))), '') as device,
    coalesce(max(trim(events.country)), '') as country,
    max(events.value) as value,
    coalesce(max(upper(trim(events.currency))), '') as currency
from raw.web_events as events
group by all
