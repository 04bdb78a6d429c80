-- One row per day and market. A figure is spread evenly over the days of its period; the last day
-- takes the remainder, so that the days add up exactly.
-- grain: day, source, account_id, market
-- warn amount_converted: amount is not null
with figures as (
    select
        market_sales.source,
        market_sales.account_id,
        market_sales.market,
        market_sales.period_start,
        market_sales.period_end,
        date_diff('day', market_sales.period_start, market_sales.period_end) + 1 as period_days,
        cast(round(market_sales.amount * rates.rate, 4) as decimal(18, 4)) as amount
    from staging.market_sales as market_sales
    left join core.exchange_rates as rates using (day, currency)
),

shared_figures as (
    select
        figures.source,
        figures.account_id,
        figures.market,
        figures.period_start,
        figures.period_end,
        figures.period_days,
        figures.amount,
        cast(
            round(cast(figures.amount as double) / nullif(figures.period_days, 0), 4)
            as decimal(18, 4)
        ) as daily_share
    from figures
),

daily_amounts as (
    select
        calendar.day,
        shared_figures.source,
        shared_figures.account_id,
        shared_figures.market,
        case
            when calendar.day = shared_figures.period_end
                then
                    shared_figures.amount
                    - shared_figures.daily_share * (shared_figures.period_days - 1)
            else shared_figures.daily_share
        end as amount
    from shared_figures
    inner join core.calendar as calendar
        on
            shared_figures.period_start <= calendar.day
            and shared_figures.period_end >= calendar.day
)

select
    daily_amounts.day, -- day that the share belongs to
    daily_amounts.source, -- connected source that delivered the figure
    daily_amounts.account_id, -- whose figures they are
    daily_amounts.market, -- the market, in the words of the source
    case
        when count(daily_amounts.amount) = count(*)
            then cast(sum(daily_amounts.amount) as decimal(18, 4))
    end as amount -- sales of all sellers on this day, reporting currency; NULL without a rate
from daily_amounts
group by
    daily_amounts.day,
    daily_amounts.source,
    daily_amounts.account_id,
    daily_amounts.market
