-- One row per delivered message that a person opened. Messages that nobody has opened have no time;
-- how many they are is told by the open rate.
-- grain: day, kind, message_key, age_days
-- incremental: day
-- covered by: email_messages
-- basis: message sent
-- median email_hours_to_open: hours_to_open
select
    events.day, -- day on which the message was sent
    events.kind, -- campaign or outreach
    events.source || '/' || events.account_id || '/' || events.message_id as message_key, -- message
    events.age_days, -- calendar days from the sending to the open
    events.hours_after_delivery as hours_to_open -- hours from the delivery to a person's first open
from core.email_events as events
where events.event_name = 'open' and events.is_by_person
