-- One row per message to one person with what happened to it so far.
-- grain: source, account_id, message_id
-- incremental: day
select
    messages.day, -- day on which it was sent
    messages.source, -- connected source that delivered the message
    messages.account_id, -- account of the sending tool
    messages.message_id, -- the message's identifier
    messages.kind, -- campaign or outreach
    messages.contact_key, -- keyed hash of the person, '' if not delivered
    messages.sent_at, -- instant of sending, UTC
    messages.delivered_at, -- instant at which the other side accepted it, UTC; NULL if it did not
    messages.delivered_at is not null as is_delivered, -- whether the other side accepted it
    messages.bounce_type, -- kind of bounce in the tool's words, '' if none
    messages.first_open_at, -- instant of the first open, by whomever, UTC
    case
        when messages.first_open_at is null then false
        else not messages.open_is_machine
    end as is_opened_by_person, -- whether the first open was a person's; NULL if not told
    messages.first_click_at, -- instant of the first click, UTC
    messages.first_reply_at, -- instant of the first reply, UTC
    case
        when messages.first_reply_at is null then false
        else not messages.reply_is_auto
    end as is_answered_by_person, -- whether the first reply was a person's; NULL if not told
    messages.goal_at, -- instant at which the person did what the message was for, UTC
    messages.unsubscribed_at -- instant at which the person unsubscribed, UTC
from staging.email_messages as messages
