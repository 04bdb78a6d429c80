-- One row per line of an order, with what its product cost on the order's day.
-- grain: source, account_id, order_id, line_number
-- warn order_known: currency is not null
-- warn product_cost_known: has_cost
with account_orders as (
    select
        orders.account_id,
        orders.order_id,
        orders.source,
        orders.currency
    from staging.orders as orders
    qualify
        row_number() over (
            partition by orders.account_id, orders.order_id
            order by orders.source
        ) = 1
),

product_days as (
    select
        products.product_id,
        products.day,
        products.currency,
        products.unit_cost
    from staging.products as products
    qualify
        row_number() over (
            partition by products.product_id, products.day
            order by products.source, products.account_id
        ) = 1
),

product_costs as (
    select
        product_days.product_id,
        product_days.currency,
        product_days.unit_cost,
        case
            when
                row_number() over (
                    partition by product_days.product_id
                    order by product_days.day
                ) = 1
                then date '0001-01-01'
            else product_days.day
        end as valid_from, -- the first known cost also holds for the time before it
        lead(product_days.day, 1, date '9999-12-31') over (
            partition by product_days.product_id
            order by product_days.day
        ) as valid_until
    from product_days
),

costed_lines as (
    select
        order_lines.day,
        order_lines.source,
        order_lines.account_id,
        order_lines.order_id,
        order_lines.line_number,
        order_lines.product_id,
        order_lines.product_name,
        order_lines.is_product,
        order_lines.quantity,
        order_lines.unit_price,
        order_lines.line_discount,
        order_lines.line_total,
        coalesce(own_orders.source, account_orders.source, '') as order_source,
        coalesce(own_orders.currency, account_orders.currency) as currency,
        not order_lines.is_product or product_costs.product_id is not null as has_cost,
        case
            when order_lines.is_product and product_costs.product_id is not null
                then cast(round(product_costs.unit_cost * cost_rates.rate, 4) as decimal(18, 4))
            else cast(0 as decimal(18, 4))
        end as unit_cost
    from staging.order_lines as order_lines
    left join staging.orders as own_orders using (source, account_id, order_id)
    left join account_orders using (account_id, order_id)
    left join product_costs
        on
            order_lines.product_id = product_costs.product_id
            and order_lines.day >= product_costs.valid_from
            and order_lines.day < product_costs.valid_until
    left join core.exchange_rates as cost_rates
        on order_lines.day = cost_rates.day and product_costs.currency = cost_rates.currency
)

select
    costed_lines.day, -- day of the order
    costed_lines.source, -- connected source that delivered the line
    costed_lines.account_id, -- shop
    costed_lines.order_id, -- order that the line belongs to
    costed_lines.line_number, -- position in the order
    costed_lines.order_source, -- source that delivered the order, '' if nobody did
    costed_lines.product_id, -- product, '' if not delivered
    costed_lines.product_name, -- the product's name when it was sold
    costed_lines.is_product, -- false for tips, wrapping and fees
    costed_lines.has_cost, -- whether the product's cost is known; lines without a product need none
    costed_lines.quantity, -- units sold
    costed_lines.currency, -- currency of the order; NULL if nobody delivered the order
    cast(
        round(costed_lines.unit_price * rates.rate, 4) as decimal(18, 4)
    ) as unit_price, -- price of one unit, reporting currency; NULL without a rate
    cast(
        round(costed_lines.line_discount * rates.rate, 4) as decimal(18, 4)
    ) as line_discount, -- discount on this line, reporting currency; NULL without a rate
    cast(
        round(costed_lines.line_total * rates.rate, 4) as decimal(18, 4)
    ) as line_total, -- amount after this discount, reporting currency; NULL without a rate
    costed_lines.unit_cost, -- cost of one unit that day; 0 if unknown, NULL without a rate
    cast(
        round(costed_lines.quantity * costed_lines.unit_cost, 4) as decimal(18, 4)
    ) as line_cost -- quantity times unit cost
from costed_lines
left join core.exchange_rates as rates using (day, currency)
