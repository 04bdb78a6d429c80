-- One row per key account and unbroken stretch of time in which it is one, whoever lists it.
-- grain: account_key, day
with stretches as (
    select
        listed.account_key,
        listed.day,
        coalesce(listed.valid_to, date '9999-12-30') as last_day,
        max(coalesce(listed.valid_to, date '9999-12-30')) over (
            partition by listed.account_key
            order by listed.day, listed.source, listed.account_id
            rows between unbounded preceding and 1 preceding
        ) as listed_until
    from staging.key_accounts as listed
),

numbered_stretches as (
    select
        stretches.account_key,
        stretches.day,
        stretches.last_day,
        sum(
            case
                when stretches.day <= cast(stretches.listed_until + interval 1 day as date) then 0
                else 1
            end
        ) over (
            partition by stretches.account_key
            order by stretches.day, stretches.last_day
            rows between unbounded preceding and current row
        ) as stretch_number
    from stretches
)

select
    numbered_stretches.account_key, -- the key account; never a readable address
    min(numbered_stretches.day) as day, -- first day of the stretch
    max(numbered_stretches.last_day) as last_day -- last day of it; 9999 while it goes on
from numbered_stretches
group by numbered_stretches.account_key, numbered_stretches.stretch_number
