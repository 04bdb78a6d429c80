-- One row per day, web property, channel, device and country. A property's sessions come from its
-- events where the day has any, from its daily report otherwise; a nameless property matches any.
-- grain: day, property, channel, device, country
-- incremental: day
with traffic as (
    select
        sessions.day,
        sessions.account_id,
        sessions.channel,
        sessions.device,
        sessions.country,
        count(*) as sessions,
        case
            when count(sessions.is_engaged) = count(*)
                then count(*) filter (where sessions.is_engaged)
        end as engaged_sessions
    from core.web_sessions as sessions
    group by
        sessions.day,
        sessions.account_id,
        sessions.channel,
        sessions.device,
        sessions.country
    union all
    select
        daily.day,
        daily.account_id,
        case when daily.channel <> '' then daily.channel else 'Unassigned' end as channel,
        daily.device,
        daily.country,
        daily.sessions,
        daily.engaged_sessions
    from staging.web_sessions_daily as daily
    where
        not exists (
            select 1
            from core.web_event_days as event_days
            where
                event_days.day = daily.day
                and (
                    event_days.property = daily.account_id
                    or event_days.property = ''
                    or daily.account_id = ''
                )
        )
)

select
    traffic.day, -- day on which the sessions began
    traffic.account_id as property, -- web property
    traffic.channel, -- channel that brought the sessions, 'Unassigned' if unknown
    traffic.device, -- device in lower case, '' if not delivered
    traffic.country, -- country as the source names it, '' if not delivered
    cast(sum(traffic.sessions) as bigint) as sessions, -- sessions begun
    case
        when count(traffic.engaged_sessions) = count(*)
            then cast(sum(traffic.engaged_sessions) as bigint)
    end as engaged_sessions -- sessions with engagement; NULL if not delivered
from traffic
group by traffic.day, traffic.account_id, traffic.channel, traffic.device, traffic.country
