-- One row per day that the ledger has anything for.
-- grain: day
-- incremental: day
-- covered by: ledger_entries
select
    costs.day, -- day that the amounts belong to
    case
        when count(*) filter (where costs.section = 'revenue' and costs.amount is null) = 0
            then cast(
                coalesce(sum(costs.amount) filter (where costs.section = 'revenue'), 0)
                as decimal(18, 4)
            )
    end as revenue_ledger, -- revenue in the books, reporting currency
    case
        when count(*) filter (where costs.section = 'cogs' and costs.amount is null) = 0
            then cast(
                coalesce(sum(costs.amount) filter (where costs.section = 'cogs'), 0)
                as decimal(18, 4)
            )
    end as direct_costs, -- cost of what was sold, reporting currency
    case
        when count(*) filter (where costs.section = 'opex' and costs.amount is null) = 0
            then cast(
                coalesce(sum(costs.amount) filter (where costs.section = 'opex'), 0)
                as decimal(18, 4)
            )
    end as operating_costs -- indirect costs of running the business, reporting currency
from core.costs
group by costs.day
