-- One row per day, goal, channel, device, country and web session that reached the goal.
-- grain: day, goal, channel, device, country, session_key
-- incremental: day
-- covered by: web_events and web_goals
-- basis: session start
-- distinct sessions_with_goal: session_key
select
    completions.day, -- day on which the session began
    completions.goal, -- the goal's name in the company's settings
    completions.channel, -- channel that brought the session
    completions.device, -- device in lower case, '' if not delivered
    completions.country, -- country as the source names it, '' if not delivered
    concat_ws(
        ':', completions.source, completions.account_id, completions.session_id
    ) as session_key, -- the web session in which the goal was reached
    completions.completions as goal_completions -- times that a goal was reached
from core.web_goal_completions as completions
