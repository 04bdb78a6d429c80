-- One row per day and country of refunds, on the day on which they were given.
-- grain: day, country
-- incremental: day
-- covered by: refunds
select
    refunds.day, -- day on which the refunds were given
    refunds.country, -- country of the refunded orders, '' if unknown
    case
        when count(refunds.amount) = count(*) then cast(sum(refunds.amount) as decimal(18, 4))
    end as returns -- amount refunded on valid orders, reporting currency
from core.refunds as refunds
where refunds.is_valid
group by refunds.day, refunds.country
