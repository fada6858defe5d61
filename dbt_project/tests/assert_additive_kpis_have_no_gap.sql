-- A row here is a KPI and channel that lacks a month, or an empty cell of an additive KPI that is not 0 (unless no source dates what it counts).
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
left join {{ ref('int_kpi_undated_measures') }} as undated on kpis.numerator = undated.measure
where cells.months <> months.months or (kpis.statistic = 'sum' and undated.measure is null and cells.known_months <> months.months)
