-- One row per ticket as it stands now; the day is the one on which it was created. A duration is
-- NULL until it has come to an end.
-- grain: source, account_id, ticket_id
-- incremental: day
-- check ticket_known: ticket_id <> ''
-- check durations_not_negative: coalesce(first_reply_minutes, 0) >= 0
--    and coalesce(first_reply_business_minutes, 0) >= 0
--    and coalesce(first_resolution_minutes, 0) >= 0
--    and coalesce(full_resolution_minutes, 0) >= 0
-- warn solved_after_creation: solved_at >= created_at
-- warn resolutions_in_order: full_resolution_minutes >= first_resolution_minutes
select
    tickets.day,
    tickets.source,
    tickets.account_id,
    trim(tickets.ticket_id) as ticket_id,
    tickets.created_at,
    tickets.solved_at,
    tickets.solved_day,
    lower(trim(tickets.status)) as status,
    coalesce(lower(trim(tickets.priority)), '') as priority,
    coalesce(lower(trim(tickets.channel)), '') as channel,
    coalesce(trim(tickets.group_name), '') as group_name,
    coalesce(trim(tickets.assignee), '') as assignee,
    coalesce(trim(tickets.customer_key), '') as customer_key,
    tickets.first_reply_minutes,
    tickets.first_reply_business_minutes,
    tickets.first_resolution_minutes,
    tickets.full_resolution_minutes,
    tickets.reopens,
    tickets.replies,
    coalesce(lower(trim(tickets.satisfaction)), '') as satisfaction,
    tickets.updated_at
from raw.support_tickets as tickets
