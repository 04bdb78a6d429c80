-- One row per order of a shop.
-- grain: source, account_id, order_id
-- incremental: day
-- check status_known: status in
--    ('pending', 'paid', 'partially_refunded', 'refunded', 'cancelled', 'failed')
-- warn gross_items_not_negative: gross_items >= 0
-- warn discounts_not_negative: discounts >= 0
-- warn refunded_total_not_negative: refunded_total >= 0
-- warn currency_has_three_letters: length(currency) = 3
select
    orders.day,
    orders.source,
    orders.account_id,
    trim(orders.order_id) as order_id,
    coalesce(trim(orders.order_number), '') as order_number,
    orders.created_at,
    orders.cancelled_at,
    coalesce(nullif(trim(orders.customer_key), ''), 'guest:' || trim(orders.order_id))
        as customer_key, -- an order without a customer is its own guest: nobody shares an empty key
    coalesce(nullif(trim(orders.customer_key), ''), 'guest:') like 'guest:%'
        as is_guest, -- sources write guest: before the number of an order without a customer
    lower(trim(orders.status)) as status,
    coalesce(orders.is_test, false) as is_test,
    not coalesce(orders.is_test, false)
    and lower(trim(orders.status)) not in ('cancelled', 'failed') as is_valid,
    upper(trim(orders.currency)) as currency,
    coalesce(trim(orders.payment_method), '') as payment_method,
    coalesce(trim(orders.sales_channel), '') as sales_channel,
    lower(coalesce(trim(orders.sales_channel), '')) not in (
        'pos', 'till', 'retail', 'store', 'in_store', 'in-store', 'point of sale', 'point_of_sale'
    ) as is_online, -- the words by which shops mark what was sold at a till
    coalesce(trim(orders.channel), '') as channel,
    coalesce(trim(orders.country), '') as country,
    orders.gross_items,
    coalesce(orders.discounts, 0) as discounts, -- not exported means none, also below
    coalesce(orders.shipping, 0) as shipping,
    coalesce(orders.taxes, 0) as taxes,
    orders.total,
    coalesce(orders.refunded_total, 0) as refunded_total
from raw.orders as orders
