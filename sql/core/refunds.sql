-- One row per refund, on the day on which it was given.
-- grain: source, account_id, refund_id
-- warn order_known: order_source <> ''
-- warn amount_converted: amount is not null
with account_orders as (
    select
        orders.account_id,
        orders.order_id,
        orders.source,
        orders.is_valid,
        orders.is_online,
        orders.country
    from staging.orders as orders
    qualify
        row_number() over (
            partition by orders.account_id, orders.order_id
            order by orders.source
        ) = 1
)

select
    refunds.day, -- company's calendar day of the refund
    refunds.source, -- connected source that delivered the refund
    refunds.account_id, -- shop
    refunds.refund_id, -- identifier of the refund
    refunds.order_id, -- order that was refunded
    coalesce(
        own_orders.source, account_orders.source, ''
    ) as order_source, -- source of that order, '' if nobody delivered it
    coalesce(
        own_orders.is_valid, account_orders.is_valid, true
    ) as is_valid, -- false if the order itself does not count: then neither does its refund
    coalesce(
        own_orders.is_online, account_orders.is_online, true
    ) as is_online, -- false if the order was sold at a till
    coalesce(
        own_orders.country, account_orders.country, ''
    ) as country, -- country of the order, '' if unknown
    refunds.quantity, -- units given back; NULL if not delivered
    refunds.reason, -- reason in the shop's words
    refunds.currency, -- currency of the refund
    refunds.amount as amount_in_refund_currency, -- amount given back, in the refund's currency
    cast(
        round(refunds.amount * rates.rate, 4) as decimal(18, 4)
    ) as amount, -- amount given back, reporting currency at the refund's day; NULL without a rate
    cast(
        round(
            refunds.amount * case when rates.rate is not null then constant_rates.rate end, 4
        ) as decimal(18, 4)
    ) as amount_at_constant_rates -- the same at the first rate that its currency ever had
from staging.refunds as refunds
left join staging.orders as own_orders using (source, account_id, order_id)
left join account_orders using (account_id, order_id)
left join core.exchange_rates as rates
    on refunds.day = rates.day and refunds.currency = rates.currency
left join core.constant_rates as constant_rates on refunds.currency = constant_rates.currency
