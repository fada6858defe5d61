with windows as (

    select * from {{ ref('int_kpi_windows') }}

),

kpis as (

    select kpis.*, dim_kpi.unknown_because
    from {{ ref('kpis') }} as kpis
    left join {{ ref('dim_kpi') }} as dim_kpi on kpis.kpi_key = dim_kpi.kpi_key

),

channels as (

    select * from {{ ref('int_kpi_channels') }}

),

measures as (

    select * from {{ ref('int_kpi_measures_daily') }}

),

durations as (

    select * from {{ ref('int_kpi_durations') }}

),

-- what each window knew: the same rows serve the month and the like-for-like comparison
windowed_measures as (

    select
        windows.window_kind,
        windows.month,
        measures.measure,
        measures.channel_key,
        sum(measures.amount) as amount,
        count(case when measures.known_date is null then 1 end) as undated
    from measures
    inner join windows on measures.activity_month = windows.activity_month
    where measures.activity_date between windows.window_start and windows.window_end
        and (measures.known_date is null or measures.known_date <= windows.known_until)
    group by windows.window_kind, windows.month, measures.measure, measures.channel_key

),

channel_measures as (

    select window_kind, month, measure, channel_key, amount, undated from windowed_measures
    union all
    select window_kind, month, measure, 'all', sum(amount), sum(undated) from windowed_measures group by window_kind, month, measure

),

-- in a comparison window a stage reached at an unknown time may or may not have been reached yet: then there is no figure
known_measures as (

    select
        window_kind,
        month,
        measure,
        channel_key,
        amount,
        window_kind <> 'month' and undated > 0 as is_unknown
    from channel_measures

),

-- a running month is compared with the same days of an earlier one: that part of the month has medians of its own
compared_days as (

    select windows.window_kind, windows.month, days.date_day
    from windows
    inner join {{ ref('dim_date') }} as days on days.date_day between windows.window_start and windows.window_end
    where windows.window_kind <> 'month'

),

-- days are equal here, not months: so the engine reads only the parts of the facts that hold them
partial_durations as (

    select compared_days.window_kind, compared_days.month, durations.measure, durations.channel_key, durations.duration
    from durations
    inner join compared_days on durations.activity_date = compared_days.date_day

),

channel_durations as (

    select 'month' as window_kind, month, measure, channel_key, n, median_value, p90_value from {{ ref('int_kpi_month_durations') }}

    union all

    select window_kind, month, measure, channel_key, count(*), {{ median('duration') }}, {{ percentile('duration', 0.9) }}
    from partial_durations
    group by window_kind, month, measure, channel_key

    union all

    select window_kind, month, measure, 'all', count(*), {{ median('duration') }}, {{ percentile('duration', 0.9) }}
    from partial_durations
    group by window_kind, month, measure

),

scaffold as (

    select
        windows.window_kind,
        windows.month,
        windows.is_partial,
        channels.channel_key,
        kpis.kpi_key,
        kpis.statistic,
        kpis.numerator,
        kpis.numerator_less,
        kpis.denominator,
        coalesce(kpis.unknown_because, case when windows.activity_month < known_from.month then 'not_delivered' end) as unknown_because
    from windows
    cross join channels
    cross join kpis
    left join {{ ref('int_kpi_known_from') }} as known_from on known_from.measure in (kpis.numerator, kpis.numerator_less, kpis.denominator)

),

filled as (

    select
        scaffold.window_kind,
        scaffold.month,
        scaffold.is_partial,
        scaffold.kpi_key,
        scaffold.channel_key,
        scaffold.statistic,
        coalesce(numerators.amount, 0) - coalesce(less.amount, 0) as numerator,
        coalesce(denominators.amount, 0) as denominator,
        scaffold.unknown_because,
        -- what nobody delivers, records or dates is unknown, not 0
        scaffold.unknown_because is not null
            or coalesce(numerators.is_unknown, false) or coalesce(less.is_unknown, false) or coalesce(denominators.is_unknown, false) as is_unknown,
        coalesce(channel_durations.n, 0) as n,
        channel_durations.median_value,
        channel_durations.p90_value
    from scaffold
    left join known_measures as numerators
        on scaffold.window_kind = numerators.window_kind and scaffold.month = numerators.month
        and scaffold.channel_key = numerators.channel_key and scaffold.numerator = numerators.measure
    left join known_measures as less
        on scaffold.window_kind = less.window_kind and scaffold.month = less.month
        and scaffold.channel_key = less.channel_key and scaffold.numerator_less = less.measure
    left join known_measures as denominators
        on scaffold.window_kind = denominators.window_kind and scaffold.month = denominators.month
        and scaffold.channel_key = denominators.channel_key and scaffold.denominator = denominators.measure
    left join channel_durations
        on scaffold.window_kind = channel_durations.window_kind and scaffold.month = channel_durations.month
        and scaffold.channel_key = channel_durations.channel_key and scaffold.numerator = channel_durations.measure

)

select
    window_kind,
    month,
    kpi_key as kpi,
    channel_key,
    is_partial,
    cast(case when statistic in ('sum', 'ratio') and not is_unknown then numerator end as {{ amount_type() }}) as numerator,
    cast(case when statistic in ('median', 'p90') then n when statistic = 'ratio' and not is_unknown then denominator end as {{ amount_type() }})
        as denominator,
    case
        when is_unknown then null
        when statistic = 'sum' then cast(numerator as double)
        when statistic = 'ratio' then {{ safe_divide('numerator', 'denominator') }}
        when statistic = 'median' then median_value
        when statistic = 'p90' then p90_value
    end as value,
    unknown_because
from filled
