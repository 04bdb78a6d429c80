-- One row per day, channel, device and country of sessions that reached a goal with a value.
-- grain: day, channel, device, country
-- incremental: day
-- covered by: web_events
-- basis: session start
select
    goals.day, -- day on which the sessions began
    goals.channel, -- channel that brought the sessions
    goals.device, -- device in lower case, '' if not delivered
    goals.country, -- country as the source names it, '' if not delivered
    cast(
        sum(goals.goal_value) as decimal(18, 4)
    ) as goal_value_of_visits -- value of goals reached, reporting currency; 0 if none has a value
from measures.goal_values as goals
group by goals.day, goals.channel, goals.device, goals.country
