-- One row per mailing with its counts so far; the day is the one on which it was sent.
-- grain: source, account_id, campaign_id
-- incremental: day
-- check campaign_known: campaign_id <> ''
-- check recipients_not_negative: recipients >= 0
-- warn delivered_within_recipients: delivered between 0 and recipients
-- warn opened_within_delivered: opens_unique between 0 and delivered
-- warn clicked_within_delivered: clicks_unique between 0 and delivered
-- warn amount_has_currency: coalesce(revenue, 0) = 0 or length(currency) = 3
select
    campaigns.day,
    campaigns.source,
    campaigns.account_id,
    trim(campaigns.campaign_id) as campaign_id,
    campaigns.sent_at,
    coalesce(trim(campaigns.list_id), '') as list_id,
    coalesce(trim(campaigns.list_name), '') as list_name,
    coalesce(trim(campaigns.title), '') as title,
    coalesce(trim(campaigns.subject), '') as subject,
    campaigns.recipients,
    coalesce(
        campaigns.delivered,
        campaigns.recipients - (campaigns.bounces_hard + campaigns.bounces_soft)
    ) as delivered, -- what did not bounce; NULL where neither is known
    campaigns.bounces_hard,
    campaigns.bounces_soft,
    campaigns.opens_total,
    campaigns.opens_unique,
    campaigns.clicks_total,
    campaigns.clicks_unique,
    campaigns.unsubscribes,
    campaigns.complaints,
    campaigns.orders,
    campaigns.revenue,
    coalesce(upper(trim(campaigns.currency)), '') as currency
from raw.email_campaigns as campaigns
