-- One row per week, advertising platform, attribution setting and campaign.
-- grain: week_start, platform, attribution, campaign
select
    calendar.week_start, -- first day of the company's week
    ads.platform, -- advertising platform, e.g. google_ads
    ads.attribution, -- attribution setting behind the conversions, '' if not delivered
    ads.campaign_name as campaign, -- campaign's name
    cast(sum(ads.impressions) as bigint) as ad_impressions, -- times that ads were shown
    case
        when count(ads.clicks) = count(*) then cast(sum(ads.clicks) as bigint)
    end as ad_clicks, -- clicks that the platform bills; NULL if not delivered
    case
        when count(ads.interactions) = count(*) then cast(sum(ads.interactions) as bigint)
    end as ad_interactions, -- main actions of the ad formats; NULL if not delivered
    case
        when count(ads.cost) = count(*) then cast(sum(ads.cost) as decimal(18, 4))
    end as ad_cost, -- amount spent on ads, reporting currency; NULL if a rate is missing
    case
        when count(ads.conversions) = count(*) then cast(sum(ads.conversions) as decimal(18, 6))
    end as ad_conversions, -- conversions that the platform claims; NULL if not delivered
    case
        when count(ads.conversion_value) = count(*)
            then cast(sum(ads.conversion_value) as decimal(18, 4))
    end as ad_conversion_value -- value that the platform claims, reporting currency
from core.ad_performance as ads
inner join core.calendar as calendar using (day)
group by calendar.week_start, ads.platform, ads.attribution, ads.campaign_name
