-- One row per investment or experiment, on the day on which the money was committed.
-- grain: source, account_id, investment_id
-- incremental: day
-- warn cost_converted: cost is not null
select
    investments.day, -- day on which the investment was made or the experiment began
    investments.source, -- connected source that delivered it
    investments.account_id, -- whose figures they are
    investments.investment_id, -- identifier of the investment or experiment
    investments.investment_name, -- its name, its identifier if it has none
    investments.kind, -- investment, or experiment for a campaign measured against a control group
    cast(
        round(investments.gain * rates.rate, 4) as decimal(18, 4)
    ) as gain, -- what it brought in all, reporting currency; NULL until that is known
    cast(
        round(
            investments.incremental_revenue * investments.contribution_margin * rates.rate, 4
        ) as decimal(18, 4)
    ) as incremental_contribution, -- margin of the sales without it lacking; NULL until known
    cast(
        round(investments.cost * rates.rate, 4) as decimal(18, 4)
    ) as cost -- what it cost, reporting currency at that day; NULL without a rate
from staging.investments as investments
left join core.exchange_rates as rates using (day, currency)
