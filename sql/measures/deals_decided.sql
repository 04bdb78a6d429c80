-- One row per decided deal on the day on which it began, with the age at which it was decided.
-- grain: day, pipeline, owner, product, lead_source, deal_key, age_days
-- incremental: day
-- covered by: deals
-- basis: deal created
-- median sales_cycle_length_created: cycle_days where is_won
select
    deals.day, -- day on which the deal began
    deals.pipeline, -- pipeline, '' if not delivered
    deals.owner, -- who is responsible, '' if not delivered
    deals.product, -- what is sold, '' if not delivered
    deals.lead_source, -- where the deal came from, '' if unknown
    deals.deal_key, -- the deal
    greatest(0, deals.cycle_days) as age_days, -- days from its begin to the decision
    deals.is_won, -- whether it was won
    deals.cycle_days, -- days from its begin to the decision
    case when deals.is_won then 1 else 0 end as cohort_deals_won, -- 1 if it was won
    case when deals.is_won then 0 else 1 end as cohort_deals_lost -- 1 if it was lost
from core.deals as deals
where deals.cycle_days is not null
