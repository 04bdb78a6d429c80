-- One row per deal as it stands now; the day is the one on which it began, and a deal that has not
-- begun has none. An open deal has no close date, only an expected one, which is not here.
-- grain: source, account_id, deal_id
-- incremental: day
-- check deal_known: deal_id <> ''
-- check won_is_closed: is_closed or not is_won
-- check closed_day_is_of_a_closed_deal: is_closed or closed_day is null
-- warn closed_after_creation: closed_at >= created_at
-- warn contract_in_order: contract_end >= contract_start
-- warn amount_not_negative: amount >= 0
-- warn amount_has_currency: coalesce(amount, 0) = 0 or length(currency) = 3
select
    deals.day,
    deals.source,
    deals.account_id,
    trim(deals.deal_id) as deal_id,
    coalesce(trim(deals.deal_name), '') as deal_name,
    coalesce(trim(deals.pipeline), '') as pipeline,
    coalesce(trim(deals.stage), '') as stage, -- noqa: RF04
    coalesce(trim(deals.owner), '') as owner, -- noqa: RF04
    coalesce(trim(deals.product), '') as product,
    coalesce(trim(deals.lead_source), '') as lead_source,
    coalesce(trim(deals.lead_id), '') as lead_id,
    coalesce(trim(deals.customer_key), '') as customer_key,
    deals.created_at,
    deals.proposal_sent_at,
    deals.closed_at,
    deals.closed_day,
    deals.is_closed,
    deals.is_won,
    deals.amount,
    coalesce(upper(trim(deals.currency)), '') as currency,
    deals.contract_start,
    deals.contract_end,
    deals.is_renewal, -- NULL where the source does not tell
    coalesce(trim(deals.renewed_from), '') as renewed_from,
    coalesce(trim(deals.lost_reason), '') as lost_reason,
    deals.updated_at
from raw.deals as deals
