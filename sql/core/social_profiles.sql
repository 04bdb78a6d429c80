-- One row per profile and day: its followers at the end of the day, and what happened on it.
-- grain: day, source, account_id, platform, profile_id
-- incremental: day
select
    profiles.day, -- the day
    profiles.source, -- connected source that delivered the profile
    profiles.account_id, -- account of the source
    profiles.platform, -- social network, e.g. instagram
    profiles.profile_id, -- the profile's identifier on the network
    profiles.followers, -- followers at the end of the day; NULL if not delivered
    profiles.new_followers, -- followers that came
    coalesce(
        profiles.impressions, profiles.views
    ) as impressions, -- times that its posts were shown; views where nothing else is counted
    profiles.reach, -- different people who saw anything of it; never to be added up
    profiles.engagements, -- what people did with its posts
    profiles.messages_received, -- messages and comments that asked for an answer
    profiles.messages_answered -- of these, those that were answered
from staging.social_daily as profiles
