-- One row per day with anything spent on marketing of any kind.
-- grain: day
-- incremental: day
-- covered by: ad_performance and ledger_entries
-- basis: cost day
with marketing_costs as (
    select
        ads.day,
        ads.cost as amount
    from core.ad_performance as ads
    union all
    select
        costs.day,
        costs.amount
    from core.costs
    where costs.purpose in ('acquisition', 'retention', 'brand')
)

select
    marketing_costs.day, -- day that the costs belong to
    case
        when count(marketing_costs.amount) = count(*)
            then cast(sum(marketing_costs.amount) as decimal(18, 4))
    end as marketing_cost -- ad cost and ledger costs of acquisition, retention and brand
from marketing_costs
group by marketing_costs.day
