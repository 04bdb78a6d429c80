-- One row per post with its counts so far; the day is the one on which it was published.
-- grain: source, account_id, platform, post_id
-- incremental: day
-- check post_known: post_id <> ''
-- check counts_not_negative: coalesce(impressions, 0) >= 0 and coalesce(views, 0) >= 0
--    and coalesce(reach, 0) >= 0
-- warn reach_within_views: reach <= coalesce(views, impressions)
select
    posts.day,
    posts.source,
    posts.account_id,
    lower(trim(posts.platform)) as platform,
    trim(posts.post_id) as post_id,
    coalesce(trim(posts.profile_id), '') as profile_id,
    posts.published_at,
    coalesce(lower(trim(posts.post_type)), '') as post_type,
    coalesce(trim(posts.permalink), '') as permalink,
    posts.impressions,
    posts.views,
    posts.reach, -- people, so those of several posts must not be added up
    posts.reactions,
    posts.comments,
    posts.shares,
    posts.saves,
    posts.clicks,
    posts.follows,
    posts.video_views,
    posts.watch_seconds,
    posts.duration_seconds
from raw.social_posts as posts
