-- One row per day and pair of currencies: one unit of the base costs `rate` units of the quote.
-- grain: day, source, account_id, base, quote
-- incremental: day
-- check rate_positive: rate > 0
select distinct
    rates.day,
    rates.source,
    rates.account_id,
    upper(trim(rates.base)) as base,
    upper(trim(rates.quote)) as quote,
    rates.rate
from raw.fx_rates as rates
