-- One row per mailing with its counts so far, as the mailing tool reports them.
-- grain: source, account_id, campaign_id
-- incremental: day
-- warn revenue_converted: revenue is not null or revenue_in_own_currency is null
select
    campaigns.day, -- day on which it was sent
    campaigns.source, -- connected source that delivered the mailing
    campaigns.account_id, -- account of the mailing tool
    campaigns.campaign_id, -- the mailing's identifier
    campaigns.sent_at, -- instant of sending, UTC; NULL if not delivered
    case
        when campaigns.list_name <> '' then campaigns.list_name else campaigns.list_id
    end as mailing_list, -- name of the list that it went to, its identifier if it has none
    campaigns.title, -- the mailing's name in the tool
    campaigns.recipients, -- messages sent
    campaigns.delivered, -- messages that did not bounce; NULL if not delivered
    campaigns.opens_unique, -- people or programs that opened it, each counted once
    campaigns.clicks_unique, -- people or programs that clicked in it, each counted once
    campaigns.unsubscribes, -- people who left the list by it
    campaigns.complaints, -- people who reported it as unwanted
    campaigns.orders, -- orders that the tool claims for it
    campaigns.revenue as revenue_in_own_currency, -- value that the tool claims, in its currency
    cast(
        round(campaigns.revenue * rates.rate, 4) as decimal(18, 4)
    ) as revenue -- value that the tool claims, reporting currency; NULL without a rate
from staging.email_campaigns as campaigns
left join core.exchange_rates as rates using (day, currency)
