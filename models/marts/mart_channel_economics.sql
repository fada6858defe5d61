{%- set roles = stage_roles() -%}
{#- column: measure. Cohort basis: what the leads created in the month became, against what was spent in it. -#}
{%- set measures = {
    'cost': 'cost', 'leads': 'leads', 'sql': 'cohort_' ~ roles.handoff, 'sal': 'cohort_' ~ roles.accepted, 'clients': 'cohort_clients',
    'revenue': 'cohort_revenue', 'net_income': 'cohort_net_income'} -%}

with daily as (

    select * from {{ ref('int_kpi_measures_daily') }}

),

months as (

    select * from {{ ref('int_kpi_windows') }} where window_kind = 'month'

),

channels as (

    select * from {{ ref('int_kpi_channels') }}

),

monthly as (

    select
        activity_month as month,
        channel_key
        {%- for column, measure in measures.items() %},
        sum(case when measure = '{{ measure }}' then amount else 0 end) as {{ column }}
        {%- endfor %}
    from daily
    group by activity_month, channel_key

),

channel_monthly as (
    {{ with_all_channels('monthly', ['month'], measures.keys() | list) }}
),

unknown as (

    select {% for measure in measures.values() %}
        max(case when measure = '{{ measure }}' then 1 end) as {{ measure }}_unknown{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_kpi_unknown_measures') }}

),

filled as (

    select
        months.month,
        channels.channel_key,
        months.is_partial
        {%- for column, measure in measures.items() %},
        case
            when unknown.{{ measure }}_unknown is null{% if measure == 'cost' %} and not coalesce(months.month < known_from.month, false){% endif %} then coalesce(channel_monthly.{{ column }}, 0)
        end as {{ column }}
        {%- endfor %}
    from months
    cross join channels
    cross join unknown
    left join {{ ref('int_kpi_known_from') }} as known_from on known_from.measure = 'cost'
    left join channel_monthly on months.month = channel_monthly.month and channels.channel_key = channel_monthly.channel_key

)

select
    month,
    channel_key,
    cast(cost as {{ amount_type() }}) as cost,
    cast(leads as bigint) as leads,
    cast(sql as bigint) as sql,
    cast(sal as bigint) as sal,
    cast(clients as bigint) as clients,
    cast(revenue as {{ amount_type() }}) as revenue,
    cast(net_income as {{ amount_type() }}) as net_income,
    {{ safe_divide('cost', 'leads') }} as cpl,
    {{ safe_divide('cost', 'sql') }} as cost_per_sql,
    {{ safe_divide('sal', 'sql') }} as sal_ratio,
    {{ safe_divide('cost', 'clients') }} as cac,
    {{ safe_divide('net_income - cost', 'cost') }} as romi,
    -- free channels have nothing to pay back
    case when cost > 0 then net_income >= cost end as paid_back,
    is_partial
from filled
