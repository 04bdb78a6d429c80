-- One row per day of websites that began to link to ours.
-- grain: day
-- covered by: backlinks
-- basis: link first seen
select
    backlinks.day, -- day on which the links were first seen
    case
        when count(backlinks.authority) = count(*)
            -- 40 of 100 parts sites with readers of their own from the long tail; a judgement.
            then count(*) filter (where backlinks.authority >= 40)
    end as quality_backlinks -- websites among them that tools grade 40 or better
from core.backlinks as backlinks
group by backlinks.day
