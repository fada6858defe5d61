-- The delivered index of demand on both sides of a comparison, where their months are covered alike: by figures of whole months, or of days and weeks.
-- Figures of days count for as many days as are compared; one of a whole month says nothing of a month that is still running.
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

readings as (

    select
        *,
        {{ month_start('starts_on') }} as starts_in,
        lead(starts_on) over (partition by is_whole_month, channel_key, service order by starts_on) as next_starts_on
    from {{ ref('fct_market_index') }}

),

-- A reading speaks of its day and the days up to the next one: the last of a month may speak of the first days of the month after, never further.
-- What no reading speaks of is taken for the mean of the others.
of_days as (

    select
        sides.month,
        sides.comparison,
        sides.side,
        sides.side_month,
        sides.months,
        sides.span_days,
        readings.channel_key,
        readings.service,
        readings.index_value,
        readings.starts_in = sides.side_month as is_of_month,
        {{ days_between(
            'greatest(readings.starts_on, sides.side_month)',
            'least(coalesce(readings.next_starts_on, ' ~ add_days('sides.side_month', 'sides.span_days') ~ '), ' ~ add_days('sides.side_month', 'sides.span_days') ~ ')'
        ) }} as days
    from sides
    inner join readings
        on readings.starts_in in (sides.side_month, {{ add_months('sides.side_month', -1) }})
        and readings.starts_on < {{ add_days('sides.side_month', 'sides.span_days') }}
        and (readings.starts_in = sides.side_month or readings.next_starts_on > sides.side_month)
    where not readings.is_whole_month

),

monthly as (

    select
        sides.month,
        sides.comparison,
        sides.side,
        sides.side_month,
        sides.months,
        readings.channel_key,
        readings.service,
        readings.is_whole_month,
        readings.index_value
    from sides
    inner join readings on sides.side_month = readings.starts_on
    where readings.is_whole_month and not sides.is_partial
    union all
    select
        month,
        comparison,
        side,
        side_month,
        months,
        channel_key,
        service,
        false,
        {{ exact_sum('index_value * days') }} * span_days / sum(days)
    from of_days
    group by month, comparison, side, side_month, months, span_days, channel_key, service
    -- a month without a reading of its own is not covered
    having max(case when is_of_month then 1 else 0 end) = 1

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
