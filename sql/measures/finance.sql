-- One row per day that the ledger has anything for.
-- grain: day
-- covered by: ledger_entries
-- basis: ledger day
with sections as (
    select count(*) filter (where costs.section = 'revenue') as revenue_rows
    from core.costs
)

select
    costs.day, -- day that the amounts belong to
    case
        when
            -- a ledger of costs alone does not say that nothing was sold
            max(sections.revenue_rows) > 0
            and count(*) filter (where costs.section = 'revenue' and costs.amount is null) = 0
            then cast(
                coalesce(sum(costs.amount) filter (where costs.section = 'revenue'), 0)
                as decimal(18, 4)
            )
    end as revenue_ledger, -- revenue in the books; NULL if no revenue is booked at all
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
    end as operating_costs, -- indirect costs of running the business, reporting currency
    case
        when count(*) filter (where costs.section = 'other_income' and costs.amount is null) = 0
            then cast(
                coalesce(sum(costs.amount) filter (where costs.section = 'other_income'), 0)
                as decimal(18, 4)
            )
    end as other_income, -- income beside the business, such as interest received
    case
        when count(*) filter (where costs.section = 'other_expense' and costs.amount is null) = 0
            then cast(
                coalesce(sum(costs.amount) filter (where costs.section = 'other_expense'), 0)
                as decimal(18, 4)
            )
    end as other_expenses, -- expenses beside the business, such as interest paid
    case
        when count(*) filter (where costs.section = 'tax' and costs.amount is null) = 0
            then cast(
                coalesce(sum(costs.amount) filter (where costs.section = 'tax'), 0)
                as decimal(18, 4)
            )
    end as taxes -- taxes on income, reporting currency
from core.costs
cross join sections
group by costs.day
