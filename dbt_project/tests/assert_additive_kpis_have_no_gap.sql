-- A row here is a KPI and channel that lacks a month, or an empty cell of an additive KPI that is not 0 (unless nobody delivers, records or dates what it counts).
with months as (

    select count(*) as months from {{ ref('int_kpi_windows') }} where window_kind = 'month'

),

cells as (

    select kpi, channel_key, count(*) as months, count(value) as known_months, count(case when unknown_because is null then 1 end) as due_months
    from {{ ref('mart_kpi_monthly') }}
    group by kpi, channel_key

)

select cells.kpi, cells.channel_key, cells.months, cells.known_months, cells.due_months
from cells
cross join months
inner join {{ ref('kpis') }} as kpis on cells.kpi = kpis.kpi_key
where cells.months <> months.months or (kpis.statistic = 'sum' and cells.known_months <> cells.due_months)
