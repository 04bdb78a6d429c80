-- One row per day and kind of messages, and number of days after which people replied or did what
-- the messages were for.
-- grain: day, kind, age_days
-- incremental: day
-- covered by: email_messages
-- basis: message sent
select
    events.day, -- day on which the messages were sent
    events.kind, -- campaign or outreach
    events.age_days, -- calendar days from the sending to the response
    case
        when count(*) filter (where events.event_name = 'reply' and events.is_by_person is null) = 0
            then count(*) filter (where events.event_name = 'reply' and events.is_by_person)
    end as email_replies, -- messages that a person replied to, each counted once
    count(*) filter (
        where events.event_name = 'goal'
    ) as email_goals -- messages whose goal was reached, each counted once
from core.email_events as events
where events.event_name in ('reply', 'goal')
group by events.day, events.kind, events.age_days
