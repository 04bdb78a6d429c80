-- One row per customer who would be recognised and day on which that customer bought something that
-- was not given back altogether.
-- grain: customer_key, day
-- check bought_something: orders >= 1
with kept_orders as (
    select
        orders.customer_key,
        orders.day,
        orders.gross_margin
    from core.orders as orders
    where
        orders.is_valid
        and not orders.is_guest
        and orders.status <> 'refunded'
        and not coalesce(
            orders.is_refunded
            and orders.gross_items - orders.discounts - orders.refunded_total <= 0, false
        )
)

select
    kept_orders.customer_key, -- who bought; never a readable address
    kept_orders.day, -- company's calendar day; orders of the same day are one purchase
    count(*) as orders, -- valid orders of that day that were not given back altogether
    case
        when count(kept_orders.gross_margin) = count(*)
            then cast(sum(kept_orders.gross_margin) as decimal(18, 4))
    end as gross_margin -- their gross margin after refunds; NULL if one has no rate
from kept_orders
group by kept_orders.customer_key, kept_orders.day
