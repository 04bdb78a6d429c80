-- One row per day of carts and number of days until the visitors who filled them bought.
-- grain: day, age_days
-- covered by: web_events
-- basis: session start
-- check bought_after_filling_the_cart: age_days >= 0
with carts as (
    select
        sessions.day,
        sessions.visitor_id,
        min(sessions.started_at) as started_at
    from core.web_sessions as sessions
    where sessions.has_cart and sessions.visitor_id <> ''
    group by sessions.day, sessions.visitor_id
),

bought_carts as (
    select
        carts.day,
        carts.visitor_id,
        min(purchases.day) as bought_on
    from carts
    inner join core.web_sessions as purchases using (visitor_id)
    where
        purchases.has_purchase
        and purchases.started_at >= carts.started_at
        and not (purchases.started_at = carts.started_at and purchases.abandoned_cart)
    group by carts.day, carts.visitor_id
)

select
    bought_carts.day, -- day on which the carts were filled
    date_diff(
        'day', bought_carts.day, bought_carts.bought_on
    ) as age_days, -- days from the cart to the first purchase after it
    count(*) as cart_days_bought -- visitors with a filled cart who bought, added up by day
from bought_carts
group by bought_carts.day, date_diff('day', bought_carts.day, bought_carts.bought_on)
