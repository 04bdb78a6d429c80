-- One row per web property, day and name of an event.
-- grain: day, source, account_id, event_name
-- incremental: day
-- check event_known: event_name <> ''
-- check events_not_negative: events >= 0
-- warn key_events_within_events: key_events <= events
select
    counted.day,
    counted.source,
    counted.account_id,
    trim(counted.event_name) as event_name,
    counted.events,
    counted.users, -- people, so those of several days or events must not be added up
    counted.key_events,
    coalesce(counted.is_sampled, false) as is_sampled,
    coalesce(counted.is_thresholded, false) as is_thresholded,
    coalesce(counted.has_other_row, false) as has_other_row
from raw.web_events_daily as counted
