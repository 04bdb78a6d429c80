-- One row per week, channel and device of web sessions whose events are known: how far they came.
-- grain: week_start, channel, device
select
    calendar.week_start, -- first day of the company's week in which the sessions began
    sessions.channel, -- channel that brought the sessions
    sessions.device, -- device in lower case, '' if not delivered
    count(*) as sessions, -- web sessions begun
    count(*) filter (
        where sessions.has_cart
    ) as sessions_with_cart, -- sessions that put something into the cart
    count(*) filter (
        where sessions.has_checkout
    ) as sessions_with_checkout, -- sessions that began the checkout
    count(*) filter (
        where sessions.has_purchase
    ) as sessions_with_purchase, -- sessions with at least one purchase
    count(*) filter (
        where sessions.abandoned_cart
    ) as sessions_abandoning_cart, -- sessions without a purchase at or after the first add_to_cart
    count(*) filter (
        where sessions.has_checkout and not sessions.has_purchase
    ) as sessions_abandoning_checkout -- sessions that began the checkout and have no purchase
from core.web_sessions as sessions
inner join core.calendar as calendar using (day)
group by calendar.week_start, sessions.channel, sessions.device
