-- A row here is a channel whose economics say something else than the KPI of the same name.
with economics as (
    {% for kpi, column in {'leads': 'leads', 'cost': 'cost', 'cpl': 'cpl', 'cost_per_sql': 'cost_per_sql', 'sal_ratio_cohort': 'sal_ratio', 'cac': 'cac', 'romi': 'romi'}.items() %}
    select month, channel_key, '{{ kpi }}' as kpi, cast({{ column }} as double) as value from {{ ref('mart_channel_economics') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

)

select economics.*, monthly.value as monthly_value
from economics
left join {{ ref('mart_kpi_monthly') }} as monthly
    on economics.month = monthly.month and economics.channel_key = monthly.channel_key and economics.kpi = monthly.kpi
where (economics.value is null) <> (monthly.value is null)
    or abs(economics.value - monthly.value) > 0.000001 * greatest(1, abs(monthly.value))
