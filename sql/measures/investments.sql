-- One row per day and investment or experiment that began on it.
-- grain: day, investment
-- incremental: day
-- covered by: investments
-- basis: investment made
select
    investments.day, -- day on which the investment was made or the experiment began
    investments.investment_name as investment, -- its name
    case
        when
            count(*) filter (
                where investments.kind = 'investment' and investments.gain is null
            ) = 0
            then cast(
                coalesce(sum(investments.gain) filter (where investments.kind = 'investment'), 0)
                as decimal(18, 4)
            )
    end as investment_gain, -- what investments brought in all, reporting currency
    case
        when
            count(*) filter (
                where investments.kind = 'investment' and investments.cost is null
            ) = 0
            then cast(
                coalesce(sum(investments.cost) filter (where investments.kind = 'investment'), 0)
                as decimal(18, 4)
            )
    end as investment_cost, -- what investments cost, reporting currency
    case
        when
            count(*) filter (
                where
                investments.kind = 'experiment' and investments.incremental_contribution is null
            ) = 0
            then cast(
                coalesce(
                    sum(investments.incremental_contribution) filter (
                        where investments.kind = 'experiment'
                    ),
                    0
                ) as decimal(18, 4)
            )
    end as incremental_contribution, -- margin of sales that campaigns added, by experiment
    case
        when
            count(*) filter (
                where investments.kind = 'experiment' and investments.cost is null
            ) = 0
            then cast(
                coalesce(sum(investments.cost) filter (where investments.kind = 'experiment'), 0)
                as decimal(18, 4)
            )
    end as experiment_cost -- what the campaigns of experiments cost, reporting currency
from core.investments as investments
group by investments.day, investments.investment_name
