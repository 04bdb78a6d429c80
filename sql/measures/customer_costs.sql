-- One row per day that the ledger has anything for: what it costs to keep and serve customers.
-- grain: day
-- incremental: day
-- covered by: ledger_entries
-- basis: cost day
select
    costs.day, -- day that the costs belong to
    case
        when count(*) filter (where costs.purpose = 'retention' and costs.amount is null) = 0
            then cast(
                coalesce(sum(costs.amount) filter (where costs.purpose = 'retention'), 0)
                as decimal(18, 4)
            )
    end as retention_cost, -- ledger costs of keeping customers, reporting currency
    case
        when count(*) filter (where costs.purpose = 'service' and costs.amount is null) = 0
            then cast(
                coalesce(sum(costs.amount) filter (where costs.purpose = 'service'), 0)
                as decimal(18, 4)
            )
    end as service_cost -- ledger costs of serving customers, reporting currency
from core.costs
group by costs.day
