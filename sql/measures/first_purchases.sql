-- One row per day, channel, device, country and visitor who bought on the website for the first
-- time.
-- grain: day, channel, device, country, visitor_key
-- incremental: day
-- covered by: web_events
-- basis: session start
-- median days_to_purchase: elapsed_days
-- median visits_to_purchase: visits
with purchases as (
    select
        first_purchases.day,
        first_purchases.channel,
        first_purchases.device,
        first_purchases.country,
        first_purchases.visitor_key,
        first_purchases.visits,
        date_diff('day', first_purchases.first_visit_day, first_purchases.day) as elapsed_days,
        settings.attribution_lookback_days as lookback_days
    from core.first_purchases as first_purchases
    cross join core.settings
)

select
    purchases.day, -- day on which the session that bought began
    purchases.channel, -- channel that brought this session
    purchases.device, -- device in lower case, '' if not delivered
    purchases.country, -- country as the source names it, '' if not delivered
    purchases.visitor_key, -- browser or user identifier
    case
        when purchases.elapsed_days <= purchases.lookback_days then purchases.elapsed_days
    end as elapsed_days, -- days since the first known visit; NULL beyond the company's look-back
    case
        when purchases.elapsed_days <= purchases.lookback_days then purchases.visits
    end as visits, -- sessions up to and including this one; NULL beyond the company's look-back
    1 as first_purchases, -- visitors who bought for the first time
    case
        when purchases.elapsed_days <= purchases.lookback_days then 0
        else 1
    end as first_purchases_censored -- of these, visitors known for longer than the look-back
from purchases
