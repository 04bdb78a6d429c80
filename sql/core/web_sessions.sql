-- One row per web session, on the day on which it began, even if it went on after midnight.
-- grain: day, source, account_id, session_id
-- incremental: day
-- warn visitor_known: visitor_id <> ''
with session_events as (
    select
        events.day,
        events.source,
        events.account_id,
        events.session_id,
        min(events.event_at) as started_at,
        bool_or(events.is_engaged) as is_engaged,
        min(events.event_at) filter (where events.event_name = 'add_to_cart') as first_cart_at,
        count(*) filter (where events.event_name = 'begin_checkout') > 0 as has_checkout,
        max(events.event_at) filter (where events.event_name = 'purchase') as last_purchase_at
    from staging.web_events as events
    group by events.day, events.source, events.account_id, events.session_id
),

session_origins as (
    select
        events.day,
        events.source,
        events.account_id,
        events.session_id,
        events.visitor_id,
        events.channel,
        events.source_name,
        events.medium,
        events.campaign_name,
        events.device,
        events.country
    from staging.web_events as events
    qualify
        row_number() over (
            partition by events.day, events.source, events.account_id, events.session_id
            order by
                case when events.channel = '' then 1 else 0 end,
                events.event_at,
                events.event_name,
                events.transaction_id
        ) = 1
)

select
    session_events.day, -- company's calendar day on which the session began
    session_events.source, -- connected source that delivered the events
    session_events.account_id, -- web property
    session_events.session_id, -- identifier of the session, unique within the property
    session_origins.visitor_id, -- browser or user identifier, '' if not delivered
    case
        when session_origins.channel <> '' then session_origins.channel else 'Unassigned'
    end as channel, -- channel of the session's first event that has one
    session_origins.source_name, -- traffic source of that event
    session_origins.medium, -- medium of that event
    session_origins.campaign_name, -- campaign of that event
    session_origins.device, -- device in lower case, '' if not delivered
    session_origins.country, -- country as the source names it, '' if not delivered
    session_events.started_at, -- instant of the first event, UTC
    session_events.is_engaged, -- whether the session counts as engaged; NULL if not delivered
    session_events.first_cart_at is not null as has_cart, -- something was put into the cart
    session_events.first_cart_at is not null
    and (
        session_events.last_purchase_at is null
        or session_events.last_purchase_at < session_events.first_cart_at
    ) as abandoned_cart, -- no purchase at or after the first add_to_cart
    session_events.has_checkout, -- the checkout was begun
    session_events.last_purchase_at is not null as has_purchase -- at least one purchase
from session_events
inner join session_origins using (day, source, account_id, session_id)
