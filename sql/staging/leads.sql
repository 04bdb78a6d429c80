-- One row per lead as it stands now; the day is the one on which it was created.
-- grain: source, account_id, lead_id
-- incremental: day
-- check lead_known: lead_id <> ''
-- warn qualified_after_creation: qualified_at >= created_at
-- warn converted_after_creation: converted_at >= created_at
select
    leads.day,
    leads.source,
    leads.account_id,
    trim(leads.lead_id) as lead_id,
    leads.created_at,
    coalesce(trim(leads.lead_source), '') as lead_source,
    coalesce(trim(leads.campaign_name), '') as campaign_name,
    coalesce(trim(leads.channel), '') as channel,
    coalesce(trim(leads.lifecycle_stage), '') as lifecycle_stage,
    leads.is_qualified, -- NULL where the source does not tell, which is not "no"
    leads.qualified_at,
    leads.converted_at,
    coalesce(trim(leads.customer_key), '') as customer_key,
    leads.updated_at
from raw.leads as leads
