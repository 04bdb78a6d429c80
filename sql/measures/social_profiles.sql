-- One row per day, social network and profile.
-- grain: day, platform, profile
-- incremental: day
-- covered by: social_daily
-- basis: profile day
select
    profiles.day, -- the day
    profiles.platform, -- social network, e.g. instagram
    profiles.profile_id as profile, -- the profile's identifier on the network
    case
        when count(profiles.impressions) = count(*)
            then cast(sum(profiles.impressions) as bigint)
    end as social_impressions, -- times that posts of the profile were shown
    case
        when count(profiles.messages_received) = count(*)
            then cast(sum(profiles.messages_received) as bigint)
    end as social_messages_received, -- messages and comments that asked for an answer
    case
        when count(profiles.messages_answered) = count(*)
            then cast(sum(profiles.messages_answered) as bigint)
    end as social_messages_answered -- of these, those that were answered
from core.social_profiles as profiles
group by profiles.day, profiles.platform, profiles.profile_id
