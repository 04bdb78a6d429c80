-- One row per order of a shop, whether it counts or not, on the day on which it was placed.
-- grain: source, account_id, order_id
-- warn amounts_converted: gross_items is not null
-- warn product_costs_known: has_all_costs or not is_valid
with order_costs as (
    select
        order_lines.order_source as source,
        order_lines.account_id,
        order_lines.order_id,
        bool_and(order_lines.has_cost) as has_all_costs,
        case
            when count(order_lines.line_cost) = count(*)
                then cast(sum(order_lines.line_cost) as decimal(18, 4))
        end as product_costs,
        case
            when count(order_lines.line_total) = count(*)
                then cast(sum(order_lines.line_total) as decimal(18, 4))
        end as line_totals
    from core.order_lines as order_lines
    group by order_lines.order_source, order_lines.account_id, order_lines.order_id
),

order_refunds as (
    select
        refunds.order_source as source,
        refunds.account_id,
        refunds.order_id,
        refunds.currency,
        cast(sum(refunds.amount_in_refund_currency) as decimal(18, 4)) as refunded
    from core.refunds as refunds
    group by refunds.order_source, refunds.account_id, refunds.order_id, refunds.currency
),

converted_orders as (
    select
        orders.day,
        orders.source,
        orders.account_id,
        orders.order_id,
        orders.order_number,
        orders.created_at,
        orders.cancelled_at,
        orders.customer_key,
        orders.is_guest,
        orders.status,
        orders.is_test,
        orders.is_valid,
        orders.country,
        orders.payment_method,
        orders.sales_channel,
        orders.is_online,
        orders.currency,
        coalesce(
            nullif(orders.channel, ''),
            numbered_transactions.channel,
            identified_transactions.channel,
            'Unassigned'
        ) as channel,
        case
            when orders.is_valid
                then row_number() over (
                    partition by orders.customer_key, orders.is_valid
                    order by orders.created_at, orders.source, orders.account_id, orders.order_id
                )
        end as customer_order_number,
        greatest(orders.refunded_total, coalesce(order_refunds.refunded, 0)) > 0
        or orders.status in ('refunded', 'partially_refunded') as is_refunded,
        coalesce(order_costs.has_all_costs, false) as has_all_costs,
        case
            when orders.gross_items is null then order_costs.line_totals
            else cast(round(orders.gross_items * rates.rate, 4) as decimal(18, 4))
        end as gross_items,
        cast(round(orders.discounts * rates.rate, 4) as decimal(18, 4)) as discounts,
        cast(constant_rates.rate as double) / nullif(cast(rates.rate as double), 0) as rate_drift,
        cast(round(orders.shipping * rates.rate, 4) as decimal(18, 4)) as shipping,
        cast(round(orders.taxes * rates.rate, 4) as decimal(18, 4)) as taxes,
        cast(round(orders.total * rates.rate, 4) as decimal(18, 4)) as total,
        cast(
            round(
                greatest(orders.refunded_total, coalesce(order_refunds.refunded, 0)) * rates.rate,
                4
            ) as decimal(18, 4)
        ) as refunded_total,
        case
            when order_costs.order_id is null then cast(0 as decimal(18, 4))
            else order_costs.product_costs
        end as product_costs
    from staging.orders as orders
    left join core.exchange_rates as rates using (day, currency)
    left join core.constant_rates as constant_rates on orders.currency = constant_rates.currency
    left join order_costs using (source, account_id, order_id)
    left join order_refunds using (source, account_id, order_id, currency)
    left join core.web_transactions as numbered_transactions
        on orders.order_number = numbered_transactions.transaction_id
    left join core.web_transactions as identified_transactions
        on orders.order_id = identified_transactions.transaction_id
)

select
    converted_orders.day, -- company's calendar day on which the order was placed
    converted_orders.source, -- connected source that delivered the order
    converted_orders.account_id, -- shop
    converted_orders.order_id, -- identifier of the order, unique within the shop
    converted_orders.order_number, -- number that the customer sees, '' if not delivered
    converted_orders.created_at, -- instant at which the order was placed, UTC
    converted_orders.cancelled_at, -- instant of the cancellation, UTC
    converted_orders.customer_key, -- who bought; never a readable address
    converted_orders.is_guest, -- whether nobody can tell who bought: such a customer never returns
    converted_orders.status, -- pending, paid, partially_refunded, refunded, cancelled or failed
    converted_orders.is_test, -- a test of the shop
    converted_orders.is_valid, -- whether the order counts: no test, not cancelled, not failed
    converted_orders.channel, -- of the order, else of the session that bought, else 'Unassigned'
    converted_orders.channel like 'Paid%'
    or converted_orders.channel in (
        'Display', 'Cross-network'
    ) as is_paid_channel, -- whether that channel is paid for
    converted_orders.country, -- country as the shop names it, '' if unknown
    converted_orders.payment_method, -- means of payment in the shop's words
    converted_orders.sales_channel, -- where it was sold: web, till, app
    converted_orders.is_online, -- whether it was not sold at a till
    converted_orders.currency, -- currency of the order; amounts are converted at the order's day
    converted_orders.customer_order_number, -- 1 for the customer's first valid order ever
    coalesce(
        converted_orders.customer_order_number = 1, false
    ) as is_first_order, -- whether this order made a new customer
    converted_orders.is_refunded, -- whether anything was refunded until now
    converted_orders.has_all_costs, -- whether all product costs are known; an unknown one is 0
    converted_orders.gross_items, -- full price, or sum of the lines; NULL without a rate
    converted_orders.discounts, -- discounts, positive, reporting currency like all amounts
    cast(
        round(
            cast(converted_orders.gross_items - converted_orders.discounts as double)
            * converted_orders.rate_drift,
            4
        ) as decimal(18, 4)
    ) as sales_at_constant_rates, -- items less discounts at the first rate of the currency
    converted_orders.shipping, -- shipping charged
    converted_orders.taxes, -- taxes
    converted_orders.total, -- total that the shop states; NULL if it states none
    converted_orders.refunded_total, -- refunded until now, by the order or its refunds, if more
    converted_orders.product_costs, -- what the products cost
    cast(
        converted_orders.gross_items
        - converted_orders.discounts
        - converted_orders.refunded_total
        - converted_orders.product_costs as decimal(18, 4)
    ) as gross_margin -- items less discounts, refunds and product costs; NULL without a rate
from converted_orders
