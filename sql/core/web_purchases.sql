-- One row per web session and transaction that a purchase in it reported.
-- grain: day, source, account_id, session_id, transaction_id
-- incremental: day
with purchases as (
    select
        events.day,
        events.source,
        events.account_id,
        events.session_id,
        events.transaction_id,
        min(events.event_at) as purchased_at
    from staging.web_events as events
    where events.event_name = 'purchase'
    group by
        events.day,
        events.source,
        events.account_id,
        events.session_id,
        events.transaction_id
)

select
    purchases.day, -- company's calendar day on which the session began
    purchases.source, -- connected source that delivered the events
    purchases.account_id, -- web property
    purchases.session_id, -- identifier of the session, unique within the property
    purchases.transaction_id, -- the shop's number or identifier of the order, '' if not delivered
    purchases.purchased_at, -- instant of the first event that reported it, UTC
    sessions.visitor_id, -- browser or user identifier, '' if not delivered
    sessions.channel, -- channel that brought the session
    sessions.started_at -- instant of the session's first event, UTC
from purchases
inner join core.web_sessions as sessions using (day, source, account_id, session_id)
