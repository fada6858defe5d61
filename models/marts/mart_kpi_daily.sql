with measures as (

    select * from {{ ref('int_kpi_measures_daily') }}

),

kpis as (

    select * from {{ ref('kpis') }} where is_additive

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

    select days.date_day, days.month, kpis.kpi_key, kpis.numerator, channels.channel_key
    from days
    cross join kpis
    cross join channels

)

select
    scaffold.date_day,
    scaffold.month,
    scaffold.kpi_key as kpi,
    scaffold.channel_key,
    cast(coalesce(channel_daily.amount, 0) as decimal(18, 4)) as numerator,
    cast(null as decimal(18, 4)) as denominator,
    cast(coalesce(channel_daily.amount, 0) as double) as value
from scaffold
left join channel_daily
    on scaffold.date_day = channel_daily.activity_date and scaffold.channel_key = channel_daily.channel_key
    and scaffold.numerator = channel_daily.measure
