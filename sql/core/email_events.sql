-- One row per message and thing that followed it: its first open, its first reply, its goal.
-- grain: source, account_id, message_id, event_name
-- warn not_before_sending: age_days >= 0
with events as (
    select
        messages.day,
        messages.source,
        messages.account_id,
        messages.message_id,
        messages.kind,
        messages.delivered_at,
        'open' as event_name,
        messages.first_open_at as event_at,
        messages.is_opened_by_person as is_by_person
    from core.email_messages as messages
    where messages.first_open_at is not null
    union all
    select
        messages.day,
        messages.source,
        messages.account_id,
        messages.message_id,
        messages.kind,
        messages.delivered_at,
        'reply' as event_name,
        messages.first_reply_at as event_at,
        messages.is_answered_by_person as is_by_person
    from core.email_messages as messages
    where messages.first_reply_at is not null
    union all
    select
        messages.day,
        messages.source,
        messages.account_id,
        messages.message_id,
        messages.kind,
        messages.delivered_at,
        'goal' as event_name,
        messages.goal_at as event_at,
        true as is_by_person
    from core.email_messages as messages
    where messages.goal_at is not null
),

local_days as (
    select
        calendar.day,
        calendar.starts_at,
        lead(calendar.starts_at) over (order by calendar.day) as ends_at
    from core.calendar as calendar
)

select
    events.day, -- day on which the message was sent
    events.source, -- connected source that delivered the message
    events.account_id, -- account of the sending tool
    events.message_id, -- the message's identifier
    events.kind, -- campaign or outreach
    events.event_name, -- open, reply or goal
    events.event_at, -- instant at which it happened, UTC
    events.is_by_person, -- whether a person did it, not a program; NULL if the source does not tell
    date_diff('day', events.day, local_days.day)
    + case
        when events.event_at < local_days.starts_at then -1
        when events.event_at >= local_days.ends_at then 1
        else 0
    end as age_days, -- company's calendar days from the sending to it
    case
        when events.event_at >= events.delivered_at
            then date_diff('second', events.delivered_at, events.event_at) / 3600.0
    end as hours_after_delivery -- hours from the delivery to it; NULL without a delivery
from events
inner join local_days on local_days.day = cast(events.event_at as date)
