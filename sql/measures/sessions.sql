-- One row per day, channel, device and country of web sessions.
-- grain: day, channel, device, country
-- incremental: day
-- covered by: web_events or web_sessions_daily
-- basis: session start
select
    traffic.day, -- day on which the sessions began
    traffic.channel, -- channel that brought the sessions
    traffic.device, -- device in lower case, '' if not delivered
    traffic.country, -- country as the source names it, '' if not delivered
    cast(sum(traffic.sessions) as bigint) as sessions, -- web sessions begun
    case
        when count(traffic.engaged_sessions) = count(*)
            then cast(sum(traffic.engaged_sessions) as bigint)
    end as engaged_sessions, -- web sessions with engagement
    cast(
        sum(case when traffic.channel = 'Unassigned' then traffic.sessions else 0 end) as bigint
    ) as sessions_unassigned -- of these, web sessions whose channel is not known
from core.web_traffic as traffic
group by traffic.day, traffic.channel, traffic.device, traffic.country
