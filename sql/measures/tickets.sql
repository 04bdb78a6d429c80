-- One row per support ticket, on the day on which it was created.
-- grain: day, channel, priority, group_name, reply_clock, ticket_key
-- incremental: day
-- covered by: support_tickets
-- basis: ticket created
-- median first_response_time: first_response_minutes
-- percentile_90 first_response_time_p90: first_response_minutes
-- sum first_response_minutes_total: first_response_minutes where is_answered
select
    tickets.day, -- day on which the ticket was created
    tickets.channel, -- how it came in, '' if not delivered
    tickets.priority, -- priority, '' if not delivered
    tickets.group_name, -- team, '' if not delivered
    tickets.reply_clock, -- which minutes the reply is measured in: business, calendar, '' if none
    tickets.ticket_key, -- the ticket
    tickets.is_answered, -- whether a person has answered
    tickets.first_response_minutes, -- from creation to the first answer of a person; NULL if none
    1 as tickets_created, -- 1 for the ticket
    case when tickets.is_answered then 1 else 0 end as tickets_answered, -- 1 if answered
    case when tickets.is_answered then 0 else 1 end as tickets_unanswered, -- 1 if not answered
    case when tickets.was_solved then 1 else 0 end as tickets_ever_solved, -- 1 if ever solved
    case
        when not tickets.was_solved then 0
        when tickets.reopens > 0 then 1
        when tickets.reopens = 0 then 0
    end as tickets_reopened, -- 1 if opened again; unknown where the source does not count that
    case when tickets.rating = 'good' then 1 else 0 end as tickets_rated_good, -- 1 if rated good
    case when tickets.rating = 'bad' then 1 else 0 end as tickets_rated_bad -- 1 if rated bad
from core.tickets as tickets
where tickets.is_valid
