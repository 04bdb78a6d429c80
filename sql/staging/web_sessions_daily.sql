-- One row per web property, day and everything we keep that its daily report splits by.
-- grain: day, source, account_id, channel, source_name, medium, campaign_name, device, country
-- incremental: day
-- check sessions_not_negative: sessions >= 0
-- warn engaged_within_sessions: coalesce(engaged_sessions, 0) <= sessions
select
    traffic.day,
    traffic.source,
    traffic.account_id,
    coalesce(trim(traffic.channel), '') as channel,
    coalesce(trim(traffic.source_name), '') as source_name,
    coalesce(trim(traffic.medium), '') as medium,
    coalesce(trim(traffic.campaign_name), '') as campaign_name,
    coalesce(lower(trim(traffic.device)), '') as device,
    coalesce(trim(traffic.country), '') as country,
    cast(sum(traffic.sessions) as bigint) as sessions,
    case
        when count(traffic.engaged_sessions) = count(*)
            then cast(sum(traffic.engaged_sessions) as bigint)
    end as engaged_sessions,
    case
        when count(traffic.events) = count(*) then cast(sum(traffic.events) as bigint)
    end as events
from raw.web_sessions_daily as traffic
group by all
