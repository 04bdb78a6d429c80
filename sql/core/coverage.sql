-- One row per subject and day that at least one loaded file speaks for. Goals of the website are a
-- subject of their own: they are known where its events are, as soon as the company has set some.
-- grain: subject, day
with covered_days as (
    select
        covered.subject,
        covered.day,
        bool_and(
            date_diff('day', covered.day, company.as_of) > coalesce(sources.restates_days, 0)
        ) as is_final
    from raw.covered_days as covered
    cross join core.company as company
    left join core.sources as sources using (source)
    group by covered.subject, covered.day
),

known_days as (
    select
        covered_days.subject,
        covered_days.day,
        covered_days.is_final
    from covered_days
    union all
    select
        'web_goals' as subject,
        covered_days.day,
        covered_days.is_final
    from covered_days
    where
        covered_days.subject = 'web_events'
        and exists (select 1 from core.web_goals)
    union all
    select
        'web_goal_values' as subject,
        covered_days.day,
        covered_days.is_final
    from covered_days
    where
        covered_days.subject = 'web_events'
        and exists (
            select 1
            from core.web_goals as goals
            where goals.value is not null
        )
)

select
    known_days.subject, -- subject of the raw table, e.g. ad_performance, or web_goals
    known_days.day, -- day that is covered
    known_days.is_final -- whether no source that covers the day will still change it
from known_days
