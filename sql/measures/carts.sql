-- One row per day on which visitors put something into the cart.
-- grain: day
-- incremental: day
-- covered by: web_events
-- basis: session start
select
    sessions.day, -- day on which the sessions began
    count(distinct sessions.visitor_id) as cart_days -- visitors with a filled cart, added up by day
from core.web_sessions as sessions
where sessions.has_cart and sessions.visitor_id <> ''
group by sessions.day
