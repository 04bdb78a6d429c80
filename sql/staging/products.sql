-- One row per product and day from which its cost holds.
-- grain: source, account_id, product_id, day
-- incremental: day
-- check unit_cost_not_negative: unit_cost >= 0
-- warn currency_has_three_letters: length(currency) = 3
select
    products.day,
    products.source,
    products.account_id,
    trim(products.product_id) as product_id,
    upper(trim(products.currency)) as currency,
    products.unit_cost,
    coalesce(max(trim(products.product_name)), '') as product_name
from raw.products as products
group by all
