-- One row per day, ledger account, section, purpose and kind of cost. A posting is spread evenly
-- over the days of its period; the last day takes the remainder, so that the days add up exactly.
-- grain: day, source, account_id, account_code, section, purpose, cost_kind
-- warn amount_converted: amount is not null
with postings as (
    select
        entries.source,
        entries.account_id,
        entries.period_start,
        entries.period_end,
        entries.account_code,
        entries.account_name,
        entries.section,
        entries.purpose,
        entries.cost_kind,
        date_diff('day', entries.period_start, entries.period_end) + 1 as period_days,
        cast(round(entries.amount * rates.rate, 4) as decimal(18, 4)) as amount
    from staging.ledger_entries as entries
    left join core.exchange_rates as rates using (day, currency)
),

shared_postings as (
    select
        postings.source,
        postings.account_id,
        postings.period_start,
        postings.period_end,
        postings.account_code,
        postings.account_name,
        postings.section,
        postings.purpose,
        postings.cost_kind,
        postings.period_days,
        postings.amount,
        cast(
            round(
                cast(postings.amount as double) / nullif(postings.period_days, 0), 4
            ) as decimal(18, 4)
        ) as daily_share
    from postings
),

daily_amounts as (
    select
        calendar.day,
        shared_postings.source,
        shared_postings.account_id,
        shared_postings.account_code,
        shared_postings.account_name,
        shared_postings.section,
        shared_postings.purpose,
        shared_postings.cost_kind,
        case
            when calendar.day = shared_postings.period_end
                then
                    shared_postings.amount
                    - shared_postings.daily_share * (shared_postings.period_days - 1)
            else shared_postings.daily_share
        end as amount
    from shared_postings
    inner join core.calendar as calendar
        on
            shared_postings.period_start <= calendar.day
            and shared_postings.period_end >= calendar.day
)

select
    daily_amounts.day, -- day that the share belongs to
    daily_amounts.source, -- connected source that delivered the ledger
    daily_amounts.account_id, -- set of books
    daily_amounts.account_code, -- ledger account
    max(daily_amounts.account_name) as account_name, -- the ledger account's name
    daily_amounts.section, -- revenue, cogs, opex, other_income, other_expense or tax
    daily_amounts.purpose, -- acquisition, retention, brand, service, or '' if none was stated
    daily_amounts.cost_kind, -- media, people, tools and the like, or ''
    case
        when count(daily_amounts.amount) = count(*)
            then cast(sum(daily_amounts.amount) as decimal(18, 4))
    end as amount -- share of this day, reporting currency at the posting's day; NULL without a rate
from daily_amounts
group by
    daily_amounts.day,
    daily_amounts.source,
    daily_amounts.account_id,
    daily_amounts.account_code,
    daily_amounts.section,
    daily_amounts.purpose,
    daily_amounts.cost_kind
