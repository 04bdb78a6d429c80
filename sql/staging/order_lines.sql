-- One row per line of an order.
-- grain: source, account_id, order_id, line_number
-- incremental: day
select
    order_lines.day,
    order_lines.source,
    order_lines.account_id,
    trim(order_lines.order_id) as order_id,
    order_lines.line_number,
    coalesce(trim(order_lines.product_id), '') as product_id,
    coalesce(trim(order_lines.product_name), '') as product_name,
    coalesce(order_lines.is_product, true) as is_product,
    order_lines.quantity,
    order_lines.unit_price,
    coalesce(order_lines.line_discount, 0) as line_discount,
    order_lines.line_total
from raw.order_lines as order_lines
