-- One row per day and kind of messages that were sent to single people.
-- grain: day, kind
-- incremental: day
-- covered by: email_messages
-- basis: message sent
select
    messages.day, -- day on which the messages were sent
    messages.kind, -- campaign or outreach
    count(*) as email_messages_sent, -- messages sent, one to each person
    count(*) filter (
        where messages.is_delivered
    ) as email_messages_delivered, -- of these, messages that the other side accepted
    case
        when count(messages.is_opened_by_person) = count(*)
            then count(*) filter (where messages.is_opened_by_person)
    end as email_messages_opened -- of these, messages whose first open was a person's
from core.email_messages as messages
group by messages.day, messages.kind
