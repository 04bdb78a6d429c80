-- One row per web session and goal of the company that was reached in it.
-- grain: day, source, account_id, session_id, goal
-- incremental: day
with goal_events as (
    select
        events.day,
        events.source,
        events.account_id,
        events.session_id,
        goals.goal,
        goals.value,
        count(*) as completions
    from staging.web_events as events
    inner join core.web_goals as goals using (event_name)
    group by
        events.day,
        events.source,
        events.account_id,
        events.session_id,
        goals.goal,
        goals.value
)

select
    goal_events.day, -- company's calendar day on which the session began
    goal_events.source, -- connected source that delivered the events
    goal_events.account_id, -- web property
    goal_events.session_id, -- identifier of the session, unique within the property
    goal_events.goal, -- the goal's name in the company's settings
    sessions.channel, -- channel that brought the session
    sessions.device, -- device in lower case, '' if not delivered
    sessions.country, -- country as the source names it, '' if not delivered
    goal_events.completions, -- how often the goal was reached
    cast(
        goal_events.completions * goal_events.value as decimal(18, 4)
    ) as goal_value -- what that is worth, reporting currency; NULL if the goal has no value
from goal_events
inner join core.web_sessions as sessions using (day, source, account_id, session_id)
