-- One row per mailing list and day: how many members it has, and how many came and went.
-- grain: day, source, account_id, list_id
-- incremental: day
-- check list_known: list_id <> ''
-- check members_not_negative: coalesce(members, 0) >= 0
-- warn changes_not_negative: coalesce(subscribed, 0) >= 0 and coalesce(unsubscribed, 0) >= 0
--    and coalesce(cleaned, 0) >= 0
select
    lists.day,
    lists.source,
    lists.account_id,
    trim(lists.list_id) as list_id,
    coalesce(trim(lists.list_name), '') as list_name,
    lists.members,
    lists.subscribed,
    lists.unsubscribed,
    lists.cleaned
from raw.email_list_daily as lists
