-- One row per day and market.
-- grain: day, market
-- incremental: day
-- covered by: market_sales
-- basis: day of the market's sales
select
    markets.day, -- day that the share of the figure belongs to
    markets.market, -- the market, in the words of the source
    case
        when count(markets.amount) = count(*) then cast(sum(markets.amount) as decimal(18, 4))
    end as market_sales -- sales of all sellers together, reporting currency
from core.market_sales as markets
group by markets.day, markets.market
