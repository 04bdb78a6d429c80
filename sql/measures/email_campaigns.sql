-- One row per day and mailing list of mailings, as the mailing tools report them.
-- grain: day, mailing_list
-- incremental: day
-- covered by: email_campaigns
-- basis: mailing sent
select
    campaigns.day, -- day on which the mailings were sent
    campaigns.mailing_list, -- list that they went to, '' if not delivered
    cast(sum(campaigns.recipients) as bigint) as email_recipients, -- messages sent
    case
        when count(campaigns.delivered) = count(*) then cast(sum(campaigns.delivered) as bigint)
    end as email_delivered, -- messages that did not bounce
    case
        when count(campaigns.opens_unique) = count(*)
            then cast(sum(campaigns.opens_unique) as bigint)
    end as email_opens, -- openers of each mailing, people and programs alike
    case
        when count(campaigns.clicks_unique) = count(*)
            then cast(sum(campaigns.clicks_unique) as bigint)
    end as email_clicks, -- clickers of each mailing
    case
        when count(campaigns.unsubscribes) = count(*)
            then cast(sum(campaigns.unsubscribes) as bigint)
    end as email_unsubscribes -- people who left a list by a mailing
from core.email_campaigns as campaigns
group by campaigns.day, campaigns.mailing_list
