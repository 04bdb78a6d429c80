-- One row per day, channel, priority and team of tickets that were solved.
-- grain: day, channel, priority, group_name
-- covered by: support_tickets
-- basis: ticket solved
select
    tickets.solved_day as day, -- day on which the tickets were last solved
    tickets.channel, -- how they came in, '' if not delivered
    tickets.priority, -- priority, '' if not delivered
    tickets.group_name, -- team, '' if not delivered
    count(*) as tickets_solved -- tickets solved
from core.tickets as tickets
where tickets.is_valid and tickets.solved_day is not null
group by tickets.solved_day, tickets.channel, tickets.priority, tickets.group_name
