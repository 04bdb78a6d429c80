-- One row per day, channel, device and country of events of the purchase funnel. A property's are
-- those of its sessions where the day has any, else those of its daily report.
-- grain: day, channel, device, country
-- incremental: day
-- covered by: web_events or web_events_daily
-- basis: session start
with funnel_events as (
    select
        sessions.day,
        sessions.channel,
        sessions.device,
        sessions.country,
        events.event_name,
        1 as events
    from staging.web_events as events
    inner join core.web_sessions as sessions using (day, source, account_id, session_id)
    where events.event_name in ('add_to_cart', 'purchase')
    union all
    select
        daily.day,
        'Unassigned' as channel,
        '' as device,
        '' as country,
        daily.event_name,
        daily.events
    from staging.web_events_daily as daily
    where
        daily.event_name in ('add_to_cart', 'purchase')
        and not exists (
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
    funnel_events.day, -- day on which the events' sessions began, or of the daily report
    funnel_events.channel, -- channel that brought the session, 'Unassigned' if unknown
    funnel_events.device, -- device in lower case, '' if not delivered
    funnel_events.country, -- country as the source names it, '' if not delivered
    cast(
        coalesce(
            sum(funnel_events.events) filter (where funnel_events.event_name = 'add_to_cart'), 0
        ) as bigint
    ) as add_to_cart_events, -- times that something was put into a cart
    cast(
        coalesce(
            sum(funnel_events.events) filter (where funnel_events.event_name = 'purchase'), 0
        ) as bigint
    ) as purchase_events -- purchases that the website reported
from funnel_events
group by
    funnel_events.day,
    funnel_events.channel,
    funnel_events.device,
    funnel_events.country
