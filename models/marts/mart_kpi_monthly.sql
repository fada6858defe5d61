with components as (

    select * from {{ ref('int_kpi_components') }}

),

targets as (

    select * from {{ ref('fct_target') }}

),

months as (

    select * from components where window_kind = 'month'

),

compared as (

    select
        months.month,
        months.kpi,
        months.channel_key,
        months.numerator,
        months.denominator,
        months.value,
        months.unknown_because,
        previous_month.value as previous_month,
        previous_year.value as previous_year,
        to_date_month.value as to_date_previous_month,
        to_date_year.value as to_date_previous_year,
        targets.target_value as target,
        months.is_partial
    from months
    left join months as previous_month
        on months.kpi = previous_month.kpi and months.channel_key = previous_month.channel_key
        and previous_month.month = {{ add_months('months.month', -1) }}
    left join months as previous_year
        on months.kpi = previous_year.kpi and months.channel_key = previous_year.channel_key
        and previous_year.month = {{ add_months('months.month', -12) }}
    left join components as to_date_month
        on months.kpi = to_date_month.kpi and months.channel_key = to_date_month.channel_key
        and months.month = to_date_month.month and to_date_month.window_kind = 'to_date_previous_month'
    left join components as to_date_year
        on months.kpi = to_date_year.kpi and months.channel_key = to_date_year.channel_key
        and months.month = to_date_year.month and to_date_year.window_kind = 'to_date_previous_year'
    left join targets
        on months.month = targets.month and months.kpi = targets.kpi_key and months.channel_key = targets.channel_key

),

measured as (

    select
        month,
        kpi,
        channel_key,
        numerator,
        denominator,
        value,
        previous_month,
        previous_year,
        -- half a month is not "worse" than a whole one: the running month has only the like-for-like changes
        case when not is_partial then {{ change_pct('value', 'previous_month') }} end as mom_pct,
        case when not is_partial then {{ change_pct('value', 'previous_year') }} end as yoy_pct,
        to_date_previous_month,
        to_date_previous_year,
        {{ change_pct('value', 'to_date_previous_month') }} as to_date_mom_pct,
        {{ change_pct('value', 'to_date_previous_year') }} as to_date_yoy_pct,
        cast(target as double) as target,
        100 * {{ safe_divide('value', 'target') }} as target_pct,
        is_partial,
        unknown_because
    from compared

)

select * from measured
