-- A row here is a KPI and channel that lacks a month, or an empty cell of an additive KPI that is not 0 (unless nobody delivers, records or dates what it counts).
with months as (

    select count(*) as months from {{ ref('int_kpi_windows') }} where window_kind = 'month'

),

cells as (

    select kpi, channel_key, count(*) as months, count(value) as known_months
    from {{ ref('mart_kpi_monthly') }}
    group by kpi, channel_key

)

select cells.kpi, cells.channel_key, cells.months, cells.known_months
from cells
cross join months
inner join {{ ref('kpis') }} as kpis on cells.kpi = kpis.kpi_key
inner join {{ ref('dim_kpi') }} as dim_kpi on cells.kpi = dim_kpi.kpi_key
where cells.months <> months.months or (kpis.statistic = 'sum' and dim_kpi.unknown_because is null and cells.known_months <> months.months)
