-- One row per day and country of refunds, on the day on which they were given.
-- grain: day, country
-- incremental: day
-- covered by: refunds
-- basis: refund given
select
    refunds.day, -- day on which the refunds were given
    refunds.country, -- country of the refunded orders, '' if unknown
    case
        when count(refunds.amount) = count(*) then cast(sum(refunds.amount) as decimal(18, 4))
    end as returns, -- amount refunded on valid orders, reporting currency
    case
        when count(refunds.amount_at_constant_rates) = count(*)
            then cast(sum(refunds.amount_at_constant_rates) as decimal(18, 4))
    end as returns_at_constant_rates, -- the same at the first rate of each currency
    case
        when count(*) filter (where refunds.is_online and refunds.amount is null) = 0
            then cast(
                coalesce(sum(refunds.amount) filter (where refunds.is_online), 0)
                as decimal(18, 4)
            )
    end as online_returns -- amount refunded on orders not sold at a till
from core.refunds as refunds
where refunds.is_valid
group by refunds.day, refunds.country
