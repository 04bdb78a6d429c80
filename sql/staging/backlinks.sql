-- One row per website that links to ours, on the day on which a tool first saw it do so.
-- grain: source, account_id, domain
-- check domain_known: domain <> ''
-- warn authority_within_scale: authority between 0 and 100
with links as (
    select
        backlinks.day,
        backlinks.source,
        backlinks.account_id,
        lower(trim(backlinks.domain)) as domain, -- noqa: RF04
        backlinks.authority
    from raw.backlinks as backlinks
)

select
    min(links.day) as day,
    links.source,
    links.account_id,
    case
        when links.domain like 'www.%' then substring(links.domain, 5) else links.domain
    end as domain, -- noqa: RF04
    max(links.authority) as authority
from links
group by all
