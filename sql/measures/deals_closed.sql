-- One row per decided deal, on the day of the decision.
-- grain: day, pipeline, owner, product, lead_source, deal_key
-- covered by: deals
-- basis: deal closed
-- median sales_cycle_length: cycle_days where is_won
-- sum sales_cycle_days: cycle_days where is_won
select
    deals.closed_day as day, -- day of the decision
    deals.pipeline, -- pipeline, '' if not delivered
    deals.owner, -- who is responsible, '' if not delivered
    deals.product, -- what is sold, '' if not delivered
    deals.lead_source, -- where the deal came from, '' if unknown
    deals.deal_key, -- the deal
    deals.is_won, -- whether it was won
    deals.cycle_days, -- days from its begin to the decision; NULL if its begin is not known
    case when deals.is_won then 1 else 0 end as deals_won, -- 1 if it was won
    case when deals.is_won then 0 else 1 end as deals_lost, -- 1 if it was lost
    case
        when deals.has_proposal and deals.is_won then 1 else 0
    end as proposals_won, -- 1 if it was won after a proposal
    case
        when deals.has_proposal and not deals.is_won then 1 else 0
    end as proposals_lost, -- 1 if it was lost after a proposal
    case
        when deals.is_won then deals.amount else cast(0 as decimal(18, 4))
    end as contract_value, -- value of what was won, reporting currency
    case
        when deals.is_won and deals.term_months > 0 then 1 else 0
    end as contracts_with_term, -- 1 if it was won and its contract says how long it runs
    case
        when deals.is_won and deals.term_months > 0 then deals.annual_amount
        else cast(0 as decimal(18, 4))
    end as contract_value_annual -- value of twelve months of such a contract, reporting currency
from core.deals as deals
where deals.closed_day is not null
