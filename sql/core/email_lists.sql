-- One row per mailing list and day: how many members it has, and how many came and went.
-- grain: day, source, account_id, list_id
-- incremental: day
select
    lists.day, -- the day
    lists.source, -- connected source that delivered the list
    lists.account_id, -- account of the mailing tool
    lists.list_id, -- the list's identifier
    case
        when lists.list_name <> '' then lists.list_name else lists.list_id
    end as mailing_list, -- the list's name, its identifier if it has none
    lists.members, -- members at the end of the day; NULL if not delivered
    lists.subscribed, -- members that came on the day
    lists.unsubscribed, -- members that left on the day
    lists.cleaned -- members that were taken off because messages bounced
from staging.email_list_daily as lists
