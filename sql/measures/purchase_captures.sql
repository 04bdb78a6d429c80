-- One row per day, channel and country of valid orders that were not sold at a till.
-- grain: day, channel, country
-- incremental: day
-- covered by: orders and web_events
-- basis: order placed
select
    orders.day, -- day on which the orders were placed
    orders.channel, -- channel of the orders
    orders.country, -- country as the shop names it, '' if unknown
    count(captured.order_id) as captured_orders -- orders whose purchase the website reported
from core.orders as orders
left join core.captured_orders as captured using (day, source, account_id, order_id)
where orders.is_valid and orders.is_online
group by orders.day, orders.channel, orders.country
