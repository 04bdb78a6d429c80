"""What e-mail and social tools deliver.

Here: mailings, single messages, lists, posts, profiles, and the websites that link to ours. Mailings, messages and
posts keep collecting opens and likes, so their newest state stands; lists and profiles are states of a day.
"""

from kpi_pipeline.sources.canonical.subject import Subject, columns

SUBJECTS = (
    Subject(
        "email_campaigns",
        unit="campaign_id",
        columns=columns(
            """
            campaign_id text, day date, sent_at timestamp, list_id text, list_name text, title text,
            subject text, recipients bigint, delivered bigint, bounces_hard bigint, bounces_soft bigint,
            opens_total bigint, opens_unique bigint, clicks_total bigint, clicks_unique bigint,
            unsubscribes bigint, complaints bigint, orders bigint, revenue money, currency text
            """
        ),
        required=(
            "campaign_id",
            "day",
            "recipients",
        ),
    ),
    Subject(
        "email_messages",
        unit="message_id",
        columns=columns(
            """
            message_id text, day date, kind text, contact_key text, sent_at timestamp, delivered_at timestamp,
            bounce_type text, first_open_at timestamp, open_is_machine boolean, first_click_at timestamp,
            first_reply_at timestamp, reply_is_auto boolean, goal_at timestamp, unsubscribed_at timestamp
            """
        ),
        required=(
            "message_id",
            "day",
            "kind",
            "sent_at",
        ),
    ),
    Subject(
        "email_list_daily",
        unit="day",
        columns=columns(
            """
            day date, list_id text, list_name text, members bigint, subscribed bigint, unsubscribed bigint,
            cleaned bigint
            """
        ),
        required=(
            "day",
            "list_id",
        ),
    ),
    Subject(
        "social_posts",
        unit="post_id",
        columns=columns(
            """
            post_id text, platform text, profile_id text, day date, published_at timestamp, post_type text,
            permalink text, impressions bigint, views bigint, reach bigint, reactions bigint, comments bigint,
            shares bigint, saves bigint, clicks bigint, follows bigint, video_views bigint,
            watch_seconds double, duration_seconds double
            """
        ),
        required=(
            "post_id",
            "platform",
            "day",
        ),
    ),
    Subject(
        "social_daily",
        unit="day",
        columns=columns(
            """
            day date, platform text, profile_id text, followers bigint, new_followers bigint,
            impressions bigint, views bigint, reach bigint, engagements bigint, profile_visits bigint,
            messages_received bigint, messages_answered bigint, response_minutes_average double
            """
        ),
        required=(
            "day",
            "platform",
            "profile_id",
        ),
    ),
    Subject(
        "backlinks",
        unit="domain",
        columns=columns(
            """
            domain text, day date, authority double
            """
        ),
        required=(
            "domain",
            "day",
        ),
    ),
)
