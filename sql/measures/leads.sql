-- One row per day, source and channel of new leads; a person counts once, with the first lead.
-- grain: day, lead_source, channel
-- incremental: day
-- covered by: leads
-- basis: lead created
select
    leads.day, -- day on which the leads were created
    leads.lead_source, -- where the leads came from in the CRM's words, '' if unknown
    leads.channel, -- marketing channel, '' if unknown
    count(*) as leads -- persons who became a lead
from core.leads as leads
where leads.is_first
group by leads.day, leads.lead_source, leads.channel
