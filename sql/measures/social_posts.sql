-- One row per day, social network, profile and post that was published on the day.
-- grain: day, platform, profile, post
-- incremental: day
-- covered by: social_posts
-- basis: post published
select
    posts.day, -- day on which the post was published
    posts.platform, -- social network, e.g. instagram
    posts.profile_id as profile, -- profile that published it, '' if not delivered
    posts.platform || '/' || posts.post_id as post, -- the post
    case
        when count(posts.impressions) = count(*) then cast(sum(posts.impressions) as bigint)
    end as social_post_impressions, -- times that the post was shown so far
    case when count(*) = 1 then max(posts.reach) end as social_post_reach, -- people who saw it
    case
        when count(posts.engagements) = count(*) then cast(sum(posts.engagements) as bigint)
    end as social_engagements, -- reactions, comments, shares and saves so far
    case
        when count(posts.shares) = count(*) then cast(sum(posts.shares) as bigint)
    end as social_shares, -- shares and reposts so far
    case
        when count(posts.clicks) = count(*) then cast(sum(posts.clicks) as bigint)
    end as social_clicks, -- clicks so far
    cast(
        coalesce(sum(posts.video_views), 0) as bigint
    ) as social_video_views, -- views of its video so far; none without a video
    case
        when
            count(*) filter (
                where posts.video_views is not null and posts.impressions is null
            ) = 0
            then cast(
                coalesce(
                    sum(posts.impressions) filter (where posts.video_views is not null), 0
                ) as bigint
            )
    end as social_video_impressions -- times that a post with a video was shown
from core.social_posts as posts
group by posts.day, posts.platform, posts.profile_id, posts.post_id
