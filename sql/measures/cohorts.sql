-- One row per day, channel and country of first orders, and age at which these customers bought.
-- grain: day, channel, country, age_days
-- covered by: orders
-- basis: first order placed
-- check bought_after_joining: age_days >= 0
select
    customers.first_order_day as day, -- day of the customers' first valid order
    customers.channel, -- channel of the customers' first order
    customers.country, -- country of the customers' first order
    date_diff(
        'day', customers.first_order_day, orders.day
    ) as age_days, -- days from the first order to the orders of this row
    case
        when count(orders.gross_margin) = count(*)
            then cast(sum(orders.gross_margin) as decimal(18, 4))
    end as cohort_gross_margin, -- gross margin of their orders at that age, reporting currency
    count(distinct orders.customer_key) filter (
        where orders.day = customers.next_order_day
    ) as retained_customers -- customers for whom it is the first day on which they bought again
from core.orders as orders
inner join core.customers as customers using (customer_key)
where orders.is_valid
group by
    customers.first_order_day,
    customers.channel,
    customers.country,
    date_diff('day', customers.first_order_day, orders.day)
