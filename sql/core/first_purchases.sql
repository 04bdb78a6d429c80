-- One row per visitor who bought on the website, on the day of the session of the first purchase.
-- grain: visitor_key
-- check visited_before_buying: visits >= 1 and first_visit_day <= day
with buying_sessions as (
    select
        sessions.visitor_id,
        sessions.day,
        sessions.started_at,
        sessions.source,
        sessions.account_id,
        sessions.session_id,
        sessions.channel,
        sessions.device,
        sessions.country
    from core.web_sessions as sessions
    where sessions.has_purchase and sessions.visitor_id <> ''
    qualify
        row_number() over (
            partition by sessions.visitor_id
            order by
                sessions.started_at, sessions.source, sessions.account_id, sessions.session_id
        ) = 1
),

visits as (
    select
        buying_sessions.visitor_id,
        min(sessions.day) as first_visit_day,
        count(*) as visits
    from buying_sessions
    inner join core.web_sessions as sessions using (visitor_id)
    where
        sessions.started_at < buying_sessions.started_at
        or (
            sessions.started_at = buying_sessions.started_at
            and sessions.source = buying_sessions.source
            and sessions.account_id = buying_sessions.account_id
            and sessions.session_id = buying_sessions.session_id
        )
    group by buying_sessions.visitor_id
)

select
    buying_sessions.day, -- day on which the session of the first purchase began
    buying_sessions.visitor_id as visitor_key, -- browser or user identifier
    buying_sessions.channel, -- channel that brought that session
    buying_sessions.device, -- device in lower case, '' if not delivered
    buying_sessions.country, -- country as the source names it, '' if not delivered
    visits.first_visit_day, -- first day on which the visitor was there
    visits.visits -- sessions up to and including the one that bought
from buying_sessions
inner join visits using (visitor_id)
