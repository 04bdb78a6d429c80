-- One row per deal as it stands now; the day is the one on which it began, NULL if it has not begun
-- or nobody says when. Amounts are converted at the rate of the day on which the deal was closed.
-- grain: source, account_id, deal_id
-- warn closed_day_known: closed_day is not null or not is_closed
-- warn contract_value_converted: amount is not null or not is_won
-- warn renewal_names_contract: renewed_from <> '' or not is_renewal or contract_end is null
with dated_deals as (
    select
        deals.day,
        deals.source,
        deals.account_id,
        deals.deal_id,
        deals.pipeline,
        deals.stage,
        deals.owner,
        deals.product,
        deals.lead_source,
        deals.lead_id,
        deals.customer_key,
        deals.proposal_sent_at,
        deals.is_closed,
        deals.is_won,
        deals.amount,
        deals.currency,
        deals.contract_start,
        deals.contract_end,
        deals.is_renewal,
        deals.renewed_from,
        deals.lost_reason,
        case when deals.is_closed then coalesce(deals.closed_day, closed_days.day) end
            as closed_day,
        case
            when deals.contract_end >= deals.contract_start
                then cast(deals.contract_end + interval 1 day as date)
        end as day_after_contract
    from staging.deals as deals
    left join core.days_by_utc_date as closed_days
        on
            cast(deals.closed_at as date) = closed_days.date_in_utc
            and deals.closed_at >= closed_days.starts_at
            and deals.closed_at < closed_days.ends_at
),

measured_deals as (
    select
        dated_deals.source,
        dated_deals.account_id,
        dated_deals.deal_id,
        -- a deal may close after the last day that any source speaks for, where no rates are kept
        case
            when dated_deals.currency = company.reporting_currency then 1
            when dated_deals.amount = 0 then 1
            else rates.rate
        end as rate,
        -- to a tenth: whether the end is the last day or the day after it makes no difference
        round(
            date_diff('month', dated_deals.contract_start, dated_deals.day_after_contract)
            + (
                extract(day from dated_deals.day_after_contract)
                - extract(day from dated_deals.contract_start)
            )
            / 30.0,
            1
        ) as term_months
    from dated_deals
    cross join core.company as company
    left join core.exchange_rates as rates
        on dated_deals.closed_day = rates.day and dated_deals.currency = rates.currency
)

select
    dated_deals.day, -- company's calendar day on which the deal began
    dated_deals.source, -- connected source that delivered the deal
    dated_deals.account_id, -- account of the CRM
    dated_deals.deal_id, -- identifier of the deal, unique within the account
    dated_deals.source || ':' || dated_deals.account_id || ':' || dated_deals.deal_id
        as deal_key, -- the deal among those of all sources
    dated_deals.pipeline, -- pipeline, '' if not delivered
    dated_deals.stage, -- stage in the CRM's words
    dated_deals.owner, -- who is responsible, '' if not delivered
    dated_deals.product, -- what is sold, '' if not delivered
    dated_deals.lead_source, -- where it came from in the CRM's words, '' if unknown
    dated_deals.lead_id, -- lead that it came from, '' if unknown
    dated_deals.customer_key, -- who buys; never a readable address
    dated_deals.proposal_sent_at is not null as has_proposal, -- whether a proposal was sent
    dated_deals.is_closed, -- whether it is decided
    dated_deals.is_won, -- whether it is won
    dated_deals.closed_day, -- day of the decision; NULL while open or if not stated
    date_diff(
        'day', dated_deals.day, dated_deals.closed_day
    ) as cycle_days, -- days from its begin to the decision; NULL while open or if not stated
    dated_deals.currency, -- currency of the amount, '' if not delivered
    cast(
        round(dated_deals.amount * measured_deals.rate, 4) as decimal(18, 4)
    ) as amount, -- value, reporting currency at the closing day; NULL while open, without a rate
    dated_deals.contract_start, -- first day of the contract
    dated_deals.contract_end, -- last day of the contract
    measured_deals.term_months, -- months that the contract runs; NULL if not stated
    cast(
        round(
            12
            * cast(dated_deals.amount * measured_deals.rate as double)
            / nullif(measured_deals.term_months, 0),
            4
        ) as decimal(18, 4)
    ) as annual_amount, -- value of twelve months; NULL without a term or a rate
    dated_deals.is_renewal, -- whether it renews a contract; NULL if the CRM does not tell
    dated_deals.renewed_from, -- deal whose contract it renews, '' if none
    dated_deals.lost_reason -- why it was lost, '' if not delivered
from dated_deals
inner join measured_deals using (source, account_id, deal_id)
