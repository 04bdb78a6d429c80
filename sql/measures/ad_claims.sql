-- One row per day, claimant and campaign: what a platform says that its ads have brought, beside
-- what these ads cost. Claims under two attribution settings are different things, and two
-- platforms may claim the same order, so nothing here is ever added up over claimants.
-- grain: day, claimed_by, claiming_campaign
-- incremental: day
-- covered by: ad_performance
-- basis: ad shown
-- apart: claimed_by, claiming_campaign
select
    ads.day, -- day of the ads, which platforms date conversions back to
    ads.claimed_by, -- platform and its attribution setting, e.g. meta_ads (7-day click)
    ads.claimed_by || ': ' || ads.campaign_name as claiming_campaign, -- the same and the campaign
    case
        when count(ads.conversions) = count(*) then cast(sum(ads.conversions) as decimal(18, 6))
    end as ad_conversions, -- conversions that the platform claims
    case
        when count(ads.conversion_value) = count(*)
            then cast(sum(ads.conversion_value) as decimal(18, 4))
    end as ad_conversion_value, -- value of conversions that it claims, reporting currency
    case
        when count(ads.leads) = count(*) then cast(sum(ads.leads) as decimal(18, 6))
    end as ad_leads, -- leads that it claims
    case
        when count(ads.interactions) = count(*) then cast(sum(ads.interactions) as bigint)
    end as claimant_interactions, -- main actions of the ads that the claims are about
    case
        when count(ads.cost) = count(*) then cast(sum(ads.cost) as decimal(18, 4))
    end as claimant_cost -- amount spent on the ads that the claims are about, reporting currency
from core.ad_performance as ads
group by ads.day, ads.claimed_by, ads.campaign_name
