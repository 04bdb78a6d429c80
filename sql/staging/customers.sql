-- One row per customer as a shop or a CRM knows them; what is derived from orders is not here.
-- grain: source, account_id, customer_key
-- incremental: day
-- check customer_known: customer_key <> ''
-- warn orders_not_negative: coalesce(orders, 0) >= 0
-- warn total_spent_not_negative: coalesce(total_spent, 0) >= 0
-- warn amount_has_currency: coalesce(total_spent, 0) = 0 or length(currency) = 3
select
    customers.day,
    customers.source,
    customers.account_id,
    trim(customers.customer_key) as customer_key,
    customers.first_seen_at,
    customers.first_order_at,
    coalesce(trim(customers.country), '') as country,
    customers.accepts_marketing,
    coalesce(trim(customers.segment), '') as segment,
    customers.is_key_account,
    customers.orders,
    customers.total_spent,
    coalesce(upper(trim(customers.currency)), '') as currency,
    customers.updated_at
from raw.customers as customers
