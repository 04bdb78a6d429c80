-- One row per day, channel and country of valid orders, and age at which their units came back.
-- grain: day, channel, country, age_days
-- covered by: refunds
-- basis: order placed
-- warn returned_after_ordering: age_days >= 0
select
    orders.day, -- day on which the orders were placed
    orders.channel, -- channel of the orders
    orders.country, -- country as the shop names it, '' if unknown
    date_diff(
        'day', orders.day, refunds.day
    ) as age_days, -- days from the orders to the refunds of this row
    case
        when count(refunds.quantity) = count(*)
            then cast(sum(refunds.quantity) as decimal(18, 4))
    end as units_returned -- units that the refunds at that age were for; NULL if not delivered
from core.refunds as refunds
inner join core.orders as orders
    on
        refunds.order_source = orders.source
        and refunds.account_id = orders.account_id
        and refunds.order_id = orders.order_id
where orders.is_valid
group by
    orders.day,
    orders.channel,
    orders.country,
    date_diff('day', orders.day, refunds.day)
