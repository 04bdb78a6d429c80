-- One row per order whose purchase the website reported, with the session that bought.
-- grain: source, account_id, order_id
with matched_orders as (
    select
        orders.day,
        orders.source,
        orders.account_id,
        orders.order_id,
        coalesce(
            numbered_transactions.transaction_id, identified_transactions.transaction_id
        ) as transaction_id
    from core.orders as orders
    left join core.web_transactions as numbered_transactions
        on orders.order_number = numbered_transactions.transaction_id
    left join core.web_transactions as identified_transactions
        on orders.order_id = identified_transactions.transaction_id
)

select
    matched_orders.day, -- company's calendar day on which the order was placed
    matched_orders.source, -- connected source that delivered the order
    matched_orders.account_id, -- shop
    matched_orders.order_id, -- identifier of the order, unique within the shop
    web_transactions.day as session_day, -- company's calendar day on which the session began
    web_transactions.source as session_source, -- connected source that delivered the session
    web_transactions.account_id as property, -- web property
    web_transactions.session_id, -- identifier of the session, unique within the property
    web_transactions.visitor_id, -- browser or user identifier, '' if not delivered
    web_transactions.started_at -- instant of the session's first event, UTC
from matched_orders
inner join core.web_transactions as web_transactions using (transaction_id)
