-- One row per day of one advertising account and everything we keep that its platform splits by.
-- Rows that differ only in a split that we do not keep (network, hour, age) are added up, except
-- reach, which is people. Conversions of two attribution settings are never the same thing.
-- grain: day, source, account_id, platform, campaign_id, ad_group_id, ad_id, device, country,
--    attribution
-- incremental: day
-- check impressions_not_negative: impressions >= 0
-- check clicks_not_negative: coalesce(clicks, 0) >= 0
-- warn clicks_within_impressions: coalesce(clicks, 0) <= impressions
-- warn cost_not_negative: cost >= 0
-- warn currency_has_three_letters: length(currency) = 3
select
    ads.day,
    ads.source,
    ads.account_id,
    lower(trim(ads.platform)) as platform,
    trim(ads.campaign_id) as campaign_id,
    coalesce(trim(ads.ad_group_id), '') as ad_group_id,
    coalesce(trim(ads.ad_id), '') as ad_id,
    coalesce(lower(trim(ads.device)), '') as device,
    coalesce(trim(ads.country), '') as country,
    coalesce(trim(ads.attribution), '') as attribution,
    upper(trim(ads.currency)) as currency,
    coalesce(max(trim(ads.account_name)), '') as account_name,
    coalesce(max(trim(ads.campaign_name)), '') as campaign_name,
    coalesce(max(trim(ads.campaign_type)), '') as campaign_type,
    coalesce(max(trim(ads.ad_group_name)), '') as ad_group_name,
    coalesce(max(trim(ads.ad_name)), '') as ad_name,
    cast(sum(ads.impressions) as bigint) as impressions,
    case when count(ads.clicks) = count(*) then cast(sum(ads.clicks) as bigint) end as clicks,
    case
        when count(ads.link_clicks) = count(*) then cast(sum(ads.link_clicks) as bigint)
    end as link_clicks,
    case
        when count(ads.interactions) = count(*) then cast(sum(ads.interactions) as bigint)
    end as interactions,
    case
        when count(ads.video_views) = count(*) then cast(sum(ads.video_views) as bigint)
    end as video_views,
    case when count(*) = 1 then max(ads.reach) end as reach,
    cast(sum(ads.cost) as decimal(18, 4)) as cost,
    case
        when count(ads.conversions) = count(*)
            then cast(sum(cast(ads.conversions as decimal(18, 6))) as decimal(18, 6))
    end as conversions, -- decimal: a sum of doubles would depend on the order of the rows
    case
        when count(ads.leads) = count(*)
            then cast(sum(cast(ads.leads as decimal(18, 6))) as decimal(18, 6))
    end as leads,
    case
        when count(ads.conversion_value) = count(*)
            then cast(sum(ads.conversion_value) as decimal(18, 4))
    end as conversion_value
from raw.ad_performance as ads
group by all
