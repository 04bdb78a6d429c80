-- One row per day, channel, priority and team of tickets solved within the promised time, and age
-- at which they were solved.
-- grain: day, channel, priority, group_name, age_days
-- incremental: day
-- covered by: support_tickets
-- basis: ticket created
-- warn promise_of_a_day_at_most: age_days < 2
with solved_tickets as (
    select
        tickets.day,
        tickets.channel,
        tickets.priority,
        tickets.group_name,
        tickets.is_within_sla,
        greatest(0, coalesce(date_diff('day', tickets.day, tickets.solved_day), 0)) as age_days
    from core.tickets as tickets
    where tickets.is_valid and tickets.is_solved and coalesce(tickets.is_within_sla, true)
)

select
    solved_tickets.day, -- day on which the tickets were created
    solved_tickets.channel, -- how they came in, '' if not delivered
    solved_tickets.priority, -- priority, '' if not delivered
    solved_tickets.group_name, -- team, '' if not delivered
    solved_tickets.age_days, -- days from creation to the solution
    case
        when count(solved_tickets.is_within_sla) = count(*) then count(*)
    end as tickets_within_sla -- tickets solved in time; unknown where the time of solution is
from solved_tickets
group by
    solved_tickets.day,
    solved_tickets.channel,
    solved_tickets.priority,
    solved_tickets.group_name,
    solved_tickets.age_days
