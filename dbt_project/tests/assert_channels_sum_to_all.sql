-- A row here is a month whose channels do not add up to `all`, in a sum, a numerator or a denominator. Medians do not add up.
with cells as (

    select monthly.*
    from {{ ref('mart_kpi_monthly') }} as monthly
    inner join {{ ref('kpis') }} as kpis on monthly.kpi = kpis.kpi_key
    where kpis.statistic in ('sum', 'ratio')

)

select
    month,
    kpi,
    sum(case when channel_key = 'all' then numerator else -numerator end) as numerator_gap,
    sum(case when channel_key = 'all' then denominator else -denominator end) as denominator_gap
from cells
group by month, kpi
having sum(case when channel_key = 'all' then numerator else -numerator end) <> 0
    or coalesce(sum(case when channel_key = 'all' then denominator else -denominator end), 0) <> 0
