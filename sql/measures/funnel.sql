-- One row per day, channel, device and country of web sessions whose events are known.
-- grain: day, channel, device, country
-- incremental: day
-- covered by: web_events
-- basis: session start
select
    sessions.day, -- day on which the sessions began
    sessions.channel, -- channel that brought the sessions
    sessions.device, -- device in lower case, '' if not delivered
    sessions.country, -- country as the source names it, '' if not delivered
    count(*) filter (
        where sessions.has_cart
    ) as sessions_with_cart, -- sessions that put something into the cart
    count(*) filter (
        where sessions.abandoned_cart
    ) as sessions_abandoning_cart, -- of these, sessions without a purchase at or after that
    count(*) filter (
        where sessions.has_cart and not sessions.has_purchase
    ) as sessions_with_cart_unpurchased, -- of these, sessions without any purchase
    count(*) filter (
        where sessions.has_checkout
    ) as sessions_with_checkout, -- sessions that began the checkout
    count(*) filter (
        where sessions.has_checkout and not sessions.has_purchase
    ) as sessions_abandoning_checkout, -- of these, sessions without any purchase
    count(*) filter (
        where sessions.has_purchase
    ) as sessions_with_purchase -- sessions with at least one purchase
from core.web_sessions as sessions
group by sessions.day, sessions.channel, sessions.device, sessions.country
