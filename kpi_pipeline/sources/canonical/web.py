"""What web analytics deliver.

Here: sessions, users and events by day, and single events. Users are distinct counts: those of two days, channels or
periods must never be added up, so each period that is reported has rows of its own.
"""

from kpi_pipeline.sources.canonical.subject import Subject, columns

SUBJECTS = (
    Subject(
        "web_sessions_daily",
        unit="day",
        columns=columns(
            """
            day date, time_zone text, channel text, source_name text, medium text, campaign_name text,
            device text, country text, sessions bigint, engaged_sessions bigint, events bigint, users bigint,
            new_users bigint, active_users bigint, add_to_carts bigint, checkouts bigint, purchases bigint,
            revenue money, currency text, engagement_seconds double, is_sampled boolean,
            is_thresholded boolean, has_other_row boolean
            """
        ),
        required=(
            "day",
            "sessions",
        ),
    ),
    Subject(
        "web_users_daily",
        unit="day",
        columns=columns(
            """
            day date, new_or_returning text, users_1_day bigint, users_7_days bigint, users_28_days bigint,
            users bigint, new_users bigint, is_sampled boolean, is_thresholded boolean, has_other_row boolean
            """
        ),
        required=("day",),
    ),
    Subject(
        "web_users_periods",
        unit="day",
        columns=columns(
            """
            day date, period_start date, grain text, new_or_returning text, users bigint, new_users bigint,
            active_users bigint, is_sampled boolean, is_thresholded boolean, has_other_row boolean
            """
        ),
        required=(
            "day",
            "period_start",
            "grain",
            "users",
        ),
    ),
    Subject(
        "web_events_daily",
        unit="day",
        columns=columns(
            """
            day date, event_name text, events bigint, users bigint, key_events double, is_sampled boolean,
            is_thresholded boolean, has_other_row boolean
            """
        ),
        required=(
            "day",
            "event_name",
            "events",
        ),
    ),
    Subject(
        "web_events",
        unit="event_day",
        columns=columns(
            """
            event_day date, day date, event_at timestamp, event_name text, visitor_id text, session_id text,
            is_engaged boolean, channel text, source_name text, medium text, campaign_name text, device text,
            country text, transaction_id text, value money, currency text
            """
        ),
        required=(
            "event_day",
            "day",
            "event_at",
            "event_name",
            "session_id",
        ),
    ),
)
