-- One row per day and profile whose network states a reach. Reach counts people: who saw two
-- profiles, or one on two days, is counted in both, so each row stands for itself.
-- grain: day, reached_profile
-- incremental: day
-- covered by: social_daily
-- basis: profile day
-- apart: reached_profile
select
    profiles.day, -- the day
    profiles.source
    || '/' || profiles.account_id
    || '/' || profiles.platform
    || '/' || profiles.profile_id as reached_profile, -- the profile
    profiles.reach as social_profile_reach -- different people, as stated for exactly this day
from core.social_profiles as profiles
where profiles.reach is not null
