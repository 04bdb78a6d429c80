-- One row per day and web property whose events are known: there its daily reports are not needed.
-- grain: day, property
-- incremental: day
select distinct
    sessions.day, -- day on which sessions began
    sessions.account_id as property -- web property, '' if the source does not name it
from core.web_sessions as sessions
