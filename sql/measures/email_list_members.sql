-- One row per day and mailing list with its members as last stated, at most six days earlier: a
-- list of which one day is missing has not lost its members.
-- grain: day, mailing_list, list_key
-- covered by: email_list_daily
-- basis: list day
-- last list_members: members
with stated_days as (
    select distinct lists.day
    from core.email_lists as lists
    where lists.members is not null
)

select
    stated_days.day, -- the day
    lists.mailing_list, -- name of the list
    lists.source || '/' || lists.account_id || '/' || lists.list_id as list_key, -- which list it is
    lists.members -- members at the end of the day
from stated_days
inner join core.email_lists as lists
    on
        stated_days.day >= lists.day
        and stated_days.day <= cast(lists.day + interval 6 day as date)
        and lists.members is not null
qualify
    row_number() over (
        partition by stated_days.day, lists.source, lists.account_id, lists.list_id
        order by lists.day desc
    ) = 1
