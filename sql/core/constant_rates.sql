-- One row per currency: the rate of the first day that has one, to compare periods at equal rates.
-- grain: currency
select
    rates.currency, -- ISO 4217 code
    rates.rate -- units of the reporting currency for one unit on that first day
from core.exchange_rates as rates
qualify row_number() over (partition by rates.currency order by rates.day) = 1
