-- One row per day, pipeline, owner, product and lead source of new deals.
-- grain: day, pipeline, owner, product, lead_source
-- incremental: day
-- covered by: deals
-- basis: deal created
select
    deals.day, -- day on which the deals began
    deals.pipeline, -- pipeline, '' if not delivered
    deals.owner, -- who is responsible, '' if not delivered
    deals.product, -- what is sold, '' if not delivered
    deals.lead_source, -- where the deals came from, '' if unknown
    count(*) as deals_created -- deals that began
from core.deals as deals
where deals.day is not null
group by deals.day, deals.pipeline, deals.owner, deals.product, deals.lead_source
