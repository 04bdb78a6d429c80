-- One row per lead as it stands now, on the day on which it was created. Several leads of the same
-- person count once: the first stands for all of them, with what became of any.
-- grain: source, account_id, lead_id
-- warn qualified_day_known: qualified_day_is_stated or not is_qualified
-- warn customer_day_known: converted_day is not null or not is_customer
with identified_leads as (
    select
        leads.day,
        leads.source,
        leads.account_id,
        leads.lead_id,
        leads.created_at,
        leads.lead_source,
        leads.campaign_name,
        leads.channel,
        leads.lifecycle_stage,
        leads.is_qualified,
        leads.qualified_at,
        leads.converted_at,
        case
            when leads.customer_key = ''
                then 'lead:' || leads.source || ':' || leads.account_id || ':' || leads.lead_id
            -- an identifier of the tool, not an address: unique within the account alone
            when leads.customer_key like '%:%'
                then leads.account_id || ':' || leads.customer_key
            else leads.customer_key
        end as person_key
    from staging.leads as leads
),

persons as (
    select
        identified_leads.person_key,
        case
            when count(identified_leads.qualified_at) > 0 then true
            when max(case when identified_leads.is_qualified then 1 else 0 end) = 1 then true
            when count(identified_leads.is_qualified) = count(*) then false
        end as is_qualified,
        min(identified_leads.qualified_at) as qualified_at,
        max(case when lower(identified_leads.lifecycle_stage) = 'customer' then 1 else 0 end)
        = 1 as is_customer,
        min(identified_leads.converted_at) as converted_at
    from identified_leads
    group by identified_leads.person_key
)

select
    identified_leads.day, -- company's calendar day on which the lead was created
    identified_leads.source, -- connected source that delivered the lead
    identified_leads.account_id, -- account of the CRM
    identified_leads.lead_id, -- identifier of the lead, unique within the account
    identified_leads.person_key, -- who it is; never a readable address
    row_number() over (
        partition by identified_leads.person_key
        order by
            identified_leads.created_at,
            identified_leads.source,
            identified_leads.account_id,
            identified_leads.lead_id
    ) = 1 as is_first, -- whether no earlier lead is of the same person
    identified_leads.lead_source, -- where the lead came from in the CRM's words, '' if unknown
    identified_leads.campaign_name, -- campaign, '' if unknown
    identified_leads.channel, -- marketing channel, '' if unknown
    persons.is_qualified, -- whether the person was ever qualified; NULL if the CRM does not tell
    coalesce(
        qualified_days.day, identified_leads.day
    ) as qualified_day, -- day of the first qualification; if not stated, that of the creation
    qualified_days.day is not null as qualified_day_is_stated, -- whether the CRM states that day
    persons.is_customer
    or persons.converted_at is not null as is_customer, -- whether the person became a customer
    converted_days.day as converted_day, -- day on which that happened, NULL if not stated
    greatest(
        0, date_diff('day', identified_leads.day, converted_days.day)
    ) as days_to_conversion -- from creation until then; 0 for who was a customer before
from identified_leads
inner join persons using (person_key)
left join core.days_by_utc_date as qualified_days
    on
        cast(persons.qualified_at as date) = qualified_days.date_in_utc
        and persons.qualified_at >= qualified_days.starts_at
        and persons.qualified_at < qualified_days.ends_at
left join core.days_by_utc_date as converted_days
    on
        cast(persons.converted_at as date) = converted_days.date_in_utc
        and persons.converted_at >= converted_days.starts_at
        and persons.converted_at < converted_days.ends_at
