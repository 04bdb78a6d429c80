-- One row per key account and first day of a week or month on which it is one: a period begins on
-- such a day, and whoever is a key account then is looked for again at the period's end.
-- grain: day, account_key
-- covered by: key_accounts
-- basis: key account
-- distinct key_accounts_at_start: account_key where day = period_start
-- distinct key_accounts_kept: account_key where day = period_start and last_day >= period_end
with covered_starts as (
    select distinct calendar.day
    from core.calendar as calendar
    inner join raw.covered_days as covered using (day)
    where
        covered.subject = 'key_accounts'
        and (calendar.day = calendar.week_start or calendar.day = calendar.month_start)
)

select
    covered_starts.day, -- first day of a week or month
    stretches.account_key, -- the key account
    stretches.last_day -- last day on which it is one without a break; 9999 while it goes on
from core.key_accounts as stretches
inner join covered_starts
    on covered_starts.day between stretches.day and stretches.last_day
