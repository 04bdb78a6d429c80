-- One row per web property and day, and for new and returning users where they are told apart.
-- These are people: the counts of two rows must not be added up.
-- grain: day, source, account_id, new_or_returning
-- incremental: day
-- check new_or_returning_known: new_or_returning in ('', 'new', 'returning')
-- check users_not_negative: coalesce(users, 0) >= 0 and coalesce(users_1_day, 0) >= 0
-- warn longer_windows_hold_shorter_ones: users_1_day <= coalesce(users_7_days, users_1_day)
--    and coalesce(users_7_days, users_28_days) <= users_28_days
select
    traffic.day,
    traffic.source,
    traffic.account_id,
    coalesce(lower(trim(traffic.new_or_returning)), '') as new_or_returning,
    traffic.users_1_day,
    traffic.users_7_days,
    traffic.users_28_days,
    traffic.users,
    traffic.new_users,
    coalesce(traffic.is_sampled, false) as is_sampled,
    coalesce(traffic.is_thresholded, false) as is_thresholded,
    coalesce(traffic.has_other_row, false) as has_other_row
from raw.web_users_daily as traffic
