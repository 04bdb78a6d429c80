-- One row per refund; the parts of a refund that was exported in several rows are added up.
-- grain: source, account_id, refund_id
-- incremental: day
-- warn amount_not_negative: amount >= 0
-- warn currency_has_three_letters: length(currency) = 3
select
    refunds.day,
    refunds.source,
    refunds.account_id,
    trim(refunds.refund_id) as refund_id,
    trim(refunds.order_id) as order_id,
    upper(trim(refunds.currency)) as currency,
    coalesce(max(trim(refunds.reason)), '') as reason,
    case
        when count(refunds.quantity) = count(*)
            then cast(sum(refunds.quantity) as decimal(18, 4))
    end as quantity, -- NULL where the source does not tell how many units came back
    cast(sum(refunds.amount) as decimal(18, 4)) as amount
from raw.refunds as refunds
group by all
