-- The delivered index of demand on both sides of a comparison, where their months are covered alike: by figures of whole months, or of days and weeks.
-- A figure of days counts for as many days as are compared; one of a whole month says nothing of a month that is still running.
with sides as (

    select
        month,
        comparison,
        side,
        side_month,
        span_days,
        is_partial,
        count(*) over (partition by month, comparison, side) as months
    from {{ ref('int_verdict_sides') }}
    where basis = 'cohort'

),

monthly as (

    select
        sides.month,
        sides.comparison,
        sides.side,
        sides.side_month,
        sides.months,
        demand.channel_key,
        demand.service,
        demand.is_whole_month,
        {{ exact_sum('demand.index_value') }} / count(*) * case when demand.is_whole_month then 1 else max(sides.span_days) end as index_value
    from sides
    inner join {{ ref('fct_market_index') }} as demand
        on sides.side_month = {{ month_start('demand.starts_on') }}
        and case when demand.is_whole_month then not sides.is_partial else demand.starts_on < {{ add_days('sides.side_month', 'sides.span_days') }} end
    group by sides.month, sides.comparison, sides.side, sides.side_month, sides.months, demand.channel_key, demand.service, demand.is_whole_month

),

valued as (

    select month, comparison, side, channel_key, service, is_whole_month, {{ exact_sum('index_value') }} as index_value
    from monthly
    group by month, comparison, side, channel_key, service, is_whole_month, months
    having count(*) = months

),

-- the figure of all services where there is one, else the sum over those that both sides have
paired as (

    select
        base.month,
        base.comparison,
        base.channel_key,
        base.index_value as base_index,
        current_side.index_value as current_index,
        rank() over (
            partition by base.month, base.comparison, base.channel_key
            order by case when base.service = 'all' then 0 else 1 end, case when base.is_whole_month then 0 else 1 end
        ) as kind_rank
    from valued as base
    inner join valued as current_side
        on base.month = current_side.month and base.comparison = current_side.comparison and base.channel_key = current_side.channel_key
        and base.service = current_side.service and base.is_whole_month = current_side.is_whole_month
    where base.side = 'base' and current_side.side = 'current'

)

select
    month,
    comparison,
    channel_key,
    {{ exact_sum('base_index') }} as base_index,
    {{ exact_sum('current_index') }} as current_index
from paired
where kind_rank = 1
group by month, comparison, channel_key
