-- A row here is a month of an additive KPI that is not the sum of its days.
with days as (

    select month, kpi, channel_key, sum(numerator) as numerator
    from {{ ref('mart_kpi_daily') }}
    group by month, kpi, channel_key

)

select days.*, monthly.numerator as monthly_numerator
from days
left join {{ ref('mart_kpi_monthly') }} as monthly
    on days.month = monthly.month and days.kpi = monthly.kpi and days.channel_key = monthly.channel_key
where (monthly.numerator is null) <> (days.numerator is null) or days.numerator <> monthly.numerator
