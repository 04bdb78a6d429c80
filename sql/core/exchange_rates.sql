-- One row per day and currency: what one unit of the currency is worth in the reporting currency.
-- A day without a rate takes the last earlier one, in either direction of the pair; no row where
-- that is older than the company allows, so that an amount is missing rather than wrong.
-- grain: day, currency
with quoted_rates as (
    select
        fx.day,
        fx.base as currency,
        cast(fx.rate as decimal(28, 18)) as rate,
        1 as preference,
        fx.source,
        fx.account_id
    from staging.fx_rates as fx
    inner join core.company as company on fx.quote = company.reporting_currency
    where fx.base <> company.reporting_currency
    union all
    select
        fx.day,
        fx.quote as currency,
        cast(cast(1 as double) / nullif(cast(fx.rate as double), 0) as decimal(28, 18)) as rate,
        2 as preference,
        fx.source,
        fx.account_id
    from staging.fx_rates as fx
    inner join core.company as company on fx.base = company.reporting_currency
    where fx.quote <> company.reporting_currency
),

best_rates as (
    select
        quoted_rates.day,
        quoted_rates.currency,
        quoted_rates.rate
    from quoted_rates
    qualify
        row_number() over (
            partition by quoted_rates.day, quoted_rates.currency
            order by quoted_rates.preference, quoted_rates.source, quoted_rates.account_id
        ) = 1
),

rate_intervals as (
    select
        best_rates.currency,
        best_rates.rate,
        best_rates.day as quoted_on,
        lead(best_rates.day, 1, date '9999-12-31') over (
            partition by best_rates.currency
            order by best_rates.day
        ) as next_quoted_on
    from best_rates
),

covered_range as (
    select
        min(covered.day) as first_day,
        max(covered.day) as last_day
    from raw.covered_days as covered
),

days as (
    select calendar.day
    from core.calendar as calendar
    inner join covered_range
        on calendar.day between covered_range.first_day and covered_range.last_day
),

daily_rates as (
    select
        days.day,
        rate_intervals.currency,
        rate_intervals.rate,
        rate_intervals.quoted_on,
        date_diff('day', rate_intervals.quoted_on, days.day) as age_days
    from rate_intervals
    inner join days
        on rate_intervals.quoted_on <= days.day and rate_intervals.next_quoted_on > days.day
    union all
    select
        days.day,
        company.reporting_currency as currency,
        cast(1 as decimal(28, 18)) as rate,
        days.day as quoted_on,
        0 as age_days
    from days
    cross join core.company as company
)

select
    daily_rates.day, -- day whose amounts are converted
    daily_rates.currency, -- ISO 4217 code of the converted currency
    daily_rates.quoted_on, -- day for which the rate was quoted
    daily_rates.rate -- units of the reporting currency for one unit; 1 for the reporting currency
from daily_rates
cross join core.company as company
where daily_rates.age_days <= company.fx_max_age_days
