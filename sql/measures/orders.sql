-- One row per day, channel and country of valid orders.
-- grain: day, channel, country
-- incremental: day
-- covered by: orders
-- basis: order placed
select
    orders.day, -- day on which the orders were placed
    orders.channel, -- channel of the orders
    orders.country, -- country as the shop names it, '' if unknown
    count(*) as orders, -- valid orders: no tests, not cancelled, not failed
    count(*) filter (
        where orders.is_online
    ) as online_orders, -- of these, orders not sold at a till
    count(*) filter (
        where orders.is_paid_channel
    ) as paid_channel_orders, -- of all, orders that came by a paid channel
    count(*) filter (
        where orders.is_refunded
    ) as orders_refunded, -- of all, orders of which anything was refunded until now
    count(*) filter (
        where orders.is_first_order
    ) as new_customers, -- customers with their first valid order ever
    count(*) filter (
        where orders.is_first_order and not orders.is_guest
    ) as new_customers_known, -- of these, customers who would be recognised if they came back
    count(*) filter (
        where orders.is_first_order and orders.is_paid_channel
    ) as new_customers_paid, -- of all, customers whose first order came by a paid channel
    case
        when count(orders.gross_items) = count(*)
            then cast(sum(orders.gross_items) as decimal(18, 4))
    end as gross_sales, -- items at full price, reporting currency
    case
        when count(orders.discounts) = count(*) then cast(sum(orders.discounts) as decimal(18, 4))
    end as discounts, -- discounts on orders, reporting currency
    case
        when count(orders.refunded_total) = count(*)
            then cast(sum(orders.refunded_total) as decimal(18, 4))
    end as refunds_of_orders, -- refunded on these orders until now, whenever it was given
    case
        when count(orders.sales_at_constant_rates) = count(*)
            then cast(sum(orders.sales_at_constant_rates) as decimal(18, 4))
    end as sales_at_constant_rates, -- items less discounts at the first rate of each currency
    case
        when count(orders.gross_margin) = count(*)
            then cast(sum(orders.gross_margin) as decimal(18, 4))
    end as order_gross_margin, -- items less discounts, refunds and product costs
    case
        when count(*) filter (where orders.is_online and orders.gross_items is null) = 0
            then cast(
                coalesce(sum(orders.gross_items) filter (where orders.is_online), 0)
                as decimal(18, 4)
            )
    end as online_gross_sales, -- items at full price of orders not sold at a till
    case
        when count(*) filter (where orders.is_online and orders.discounts is null) = 0
            then cast(
                coalesce(sum(orders.discounts) filter (where orders.is_online), 0)
                as decimal(18, 4)
            )
    end as online_discounts, -- discounts on orders not sold at a till
    case
        when
            count(*) filter (
                where
                orders.is_paid_channel
                and (orders.gross_items is null or orders.discounts is null)
            ) = 0
            then cast(
                coalesce(
                    sum(orders.gross_items - orders.discounts) filter (
                        where orders.is_paid_channel
                    ),
                    0
                ) as decimal(18, 4)
            )
    end as paid_channel_sales, -- items less discounts of orders that came by a paid channel
    case
        when count(*) filter (where orders.is_paid_channel and orders.refunded_total is null) = 0
            then cast(
                coalesce(sum(orders.refunded_total) filter (where orders.is_paid_channel), 0)
                as decimal(18, 4)
            )
    end as paid_channel_refunds -- refunded on orders of paid channels until now
from core.orders as orders
where orders.is_valid
group by orders.day, orders.channel, orders.country
