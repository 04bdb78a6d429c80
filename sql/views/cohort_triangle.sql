-- One row per month of first orders and age of these customers in whole months of 30 days; every
-- age that has begun is there.
-- grain: first_order_month, age_months
with cohorts as (
    select
        calendar.month_start as first_order_month,
        calendar.month_end,
        count(*) as customers
    from core.customers as customers
    inner join core.calendar as calendar on customers.first_order_day = calendar.day
    group by calendar.month_start, calendar.month_end
),

cohort_ages as (
    select distinct
        cohorts.first_order_month,
        cohorts.customers,
        cast(
            floor(date_diff('day', cohorts.first_order_month, calendar.day) / 30) as integer
        ) as age_months,
        date_diff('day', cohorts.month_end, company.as_of) as youngest_age_days
    from cohorts
    cross join core.company as company
    inner join core.calendar as calendar
        on cohorts.first_order_month <= calendar.day and company.as_of > calendar.day
),

cohort_margins as (
    select
        calendar.month_start as first_order_month,
        cast(floor(cohort_days.age_days / 30) as integer) as age_months,
        case
            when count(cohort_days.cohort_gross_margin) = count(*)
                then cast(sum(cohort_days.cohort_gross_margin) as decimal(18, 4))
        end as gross_margin
    from measures.cohorts as cohort_days
    inner join core.calendar as calendar using (day)
    group by calendar.month_start, cast(floor(cohort_days.age_days / 30) as integer)
),

triangle as (
    select
        cohort_ages.first_order_month,
        cohort_ages.age_months,
        cohort_ages.customers,
        cohort_ages.youngest_age_days,
        case
            when cohort_margins.age_months is null then cast(0 as decimal(18, 4))
            else cohort_margins.gross_margin
        end as gross_margin
    from cohort_ages
    left join cohort_margins using (first_order_month, age_months)
)

select
    triangle.first_order_month, -- first day of the company's month of the first orders
    triangle.age_months, -- 0 for the 30 days from the first order on, 1 for the next 30 days
    triangle.customers, -- customers who first ordered in that month
    triangle.gross_margin, -- gross margin at that age, reporting currency; NULL without a rate
    case
        when count(triangle.gross_margin) over ages = count(*) over ages
            then cast(sum(triangle.gross_margin) over ages as decimal(18, 4))
    end as gross_margin_to_date, -- gross margin up to the end of that age
    triangle.youngest_age_days
    >= 30 * (triangle.age_months + 1) as is_complete -- whether every customer has passed that age
from triangle
window
    ages as (
        partition by triangle.first_order_month
        order by triangle.age_months
        rows between unbounded preceding and current row
    )
