-- One row per day and visitor who had come to the website on an earlier day. What was before the
-- first loaded day is not known, and who deletes cookies comes as somebody else.
-- grain: day, visitor_key
-- check came_before: first_day < day
with known_visitors as (
    select
        sessions.visitor_id as visitor_key,
        min(sessions.day) as first_day
    from core.web_sessions as sessions
    where sessions.visitor_id <> ''
    group by sessions.visitor_id
    having min(sessions.day) < max(sessions.day)
)

select distinct
    sessions.day, -- day of the visit
    known_visitors.visitor_key, -- browser or user identifier
    known_visitors.first_day -- first day on which the visitor was there
from core.web_sessions as sessions
inner join known_visitors on sessions.visitor_id = known_visitors.visitor_key
where sessions.day > known_visitors.first_day
