-- One row per day, pipeline, owner, product and lead source of contracts that end, and age at which
-- they were renewed: 0 until the last day, afterwards the days since.
-- grain: day, pipeline, owner, product, lead_source, age_days
-- covered by: deals
-- basis: contract due
with renewals as (
    select
        contracts.contract_end as day,
        contracts.pipeline,
        contracts.owner,
        contracts.product,
        contracts.lead_source,
        greatest(0, date_diff('day', contracts.contract_end, deals.closed_day)) as age_days,
        deals.amount,
        row_number() over (
            partition by contracts.deal_key
            order by deals.closed_day, deals.deal_key
        ) = 1 as is_first
    from core.deals as deals
    inner join core.deals as contracts
        on
            deals.source = contracts.source
            and deals.account_id = contracts.account_id
            and deals.renewed_from = contracts.deal_id
    where
        deals.is_won
        and deals.closed_day is not null
        and contracts.is_won
        and contracts.contract_end is not null
        and deals.deal_key <> contracts.deal_key
)

select
    renewals.day, -- last day of the contracts that were renewed
    renewals.pipeline, -- pipeline of those contracts, '' if not delivered
    renewals.owner, -- who was responsible for them, '' if not delivered
    renewals.product, -- what they were about, '' if not delivered
    renewals.lead_source, -- where their deals came from, '' if unknown
    renewals.age_days, -- days from the last day to the renewal, 0 for an earlier one
    count(*) filter (
        where renewals.is_first
    ) as contracts_renewed, -- contracts renewed, each once
    case
        when count(renewals.amount) = count(*)
            then cast(sum(renewals.amount) as decimal(18, 4))
    end as contract_value_renewed -- value of the new contracts, reporting currency at their signing
from renewals
group by
    renewals.day,
    renewals.pipeline,
    renewals.owner,
    renewals.product,
    renewals.lead_source,
    renewals.age_days
