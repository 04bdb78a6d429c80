-- One row per day that events or a daily report of the website speak for. A property's visitors are
-- counted in its events where the day has any, and come from its daily report otherwise: reports do
-- not tell who came to two properties.
-- grain: day
-- incremental: day
-- covered by: web_events or web_users_daily
-- basis: session start
with covered_days as (
    select distinct coverage.day
    from core.coverage as coverage
    where coverage.subject in ('web_events', 'web_users_daily')
),

visitors as (
    select
        sessions.day,
        count(distinct sessions.visitor_id) as visitors
    from core.web_sessions as sessions
    where sessions.visitor_id <> ''
    group by sessions.day
    union all
    select
        daily.day,
        -- New and returning people overlap: without a figure of both together there is none.
        max(
            case
                when daily.new_or_returning = '' then coalesce(daily.users_1_day, daily.users)
            end
        ) as visitors
    from staging.web_users_daily as daily
    where
        not exists (
            select 1
            from core.web_event_days as event_days
            where
                event_days.day = daily.day
                and (
                    event_days.property = daily.account_id
                    or event_days.property = ''
                    or daily.account_id = ''
                )
        )
    group by daily.day, daily.account_id
)

select
    covered_days.day, -- day that is covered
    1 as web_days, -- days whose visitors are known
    case
        when count(visitors.visitors) = count(visitors.day)
            then cast(coalesce(sum(visitors.visitors), 0) as bigint)
    end as user_days -- different visitors of each day, added up over the days
from covered_days
left join visitors using (day)
group by covered_days.day
