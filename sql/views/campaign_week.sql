-- One row per week, advertising platform and campaign.
-- grain: week_start, platform, campaign
select
    calendar.week_start, -- first day of the company's week
    ads.platform, -- advertising platform, e.g. google_ads
    ads.campaign, -- campaign's name
    cast(sum(ads.ad_impressions) as bigint) as ad_impressions, -- times that ads were shown
    case
        when count(ads.ad_clicks) = count(*) then cast(sum(ads.ad_clicks) as bigint)
    end as ad_clicks, -- clicks that the platform bills; NULL if not delivered
    case
        when count(ads.ad_interactions) = count(*) then cast(sum(ads.ad_interactions) as bigint)
    end as ad_interactions, -- main actions of the ad formats; NULL if not delivered
    case
        when count(ads.ad_cost) = count(*) then cast(sum(ads.ad_cost) as decimal(18, 4))
    end as ad_cost, -- amount spent on ads, reporting currency; NULL if a rate is missing
    case
        when count(ads.ad_conversions) = count(*)
            then cast(sum(ads.ad_conversions) as decimal(18, 6))
    end as ad_conversions, -- conversions that the platform claims; NULL if not delivered
    case
        when count(ads.ad_conversion_value) = count(*)
            then cast(sum(ads.ad_conversion_value) as decimal(18, 4))
    end as ad_conversion_value -- value that the platform claims, reporting currency
from measures.ads as ads
inner join core.calendar as calendar using (day)
group by calendar.week_start, ads.platform, ads.campaign
