-- One row per day, source and channel of new leads, and age at which they became customers.
-- grain: day, lead_source, channel, age_days
-- incremental: day
-- covered by: leads
-- basis: lead created
select
    leads.day, -- day on which the leads were created
    leads.lead_source, -- where the leads came from in the CRM's words, '' if unknown
    leads.channel, -- marketing channel, '' if unknown
    coalesce(leads.days_to_conversion, 0) as age_days, -- days from creation to becoming a customer
    case
        when count(leads.converted_day) = count(*) then count(*)
    end as leads_converted -- leads who became customers; unknown where the day is
from core.leads as leads
where leads.is_first and leads.is_customer
group by
    leads.day,
    leads.lead_source,
    leads.channel,
    coalesce(leads.days_to_conversion, 0)
