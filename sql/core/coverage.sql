-- One row per subject and day that at least one loaded file speaks for.
-- grain: subject, day
select
    covered.subject, -- subject of the raw table, e.g. ad_performance
    covered.day, -- day that is covered
    bool_and(
        date_diff('day', covered.day, company.as_of) > coalesce(sources.restates_days, 0)
    ) as is_final -- whether no source that covers the day will still change it
from raw.covered_days as covered
cross join core.company as company
left join core.sources as sources using (source)
group by covered.subject, covered.day
