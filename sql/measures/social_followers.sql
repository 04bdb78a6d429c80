-- One row per day, social network and profile with its followers as last stated, at most six days
-- earlier: a profile of which one day is missing has not lost its followers.
-- grain: day, platform, profile
-- covered by: social_daily
-- basis: profile day
-- last followers: follower_count
with stated_days as (
    select distinct profiles.day
    from core.social_profiles as profiles
    where profiles.followers is not null
)

select
    stated_days.day, -- the day
    profiles.platform, -- social network, e.g. instagram
    profiles.profile_id as profile, -- the profile's identifier on the network
    profiles.followers as follower_count -- followers at the end of the day
from stated_days
inner join core.social_profiles as profiles
    on
        stated_days.day >= profiles.day
        and stated_days.day <= cast(profiles.day + interval 6 day as date)
        and profiles.followers is not null
qualify
    row_number() over (
        partition by stated_days.day, profiles.platform, profiles.profile_id
        order by profiles.day desc, profiles.source asc, profiles.account_id asc
    ) = 1
