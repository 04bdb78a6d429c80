-- One row per web property and period whose visitors an analytics service itself has counted.
-- grain: day, property, reported_from_key
-- incremental: day
-- covered by: web_users_periods or web_users_daily
-- basis: session start
-- sum users_reported: visitors where reported_from_key = period_start and day = period_end
-- sum user_reports: reports where reported_from_key = period_start and day = period_end
with counts as (
    select
        periods.day,
        periods.account_id as property,
        periods.period_start as reported_from_key,
        periods.users as visitors,
        1 as preference
    from staging.web_users_periods as periods
    where periods.new_or_returning = ''
    union all
    select
        daily.day,
        daily.account_id as property,
        cast(daily.day - interval 6 day as date) as reported_from_key,
        daily.users_7_days as visitors,
        2 as preference
    from staging.web_users_daily as daily
    where daily.new_or_returning = '' and daily.users_7_days is not null
)

select
    counts.day, -- last day of the reported period
    counts.property, -- web property
    counts.reported_from_key, -- first day of the reported period
    counts.visitors, -- different visitors of the period as the service counted them
    1 as reports -- reports about the period
from counts
qualify
    row_number() over (
        partition by counts.day, counts.property, counts.reported_from_key
        order by counts.preference, counts.visitors
    ) = 1
