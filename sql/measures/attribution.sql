-- One row per day of orders, attribution model, channel and campaign.
-- grain: day, model, channel, campaign
-- incremental: day
-- covered by: orders and web_events
-- basis: order placed
select
    attribution.day, -- day on which the orders were placed
    attribution.model, -- rule by which sessions get credit for an order
    attribution.channel, -- channel of these sessions, 'Unattributed' where none is known
    attribution.campaign, -- campaign of these sessions, '' if none
    cast(sum(attribution.credit) as decimal(18, 6)) as attributed_orders, -- credited valid orders
    case
        when count(attribution.sales) = count(*)
            then cast(sum(attribution.sales) as decimal(18, 4))
    end as attributed_sales, -- credited items less discounts, reporting currency
    cast(
        sum(attribution.new_customers) as decimal(18, 6)
    ) as attributed_new_customers -- credited first valid orders
from core.attribution as attribution
group by attribution.day, attribution.model, attribution.channel, attribution.campaign
