-- One row per week and channel: what came by it and what it cost.
-- grain: week_start, channel
with channel_days as (
    select
        sessions.day,
        sessions.channel,
        sessions.sessions,
        sessions.engaged_sessions,
        0 as orders,
        0 as new_customers,
        0 as gross_sales,
        0 as discounts,
        0 as order_gross_margin,
        0 as ad_impressions,
        0 as ad_clicks,
        0 as ad_cost
    from measures.sessions as sessions
    union all
    select
        orders.day,
        orders.channel,
        0 as sessions,
        0 as engaged_sessions,
        orders.orders,
        orders.new_customers,
        orders.gross_sales,
        orders.discounts,
        orders.order_gross_margin,
        0 as ad_impressions,
        0 as ad_clicks,
        0 as ad_cost
    from measures.orders as orders
    union all
    select
        ads.day,
        ads.channel,
        0 as sessions,
        0 as engaged_sessions,
        0 as orders,
        0 as new_customers,
        0 as gross_sales,
        0 as discounts,
        0 as order_gross_margin,
        ads.impressions as ad_impressions,
        ads.clicks as ad_clicks,
        ads.cost as ad_cost
    from core.ad_performance as ads
)

select
    calendar.week_start, -- first day of the company's week
    channel_days.channel, -- channel in the words of GA4's default channel group
    cast(sum(channel_days.sessions) as bigint) as sessions, -- web sessions begun
    case
        when count(channel_days.engaged_sessions) = count(*)
            then cast(sum(channel_days.engaged_sessions) as bigint)
    end as engaged_sessions, -- web sessions with engagement; NULL if not delivered
    cast(sum(channel_days.orders) as bigint) as orders, -- valid orders
    cast(
        sum(channel_days.new_customers) as bigint
    ) as new_customers, -- customers with their first valid order ever
    case
        when count(channel_days.gross_sales) = count(*)
            then cast(sum(channel_days.gross_sales) as decimal(18, 4))
    end as gross_sales, -- items at full price, reporting currency; NULL if a rate is missing
    case
        when count(channel_days.discounts) = count(*)
            then cast(sum(channel_days.discounts) as decimal(18, 4))
    end as discounts, -- discounts on orders, reporting currency; NULL if a rate is missing
    case
        when count(channel_days.order_gross_margin) = count(*)
            then cast(sum(channel_days.order_gross_margin) as decimal(18, 4))
    end as order_gross_margin, -- items less discounts, refunds and product costs
    cast(sum(channel_days.ad_impressions) as bigint) as ad_impressions, -- times that ads were shown
    case
        when count(channel_days.ad_clicks) = count(*)
            then cast(sum(channel_days.ad_clicks) as bigint)
    end as ad_clicks, -- clicks that the platforms bill; NULL if not delivered
    case
        when count(channel_days.ad_cost) = count(*)
            then cast(sum(channel_days.ad_cost) as decimal(18, 4))
    end as ad_cost -- amount spent on ads, reporting currency; NULL if a rate is missing
from channel_days
inner join core.calendar as calendar using (day)
group by calendar.week_start, channel_days.channel
