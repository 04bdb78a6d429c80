-- One row per order whose purchase the website reported and session that led to it: the sessions of
-- the same visitor within the company's look-back, up to and including the one that bought.
-- grain: source, account_id, order_id, touch_number
-- check in_order: touch_number between 1 and touches
with visits as (
    select
        captured.day as order_day,
        captured.source as order_source,
        captured.account_id as shop,
        captured.order_id,
        sessions.day,
        sessions.source,
        sessions.account_id,
        sessions.session_id,
        sessions.channel,
        sessions.campaign_name,
        sessions.started_at,
        date_diff('second', sessions.started_at, captured.started_at) as seconds_before,
        captured.session_source = sessions.source
        and captured.property = sessions.account_id
        and captured.session_id = sessions.session_id as has_bought
    from core.captured_orders as captured
    cross join core.settings
    inner join core.web_sessions as sessions using (visitor_id)
    where
        captured.visitor_id <> ''
        and captured.started_at >= sessions.started_at
        and date_diff('day', sessions.day, captured.session_day)
        <= settings.attribution_lookback_days
    union all
    select
        captured.day as order_day,
        captured.source as order_source,
        captured.account_id as shop,
        captured.order_id,
        sessions.day,
        sessions.source,
        sessions.account_id,
        sessions.session_id,
        sessions.channel,
        sessions.campaign_name,
        sessions.started_at,
        0 as seconds_before,
        true as has_bought
    from core.captured_orders as captured
    inner join core.web_sessions as sessions
        on
            captured.session_day = sessions.day
            and captured.session_source = sessions.source
            and captured.property = sessions.account_id
            and captured.session_id = sessions.session_id
    where captured.visitor_id = ''
)

select
    visits.order_day as day, -- company's calendar day on which the order was placed
    visits.order_source as source, -- connected source that delivered the order
    visits.shop as account_id, -- shop
    visits.order_id, -- identifier of the order, unique within the shop
    cast(
        row_number() over (
            partition by visits.order_source, visits.shop, visits.order_id
            order by
                visits.started_at,
                visits.has_bought,
                visits.source,
                visits.account_id,
                visits.session_id
        ) as integer
    ) as touch_number, -- 1 for the first session, the highest for the one that bought
    cast(
        count(*) over (
            partition by visits.order_source, visits.shop, visits.order_id
        ) as integer
    ) as touches, -- sessions that led to the order
    visits.day as session_day, -- company's calendar day on which the session began
    visits.channel, -- channel that brought the session
    visits.campaign_name as campaign, -- campaign that brought it, '' if none
    pow(
        0.5, visits.seconds_before / 604800.0
    ) as recency -- 1 for the session that bought; halves with every seven days before it
from visits
