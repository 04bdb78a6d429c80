-- One row per product and day from which its cost holds.
-- grain: source, account_id, product_id, day
-- incremental: day
select
    products.day, -- day from which the cost holds
    products.source, -- connected source that delivered the product
    products.account_id, -- shop
    products.product_id, -- product, as the lines of orders name it
    products.product_name, -- the product's name, '' if not delivered
    products.currency, -- currency of the cost, as delivered
    products.unit_cost -- cost of one unit in that currency
from staging.products as products
