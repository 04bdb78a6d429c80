-- One row per support ticket as it stands now, on the day on which it was created. A ticket that
-- was opened again is not solved until it is solved again.
-- grain: source, account_id, ticket_id
-- warn reply_time_known: first_response_minutes is not null or not is_answered
-- warn solution_time_known: resolution_minutes is not null or not is_solved
with judged_tickets as (
    select
        tickets.day,
        tickets.source,
        tickets.account_id,
        tickets.ticket_id,
        tickets.created_at,
        tickets.solved_at,
        tickets.solved_day,
        tickets.status,
        tickets.priority,
        tickets.channel,
        tickets.group_name,
        tickets.satisfaction,
        tickets.first_reply_minutes,
        tickets.first_reply_business_minutes,
        tickets.full_resolution_minutes,
        tickets.reopens,
        tickets.replies,
        tickets.status not in (
            'new', 'open', 'pending', 'hold', 'on hold', 'on-hold', 'reopened'
        )
        and (
            tickets.status in ('solved', 'closed')
            or tickets.solved_at is not null
            or tickets.solved_day is not null
            or tickets.full_resolution_minutes is not null
        ) as is_solved
    from staging.support_tickets as tickets
),

timed_tickets as (
    select
        judged_tickets.source,
        judged_tickets.account_id,
        judged_tickets.ticket_id,
        coalesce(judged_tickets.solved_day, solved_days.day) as solved_day,
        coalesce(
            judged_tickets.full_resolution_minutes,
            date_diff('second', judged_tickets.created_at, judged_tickets.solved_at) / 60.0
        ) as resolution_minutes
    from judged_tickets
    left join core.days_by_utc_date as solved_days
        on
            cast(judged_tickets.solved_at as date) = solved_days.date_in_utc
            and judged_tickets.solved_at >= solved_days.starts_at
            and judged_tickets.solved_at < solved_days.ends_at
    where judged_tickets.is_solved
)

select
    judged_tickets.day, -- company's calendar day on which the ticket was created
    judged_tickets.source, -- connected source that delivered the ticket
    judged_tickets.account_id, -- account of the support tool
    judged_tickets.ticket_id, -- identifier of the ticket, unique within the account
    judged_tickets.source || ':' || judged_tickets.account_id || ':' || judged_tickets.ticket_id
        as ticket_key, -- the ticket among those of all sources
    judged_tickets.status, -- status in the tool's words
    judged_tickets.status not in (
        'deleted', 'spam', 'suspended'
    ) as is_valid, -- whether the ticket counts
    judged_tickets.priority, -- priority in small letters, '' if not delivered
    judged_tickets.channel, -- how it came in, small letters, '' if not delivered
    judged_tickets.group_name, -- team, '' if not delivered
    coalesce(
        judged_tickets.first_reply_business_minutes, judged_tickets.first_reply_minutes
    ) as first_response_minutes, -- from creation to the first answer of a person; NULL if none
    case
        when judged_tickets.first_reply_business_minutes is not null then 'business'
        when judged_tickets.first_reply_minutes is not null then 'calendar'
        else ''
    end as reply_clock, -- which minutes these are: business hours alone, or all
    judged_tickets.first_reply_business_minutes is not null
    or judged_tickets.first_reply_minutes is not null
    or coalesce(judged_tickets.replies, 0) > 0 as is_answered, -- whether a person has answered
    judged_tickets.is_solved, -- whether it is solved now
    timed_tickets.solved_day, -- day of the last solution; NULL while unsolved or if not stated
    timed_tickets.resolution_minutes, -- from creation to the last solution, nights included
    timed_tickets.resolution_minutes
    <= promises.support_sla_minutes as is_within_sla, -- solved in the promised time
    judged_tickets.reopens, -- how often it was opened again; NULL if not delivered
    judged_tickets.is_solved
    or coalesce(judged_tickets.reopens, 0) > 0 as was_solved, -- whether it was ever solved
    case
        when judged_tickets.satisfaction like 'good%' then 'good'
        when judged_tickets.satisfaction like 'bad%' then 'bad'
        else ''
    end as rating -- the customer's rating: good, bad, or '' if none was given
from judged_tickets
cross join core.settings as promises
left join timed_tickets using (source, account_id, ticket_id)
