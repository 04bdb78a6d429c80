-- One row per day and row of an advertising export that states a reach. Reach counts people: who
-- saw two ads, or one on two days, is counted in both, so each row stands for itself.
-- grain: day, reached_by
-- incremental: day
-- covered by: ad_performance
-- basis: ad shown
-- apart: reached_by
select
    ads.day, -- calendar day in the advertising account's time zone
    ads.source
    || '/' || ads.account_id
    || '/' || ads.platform
    || '/' || ads.campaign_id
    || '/' || ads.ad_group_id
    || '/' || ads.ad_id
    || '/' || ads.device
    || '/' || ads.country
    || '/' || ads.attribution as reached_by, -- everything that the row is about, down to the ad
    ads.reach as ad_reach -- different people, as the platform states for exactly this row and day
from core.ad_performance as ads
where ads.reach is not null
