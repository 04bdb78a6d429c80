-- One row per company's day and calendar date in UTC that shares an instant with it: what is known
-- as an instant is joined by its date, and then by the first and last instant of the day.
-- grain: date_in_utc, day
with days as (
    select
        calendar.day,
        calendar.starts_at,
        lead(calendar.starts_at, 1, timestamp '9999-12-31') over (
            order by calendar.day
        ) as ends_at
    from core.calendar as calendar
)

select
    cast(days.starts_at as date) as date_in_utc, -- date of the instant in UTC
    days.day, -- the company's day
    days.starts_at, -- first instant of the day, UTC
    days.ends_at -- first instant of the day after it, UTC
from days
union
select
    cast(days.ends_at as date) as date_in_utc,
    days.day,
    days.starts_at,
    days.ends_at
from days
