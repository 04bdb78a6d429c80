-- One row per day, ad (or the finest level that the platform delivered), device, country and
-- attribution setting.
-- grain: day, source, account_id, platform, campaign_id, ad_group_id, ad_id, device, country,
--    attribution
-- incremental: day
-- warn cost_converted: cost is not null
select
    ads.day, -- calendar day in the advertising account's time zone
    ads.source, -- connected source that delivered the row
    ads.account_id, -- the advertising account's identifier
    ads.account_name, -- the advertising account's name, '' if not delivered
    ads.platform, -- advertising platform, e.g. google_ads
    case
        when
            ads.platform like 'meta%'
            or ads.platform like 'facebook%'
            or ads.platform like 'instagram%'
            or ads.platform like 'linkedin%'
            or ads.platform like 'tiktok%'
            or ads.platform like 'pinterest%'
            or ads.platform like 'snapchat%'
            or ads.platform like 'reddit%'
            then 'Paid Social'
        when
            lower(ads.campaign_type) like '%performance%max%'
            or lower(ads.campaign_type) like '%demand%gen%'
            or lower(ads.campaign_type) like '%discovery%'
            then 'Cross-network'
        when lower(ads.campaign_type) like '%display%' then 'Display'
        when lower(ads.campaign_type) like '%video%' then 'Paid Video'
        when lower(ads.campaign_type) like '%shopping%' then 'Paid Shopping'
        when
            ads.platform like 'google%'
            or ads.platform like 'microsoft%'
            or ads.platform like 'bing%'
            then 'Paid Search'
        else 'Paid Other'
    end as channel, -- channel of the visits it brings, as GA4's default channel group names it
    ads.campaign_id, -- the campaign's identifier on the platform
    case
        when ads.campaign_name <> '' then ads.campaign_name else ads.campaign_id
    end as campaign_name, -- the campaign's name on that day, its identifier if it has none
    ads.campaign_type, -- kind of campaign in the platform's words
    lower(ads.campaign_type) like '%lead%'
    or ads.campaign_type like '%سرنخ%' as is_lead_campaign, -- whether its kind names leads
    ads.ad_group_id, -- ad group or ad set, '' above that level
    ads.ad_group_name, -- its name
    ads.ad_id, -- the ad's identifier, '' above that level
    ads.ad_name, -- its name
    ads.device, -- device in lower case, '' if not split by device
    ads.country, -- country as the platform names it, '' if not split by country
    ads.attribution, -- attribution setting behind the conversions, '' if not delivered
    case
        when ads.attribution = '' then ads.platform
        else ads.platform || ' (' || ads.attribution || ')'
    end as claimed_by, -- who claims the conversions: the platform and its attribution setting
    ads.impressions, -- times that the ad was shown
    ads.clicks, -- clicks that the platform bills; NULL if it did not deliver them
    case
        when
            ads.link_clicks is null
            and (
                ads.platform like 'google%'
                or ads.platform like 'microsoft%'
                or ads.platform like 'bing%'
            )
            then ads.clicks -- search engines have no other clicks
        else ads.link_clicks
    end as link_clicks, -- clicks that led to the advertised address; NULL if not delivered
    ads.interactions, -- main actions of the ad's format: clicks, views; NULL if not delivered
    ads.video_views, -- views of the ad's video as the platform counts them; NULL if not delivered
    ads.reach, -- different people, as stated for exactly this row; never to be added up
    ads.conversions, -- conversions that the platform claims; not comparable between platforms
    ads.leads, -- leads that the platform claims; NULL if not delivered
    ads.currency, -- currency of the account
    ads.cost as cost_in_account_currency, -- amount spent, in the account's currency
    cast(
        round(ads.cost * rates.rate, 4) as decimal(18, 4)
    ) as cost, -- amount spent, reporting currency; NULL without a rate
    cast(
        round(ads.conversion_value * rates.rate, 4) as decimal(18, 4)
    ) as conversion_value -- value that the platform claims, reporting currency; NULL without a rate
from staging.ad_performance as ads
left join core.exchange_rates as rates using (day, currency)
