-- One row per day, goal with a value, channel, device and country.
-- grain: day, goal, channel, device, country
-- incremental: day
-- covered by: web_events and web_goal_values
-- basis: session start
select
    completions.day, -- day on which the sessions began
    completions.goal, -- the goal's name in the company's settings
    completions.channel, -- channel that brought the sessions
    completions.device, -- device in lower case, '' if not delivered
    completions.country, -- country as the source names it, '' if not delivered
    cast(
        sum(completions.goal_value) as decimal(18, 4)
    ) as goal_value -- value of the goals that were reached, reporting currency
from core.web_goal_completions as completions
where completions.goal_value is not null
group by
    completions.day,
    completions.goal,
    completions.channel,
    completions.device,
    completions.country
