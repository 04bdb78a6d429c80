-- One row per web property and period that was asked for, and for new and returning users where
-- they are told apart; the day is the period's last. These are people: see web_users_daily.
-- grain: day, source, account_id, period_start, grain, new_or_returning
-- incremental: day
-- check new_or_returning_known: new_or_returning in ('', 'new', 'returning')
-- check grain_known: grain in ('day', 'week', 'month')
-- check period_in_order: period_start <= day
-- check users_not_negative: users >= 0
-- warn new_within_users: new_users <= users
select
    traffic.day,
    traffic.source,
    traffic.account_id,
    traffic.period_start,
    lower(trim(traffic.grain)) as grain,
    coalesce(lower(trim(traffic.new_or_returning)), '') as new_or_returning,
    traffic.users,
    traffic.new_users,
    traffic.active_users,
    coalesce(traffic.is_sampled, false) as is_sampled,
    coalesce(traffic.is_thresholded, false) as is_thresholded,
    coalesce(traffic.has_other_row, false) as has_other_row
from raw.web_users_periods as traffic
