-- One row per day, channel and country of valid orders.
-- grain: day, channel, country
-- incremental: day
-- covered by: orders
select
    orders.day, -- day on which the orders were placed
    orders.channel, -- channel of the orders
    orders.country, -- country as the shop names it, '' if unknown
    count(*) as orders, -- valid orders: no tests, not cancelled, not failed
    count(*) filter (
        where orders.is_refunded
    ) as orders_refunded, -- of these, orders of which anything was refunded until now
    count(*) filter (
        where orders.is_first_order
    ) as new_customers, -- customers with their first valid order ever
    count(*) filter (
        where orders.is_first_order and orders.is_paid_channel
    ) as new_customers_paid, -- of these, customers whose first order came by a paid channel
    case
        when count(orders.gross_items) = count(*)
            then cast(sum(orders.gross_items) as decimal(18, 4))
    end as gross_sales, -- items at full price, reporting currency
    case
        when count(orders.discounts) = count(*) then cast(sum(orders.discounts) as decimal(18, 4))
    end as discounts, -- discounts on orders, reporting currency
    case
        when count(orders.gross_margin) = count(*)
            then cast(sum(orders.gross_margin) as decimal(18, 4))
    end as order_gross_margin -- items less discounts, refunds and product costs
from core.orders as orders
where orders.is_valid
group by orders.day, orders.channel, orders.country
