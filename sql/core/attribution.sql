-- One row per valid order, attribution model and session that gets credit for it. All models share
-- the same sessions. An order without a known session is Unattributed, never spread.
-- grain: source, account_id, order_id, model, touch_number
-- incremental: day
-- check credit_is_a_share: credit > 0 and credit <= 1
with paths as (
    select
        touches.day,
        touches.source,
        touches.account_id,
        touches.order_id,
        touches.touch_number,
        touches.touches,
        touches.channel,
        touches.campaign,
        touches.recency,
        sum(touches.recency) over sessions_of_order as all_recency,
        max(case when lower(touches.channel) <> 'direct' then touches.touch_number end)
            over sessions_of_order as last_non_direct_number
    from core.touches as touches
    window
        sessions_of_order as (
            partition by touches.day, touches.source, touches.account_id, touches.order_id
        )
),

models as (
    select listed.model
    from (
        values
        ('first_touch'),
        ('last_touch'),
        ('last_non_direct'),
        ('linear'),
        ('position_based'),
        ('time_decay')
    ) as listed (model)
),

weights as (
    select
        paths.day,
        paths.source,
        paths.account_id,
        paths.order_id,
        models.model,
        paths.touch_number,
        paths.touches,
        paths.channel,
        paths.campaign,
        case
            when models.model = 'linear' then 1.0 / nullif(paths.touches, 0)
            when models.model = 'time_decay' then paths.recency / nullif(paths.all_recency, 0)
            when models.model = 'position_based' and paths.touches <= 2
                then 1.0 / nullif(paths.touches, 0)
            when models.model = 'position_based' and paths.touch_number in (1, paths.touches)
                then 0.4
            when models.model = 'position_based' then 0.2 / nullif(paths.touches - 2, 0)
            when models.model = 'first_touch' and paths.touch_number = 1 then 1.0
            when models.model = 'last_touch' and paths.touch_number = paths.touches then 1.0
            when
                models.model = 'last_non_direct'
                and paths.touch_number = coalesce(paths.last_non_direct_number, paths.touches)
                then 1.0
            else 0.0
        end as weight
    from paths
    cross join models
),

orders as (
    select
        valid_orders.day,
        valid_orders.source,
        valid_orders.account_id,
        valid_orders.order_id,
        valid_orders.is_first_order,
        cast(valid_orders.gross_items - valid_orders.discounts as decimal(18, 4)) as sales
    from core.orders as valid_orders
    where valid_orders.is_valid
),

-- The credit of all sessions but the last one is rounded down; the last one takes what is left, so
-- that an order's parts are exactly one order. Rounding first drops what is only binary noise.
parts as (
    select
        orders.day,
        orders.source,
        orders.account_id,
        orders.order_id,
        weights.model,
        weights.touch_number,
        weights.channel,
        weights.campaign,
        orders.is_first_order,
        orders.sales,
        case
            when weights.touch_number < weights.touches
                then cast(
                    floor(round(1000000 * weights.weight, 3)) / 1000000 as decimal(18, 6)
                )
        end as earlier_credit
    from orders
    inner join weights using (day, source, account_id, order_id)
    union all
    select
        orders.day,
        orders.source,
        orders.account_id,
        orders.order_id,
        models.model,
        0 as touch_number,
        'Unattributed' as channel,
        '' as campaign,
        orders.is_first_order,
        orders.sales,
        null as earlier_credit
    from orders
    cross join models
    where
        not exists (
            select 1
            from core.touches as touches
            where
                touches.day = orders.day
                and touches.source = orders.source
                and touches.account_id = orders.account_id
                and touches.order_id = orders.order_id
        )
),

credits as (
    select
        parts.day,
        parts.source,
        parts.account_id,
        parts.order_id,
        parts.model,
        parts.touch_number,
        parts.channel,
        parts.campaign,
        parts.is_first_order,
        coalesce(
            parts.earlier_credit,
            1 - coalesce(sum(parts.earlier_credit) over parts_of_order, 0)
        ) as credit,
        case
            when parts.earlier_credit is null
                then
                    parts.sales
                    - coalesce(
                        sum(round(parts.sales * parts.earlier_credit, 4)) over parts_of_order, 0
                    )
            else round(parts.sales * parts.earlier_credit, 4)
        end as sales
    from parts
    window
        parts_of_order as (
            partition by parts.day, parts.source, parts.account_id, parts.order_id, parts.model
        )
)

select
    credits.day, -- company's calendar day on which the order was placed
    credits.source, -- connected source that delivered the order
    credits.account_id, -- shop
    credits.order_id, -- identifier of the order, unique within the shop
    credits.model, -- first_touch, last_touch, last_non_direct, linear, position_based, time_decay
    credits.touch_number, -- which of the order's sessions gets the credit, 0 if none is known
    credits.channel, -- channel that brought the session, 'Unattributed' if none is known
    credits.campaign, -- campaign that brought the session, '' if none
    cast(credits.credit as decimal(18, 6)) as credit, -- share of the order; all are exactly one
    cast(
        credits.sales as decimal(18, 4)
    ) as sales, -- share of items less discounts, reporting currency; NULL without a rate
    cast(
        case when credits.is_first_order then credits.credit else 0 end as decimal(18, 6)
    ) as new_customers -- the credit if the order made a new customer, else 0
from credits
where credits.credit > 0
