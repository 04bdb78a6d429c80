-- One row per day, channel, device, country and visitor of the website whose events are known.
-- grain: day, channel, device, country, visitor_key
-- incremental: day
-- covered by: web_events
-- basis: session start
-- distinct users: visitor_key
-- distinct purchasing_users: visitor_key where has_purchase
-- distinct new_users: visitor_key where first_day = day
-- distinct returning_users: visitor_key where first_day < period_start
select
    sessions.day, -- day on which the visitor's sessions began
    sessions.channel, -- channel that brought the sessions
    sessions.device, -- device in lower case, '' if not delivered
    sessions.country, -- country as the source names it, '' if not delivered
    sessions.visitor_id as visitor_key, -- browser or user identifier: who visited the website
    coalesce(
        min(earlier_visits.first_day), sessions.day
    ) as first_day, -- first day on which the visitor was there
    bool_or(sessions.has_purchase) as has_purchase -- whether one of the sessions bought
from core.web_sessions as sessions
left join core.returning_visits as earlier_visits
    on sessions.day = earlier_visits.day and sessions.visitor_id = earlier_visits.visitor_key
where sessions.visitor_id <> ''
group by
    sessions.day,
    sessions.channel,
    sessions.device,
    sessions.country,
    sessions.visitor_id
