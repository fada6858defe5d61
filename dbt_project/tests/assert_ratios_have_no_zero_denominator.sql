-- A row here is a ratio that is a number without anything to divide by, or infinite, or missing where it could be computed.
select monthly.month, monthly.kpi, monthly.channel_key, monthly.numerator, monthly.denominator, monthly.value
from {{ ref('mart_kpi_monthly') }} as monthly
inner join {{ ref('kpis') }} as kpis on monthly.kpi = kpis.kpi_key
where kpis.statistic = 'ratio'
    and (
        (coalesce(monthly.denominator, 0) = 0) <> (monthly.value is null)
        or abs(monthly.value - monthly.numerator / nullif(monthly.denominator, 0)) > 0.0000001 * greatest(1, abs(monthly.value))
    )
