-- One row per week: how many of the shop's online orders the website reported as purchases. Only
-- days count for which both are known.
-- grain: week_start
-- warn at_least_nine_of_ten: captured_orders >= 0.9 * online_orders
with known_days as (
    select coverage.day
    from core.coverage as coverage
    where coverage.subject in ('orders', 'web_events')
    group by coverage.day
    having count(*) = 2
)

select
    calendar.week_start, -- first day of the company's week
    count(*) as online_orders, -- valid orders that were not sold at a till
    count(captured.order_id) as captured_orders -- of these, orders reported by the website
from core.orders as orders
inner join known_days using (day)
inner join core.calendar as calendar using (day)
left join core.captured_orders as captured using (day, source, account_id, order_id)
where orders.is_valid and orders.is_online
group by calendar.week_start
