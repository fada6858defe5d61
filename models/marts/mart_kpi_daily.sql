with measures as (

    select * from {{ ref('int_kpi_measures_daily') }}

),

kpis as (

    select kpis.kpi_key, kpis.numerator, dim_kpi.unknown_because
    from {{ ref('kpis') }} as kpis
    left join {{ ref('dim_kpi') }} as dim_kpi on kpis.kpi_key = dim_kpi.kpi_key
    where kpis.is_additive

),

channels as (

    select * from {{ ref('int_kpi_channels') }}

),

months as (

    select * from {{ ref('int_kpi_windows') }} where window_kind = 'month'

),

days as (

    select dim_date.date_day, dim_date.month
    from {{ ref('dim_date') }} as dim_date
    inner join months on dim_date.month = months.month
    where dim_date.date_day between months.window_start and months.window_end

),

daily as (

    select measure, channel_key, activity_date, sum(amount) as amount
    from measures
    group by measure, channel_key, activity_date

),

channel_daily as (
    {{ with_all_channels('daily', ['measure', 'activity_date'], ['amount']) }}
),

scaffold as (

    select
        days.date_day,
        days.month,
        kpis.kpi_key,
        kpis.numerator,
        coalesce(kpis.unknown_because, case when days.month < known_from.month then 'not_delivered' end) as unknown_because,
        channels.channel_key
    from days
    cross join kpis
    cross join channels
    left join {{ ref('int_kpi_known_from') }} as known_from on kpis.numerator = known_from.measure

),

filled as (

    select
        scaffold.date_day,
        scaffold.month,
        scaffold.kpi_key,
        scaffold.channel_key,
        -- unknown, not 0, where nobody delivers, records or dates it
        case when scaffold.unknown_because is null then coalesce(channel_daily.amount, 0) end as amount
    from scaffold
    left join channel_daily
        on scaffold.date_day = channel_daily.activity_date and scaffold.channel_key = channel_daily.channel_key
        and scaffold.numerator = channel_daily.measure

)

select
    date_day,
    month,
    kpi_key as kpi,
    channel_key,
    cast(amount as {{ amount_type() }}) as numerator,
    cast(null as {{ amount_type() }}) as denominator,
    cast(amount as double) as value
from filled
