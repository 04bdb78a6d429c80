-- One row per week and product that sold most in the twelve weeks before: the list is closed when
-- the week begins. A week with less than twelve weeks of sales before it has none.
-- grain: week_start, product_id
with product_weeks as (
    select
        calendar.week_start,
        order_lines.product_id,
        sum(order_lines.line_total) as sales -- what has no rate cannot count towards a rank
    from core.order_lines as order_lines
    inner join core.orders as orders
        on
            order_lines.order_source = orders.source
            and order_lines.account_id = orders.account_id
            and order_lines.order_id = orders.order_id
    inner join core.calendar as calendar on orders.day = calendar.day
    where orders.is_valid and order_lines.is_product and order_lines.product_id <> ''
    group by calendar.week_start, order_lines.product_id
),

first_week as (
    select min(product_weeks.week_start) as week_start
    from product_weeks
),

weeks as (
    select distinct product_weeks.week_start
    from product_weeks
    inner join first_week
        on product_weeks.week_start >= first_week.week_start + interval 84 day
),

earlier_sales as (
    select
        weeks.week_start,
        product_weeks.product_id,
        sum(product_weeks.sales) as sales
    from weeks
    inner join product_weeks
        on
            weeks.week_start > product_weeks.week_start
            and weeks.week_start <= product_weeks.week_start + interval 84 day
    group by weeks.week_start, product_weeks.product_id
),

ranked_products as (
    select
        earlier_sales.week_start,
        earlier_sales.product_id,
        row_number() over (
            partition by earlier_sales.week_start
            order by coalesce(earlier_sales.sales, 0) desc, earlier_sales.product_id
        ) as place
    from earlier_sales
)

select
    ranked_products.week_start, -- first day of the company's week that the list is for
    ranked_products.product_id, -- product, as the lines of orders name it
    ranked_products.place -- 1 for the product that sold most before that week
from ranked_products
inner join core.settings on ranked_products.place <= settings.bestsellers
