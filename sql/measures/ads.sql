-- One row per day, advertising platform, campaign, device and country.
-- grain: day, platform, campaign, device, country
-- incremental: day
-- covered by: ad_performance
-- basis: ad shown
select
    ads.day, -- calendar day in the advertising account's time zone
    ads.platform, -- advertising platform, e.g. google_ads
    ads.campaign_name as campaign, -- campaign's name
    ads.device, -- device in lower case, '' if not split by device
    ads.country, -- country as the platform names it, '' if not split by country
    cast(sum(ads.impressions) as bigint) as ad_impressions, -- times that ads were shown
    case
        when count(ads.clicks) = count(*) then cast(sum(ads.clicks) as bigint)
    end as ad_clicks, -- clicks that the platforms bill
    case
        when count(ads.link_clicks) = count(*) then cast(sum(ads.link_clicks) as bigint)
    end as ad_link_clicks, -- clicks that led to the advertised address
    case
        when count(ads.interactions) = count(*) then cast(sum(ads.interactions) as bigint)
    end as ad_interactions, -- main actions of the ad formats: clicks, views, engagements
    case
        when count(ads.video_views) = count(*) then cast(sum(ads.video_views) as bigint)
    end as ad_video_views, -- views of the ads' videos by each platform's own threshold
    case
        when count(ads.cost) = count(*) then cast(sum(ads.cost) as decimal(18, 4))
    end as ad_cost, -- amount spent on ads, reporting currency
    case
        when count(*) filter (where ads.is_lead_campaign and ads.cost is null) = 0
            then cast(
                coalesce(sum(ads.cost) filter (where ads.is_lead_campaign), 0) as decimal(18, 4)
            )
    end as lead_campaign_cost -- of this, on campaigns whose kind names leads, reporting currency
from core.ad_performance as ads
group by ads.day, ads.platform, ads.campaign_name, ads.device, ads.country
