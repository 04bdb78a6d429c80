-- One row per post of our own profiles with its counts so far.
-- grain: source, account_id, platform, post_id
-- incremental: day
select
    posts.day, -- day on which it was published
    posts.source, -- connected source that delivered the post
    posts.account_id, -- account of the source
    posts.platform, -- social network, e.g. instagram
    posts.profile_id, -- profile that published it, '' if not delivered
    posts.post_id, -- the post's identifier on the network
    posts.post_type, -- kind of post in the network's words, '' if not delivered
    posts.permalink, -- the post's address, '' if not delivered
    posts.published_at, -- instant of publishing, UTC; NULL if not delivered
    coalesce(
        posts.impressions, posts.views
    ) as impressions, -- times that it was shown; views where the network counts nothing else
    posts.reach, -- different people who saw it; never to be added up over posts
    posts.reactions, -- likes and other reactions; NULL if not delivered, as are the next three
    posts.comments, -- comments
    posts.shares, -- shares and reposts
    posts.saves, -- times that it was saved
    case
        when coalesce(posts.reactions, posts.comments, posts.shares, posts.saves) is not null
            then
                coalesce(posts.reactions, 0)
                + coalesce(posts.comments, 0)
                + coalesce(posts.shares, 0)
                + coalesce(posts.saves, 0)
    end as engagements, -- reactions, comments, shares and saves, as far as the network has them
    trim(
        case when posts.reactions is not null then 'reactions ' else '' end
        || case when posts.comments is not null then 'comments ' else '' end
        || case when posts.shares is not null then 'shares ' else '' end
        || case when posts.saves is not null then 'saves' else '' end
    ) as engagement_parts, -- which of the four are in it
    posts.clicks, -- clicks in the post as the network counts them; NULL if not delivered
    posts.video_views, -- views of its video by the network's own threshold; NULL without a video
    posts.follows -- followers that it brought
from staging.social_posts as posts
