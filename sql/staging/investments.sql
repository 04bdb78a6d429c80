-- One row per investment, or per experiment that measured what a campaign added to the sales.
-- grain: source, account_id, investment_id
-- incremental: day
-- check kind_known: kind in ('investment', 'experiment')
-- check cost_not_negative: cost >= 0
-- check margin_is_a_share: contribution_margin between -1 and 1
-- warn currency_has_three_letters: length(currency) = 3
select
    investments.day,
    investments.source,
    investments.account_id,
    trim(investments.investment_id) as investment_id,
    coalesce(
        nullif(trim(investments.investment_name), ''), trim(investments.investment_id)
    ) as investment_name,
    lower(trim(investments.kind)) as kind, -- noqa: RF04
    investments.gain,
    investments.incremental_revenue,
    investments.contribution_margin,
    investments.cost,
    upper(trim(investments.currency)) as currency
from raw.investments as investments
