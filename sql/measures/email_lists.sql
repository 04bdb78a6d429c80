-- One row per day and mailing list: who came and who went.
-- grain: day, mailing_list
-- incremental: day
-- covered by: email_list_daily
-- basis: list day
select
    lists.day, -- the day
    lists.mailing_list, -- name of the list
    case
        when count(lists.subscribed) = count(*) then cast(sum(lists.subscribed) as bigint)
    end as list_subscribed, -- members that came
    case
        when count(lists.unsubscribed) = count(*) then cast(sum(lists.unsubscribed) as bigint)
    end as list_unsubscribed, -- members that left
    case
        when count(lists.cleaned) = count(*) then cast(sum(lists.cleaned) as bigint)
    end as list_cleaned -- members that were taken off because messages bounced
from core.email_lists as lists
group by lists.day, lists.mailing_list
