-- One row per customer with at least one valid order.
-- grain: customer_key
with customer_orders as (
    select
        orders.customer_key,
        max(orders.day) as last_order_day,
        count(*) as orders
    from core.orders as orders
    where orders.is_valid
    group by orders.customer_key
),

later_orders as (
    select
        orders.customer_key,
        min(orders.day) as day
    from core.orders as orders
    inner join core.orders as first_orders
        on
            orders.customer_key = first_orders.customer_key
            and orders.day > first_orders.day
    where orders.is_valid and first_orders.is_first_order
    group by orders.customer_key
)

select
    first_orders.customer_key, -- who bought; never a readable address
    first_orders.day as first_order_day, -- day of the first valid order ever
    later_orders.day as next_order_day, -- next day with a valid order; NULL until there is one
    customer_orders.last_order_day, -- day of the latest valid order
    first_orders.channel, -- channel of the first order
    first_orders.country, -- country of the first order
    customer_orders.orders -- valid orders until now
from core.orders as first_orders
inner join customer_orders using (customer_key)
left join later_orders using (customer_key)
where first_orders.is_first_order
