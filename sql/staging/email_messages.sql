-- One row per message to one person with what happened to it so far; the day is the one on which it
-- was sent.
-- grain: source, account_id, message_id
-- incremental: day
-- check message_known: message_id <> ''
-- check kind_known: kind in ('campaign', 'outreach')
-- warn delivered_after_sending: delivered_at >= sent_at
-- warn opened_after_sending: first_open_at >= sent_at
-- warn replied_after_sending: first_reply_at >= sent_at
-- warn goal_after_sending: goal_at >= sent_at
select
    messages.day,
    messages.source,
    messages.account_id,
    trim(messages.message_id) as message_id,
    lower(trim(messages.kind)) as kind,
    coalesce(trim(messages.contact_key), '') as contact_key,
    messages.sent_at,
    messages.delivered_at,
    coalesce(lower(trim(messages.bounce_type)), '') as bounce_type,
    messages.first_open_at,
    messages.open_is_machine, -- NULL where the source does not tell, which is not "no"
    messages.first_click_at,
    messages.first_reply_at,
    messages.reply_is_auto, -- NULL where the source does not tell, which is not "no"
    messages.goal_at,
    messages.unsubscribed_at
from raw.email_messages as messages
