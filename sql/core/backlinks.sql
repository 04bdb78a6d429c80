-- One row per website that links to ours, whichever tools have seen it.
-- grain: domain
select
    min(backlinks.day) as day, -- day on which the first tool first saw the link
    backlinks.domain, -- the website, without www.
    max(backlinks.authority) as authority -- the best grade that a tool gives it; NULL if none does
from staging.backlinks as backlinks
group by backlinks.domain
