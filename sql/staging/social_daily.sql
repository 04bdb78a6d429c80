-- One row per profile and day: its followers at the end of the day, and what happened on it.
-- grain: day, source, account_id, platform, profile_id
-- incremental: day
-- check profile_known: profile_id <> ''
-- check followers_not_negative: coalesce(followers, 0) >= 0
-- warn answered_within_received: messages_answered <= messages_received
select
    profiles.day,
    profiles.source,
    profiles.account_id,
    lower(trim(profiles.platform)) as platform,
    trim(profiles.profile_id) as profile_id,
    profiles.followers,
    profiles.new_followers,
    profiles.impressions,
    profiles.views,
    profiles.reach, -- people, so those of several days must not be added up
    profiles.engagements,
    profiles.profile_visits,
    profiles.messages_received,
    profiles.messages_answered,
    profiles.response_minutes_average
from raw.social_daily as profiles
