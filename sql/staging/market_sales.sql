-- One row per market and period that its sales are known for; rows equal in all of it are added up.
-- grain: day, source, account_id, period_start, period_end, market, currency
-- incremental: day
-- check period_in_order: period_end >= period_start
-- warn amount_positive: amount > 0
-- warn currency_has_three_letters: length(currency) = 3
select
    market_sales.day,
    market_sales.source,
    market_sales.account_id,
    coalesce(market_sales.period_start, market_sales.day) as period_start,
    coalesce(market_sales.period_end, market_sales.day) as period_end,
    trim(market_sales.market) as market,
    upper(trim(market_sales.currency)) as currency,
    cast(sum(market_sales.amount) as decimal(18, 4)) as amount
from raw.market_sales as market_sales
group by all
