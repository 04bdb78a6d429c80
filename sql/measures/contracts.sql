-- One row per day, pipeline, owner, product and lead source of contracts that end.
-- grain: day, pipeline, owner, product, lead_source
-- covered by: deals
-- basis: contract due
select
    deals.contract_end as day, -- last day of the contracts
    deals.pipeline, -- pipeline of the deal that was won, '' if not delivered
    deals.owner, -- who is responsible, '' if not delivered
    deals.product, -- what was sold, '' if not delivered
    deals.lead_source, -- where the deal came from, '' if unknown
    count(*) as contracts_due, -- contracts that end on this day
    case
        when count(deals.amount) = count(*) then cast(sum(deals.amount) as decimal(18, 4))
    end as contract_value_due -- their value, reporting currency at the day of signing
from core.deals as deals
where deals.is_won and deals.contract_end is not null
group by deals.contract_end, deals.pipeline, deals.owner, deals.product, deals.lead_source
