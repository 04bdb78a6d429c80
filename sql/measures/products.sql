-- One row per day, channel and country of valid orders with products.
-- grain: day, channel, country
-- covered by: orders and order_lines
-- basis: order placed
with listed_weeks as (
    select distinct bestsellers.week_start
    from core.bestsellers as bestsellers
)

select
    orders.day, -- day on which the orders were placed
    orders.channel, -- channel of the orders
    orders.country, -- country as the shop names it, '' if unknown
    cast(sum(order_lines.quantity) as decimal(18, 4)) as units_sold, -- units of products
    case
        when count(order_lines.line_total) = count(*)
            then cast(sum(order_lines.line_total) as decimal(18, 4))
    end as product_sales, -- lines of products after their own discounts, reporting currency
    case
        when
            count(listed_weeks.week_start) = count(*)
            and count(*) filter (
                where bestsellers.place is not null and order_lines.line_total is null
            ) = 0
            then cast(
                coalesce(
                    sum(order_lines.line_total) filter (where bestsellers.place is not null), 0
                ) as decimal(18, 4)
            )
    end as bestseller_sales -- of these, lines of bestsellers; NULL while no list exists yet
from core.order_lines as order_lines
inner join core.orders as orders
    on
        order_lines.order_source = orders.source
        and order_lines.account_id = orders.account_id
        and order_lines.order_id = orders.order_id
inner join core.calendar as calendar on orders.day = calendar.day
left join listed_weeks on calendar.week_start = listed_weeks.week_start
left join core.bestsellers as bestsellers
    on
        calendar.week_start = bestsellers.week_start
        and order_lines.product_id = bestsellers.product_id
where orders.is_valid and order_lines.is_product
group by orders.day, orders.channel, orders.country
