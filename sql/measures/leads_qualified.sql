-- One row per day, source and channel of leads that were qualified, each lead once in its life. A
-- lead whose day of qualification nobody states counts on its first possible day, its creation.
-- grain: day, lead_source, channel
-- covered by: leads
-- basis: lead qualified
select
    leads.qualified_day as day, -- day on which the leads were first qualified
    leads.lead_source, -- where the leads came from in the CRM's words, '' if unknown
    leads.channel, -- marketing channel, '' if unknown
    case
        when count(leads.is_qualified) = count(*) then count(*)
    end as qualified_leads -- persons first qualified; unknown where the CRM does not tell
from core.leads as leads
where leads.is_first and coalesce(leads.is_qualified, true)
group by leads.qualified_day, leads.lead_source, leads.channel
