-- One row per order whose purchase the website reported, with the session that bought. Of several
-- reports of one transaction the first counts.
-- grain: source, account_id, order_id
with transactions as (
    select
        purchases.transaction_id,
        purchases.day,
        purchases.source,
        purchases.account_id,
        purchases.session_id,
        purchases.visitor_id,
        purchases.started_at
    from core.web_purchases as purchases
    where purchases.transaction_id <> ''
    qualify
        row_number() over (
            partition by purchases.transaction_id
            order by
                purchases.purchased_at,
                purchases.source,
                purchases.account_id,
                purchases.session_id
        ) = 1
),

matched_orders as (
    select
        orders.day,
        orders.source,
        orders.account_id,
        orders.order_id,
        coalesce(
            numbered_transactions.transaction_id, identified_transactions.transaction_id
        ) as transaction_id
    from core.orders as orders
    left join transactions as numbered_transactions
        on orders.order_number = numbered_transactions.transaction_id
    left join transactions as identified_transactions
        on orders.order_id = identified_transactions.transaction_id
)

select
    matched_orders.day, -- company's calendar day on which the order was placed
    matched_orders.source, -- connected source that delivered the order
    matched_orders.account_id, -- shop
    matched_orders.order_id, -- identifier of the order, unique within the shop
    transactions.day as session_day, -- company's calendar day on which the session began
    transactions.source as session_source, -- connected source that delivered the session
    transactions.account_id as property, -- web property
    transactions.session_id, -- identifier of the session, unique within the property
    transactions.visitor_id, -- browser or user identifier, '' if not delivered
    transactions.started_at -- instant of the session's first event, UTC
from matched_orders
inner join transactions using (transaction_id)
