-- One row per day, channel, country and customer with a valid order.
-- grain: day, channel, country, customer_key
-- incremental: day
-- covered by: orders
-- basis: order placed
-- distinct returning_customers: customer_key where is_returning
-- distinct buying_customers: customer_key
-- distinct known_customers: customer_key where is_known
select
    orders.day, -- day on which the customer ordered
    orders.channel, -- channel of the order
    orders.country, -- country as the shop names it, '' if unknown
    orders.customer_key, -- who bought
    bool_or(not orders.is_first_order) as is_returning, -- whether an earlier valid order exists
    bool_and(not orders.is_guest) as is_known -- whether the customer would be recognised again
from core.orders as orders
where orders.is_valid
group by orders.day, orders.channel, orders.country, orders.customer_key
