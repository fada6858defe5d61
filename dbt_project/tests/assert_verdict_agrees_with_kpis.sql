-- A row here is a whole month for which the verdict explains another figure than the KPI that everybody reads.
select
    verdict.month,
    verdict.metric,
    verdict.{{ adapter.quote('current') }} as explained,
    kpis.numerator as shown
from {{ ref('mart_verdict') }} as verdict
inner join {{ ref('mart_kpi_monthly') }} as kpis
    on verdict.month = kpis.month and verdict.metric = kpis.kpi and kpis.channel_key = 'all'
where verdict.basis = 'period'
    and verdict.comparison = 'previous_month'
    and verdict.metric in ('new_clients', 'revenue')
    and abs(verdict.{{ adapter.quote('current') }} - coalesce(kpis.numerator, 0)) > 0.005
