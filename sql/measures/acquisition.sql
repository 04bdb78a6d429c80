-- One row per day with anything spent on winning customers.
-- grain: day
-- incremental: day
-- covered by: ad_performance and ledger_entries
-- basis: cost day
with acquisition_costs as (
    select
        ads.day,
        ads.cost as amount
    from core.ad_performance as ads
    union all
    select
        costs.day,
        costs.amount
    from core.costs
    where costs.purpose = 'acquisition'
)

select
    acquisition_costs.day, -- day that the costs belong to
    case
        when count(acquisition_costs.amount) = count(*)
            then cast(sum(acquisition_costs.amount) as decimal(18, 4))
    end as acquisition_cost -- ad cost and ledger costs of acquisition, reporting currency
from acquisition_costs
group by acquisition_costs.day
